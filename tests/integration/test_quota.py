"""A limit holds whatever comes at once, by whichever door and process; and nothing stays held."""

import asyncio
import uuid
from collections.abc import Iterator

import httpx
import pytest

from tests.fakes import write_catalogue
from tests.integration.processes import House, Web
from tests.integration.programs import a_key, a_session, books
from tests.integration.provider import ProviderThread
from tests.integration.tab import Tab

LIMIT, SENDS = 50, 200
REFUSED = {"quota_exceeded", "insufficient_quota"}
REAPED_WITHIN = 40.0  # seconds after a process was killed: its heartbeat is lost after 15


@pytest.fixture(scope="module")
def house(provider: ProviderThread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    var = tmp_path_factory.mktemp("quota")
    house = House(
        var, write_catalogue(var / "catalogue.toml", provider.url), {"MAX_FRAMES_PER_MINUTE": "100000"}
    )
    yield house
    house.close()


class Sends:
    """What became of sends: accepted, refused for the limit, or cut off with their process."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.accepted = self.refused = self.cut = 0
        self.full = asyncio.Event()  # the first was refused

    async def by_socket(self, tab: Tab, count: int) -> None:
        waiting = {uuid.uuid4().hex for _ in range(count)}
        try:
            for name in waiting.copy():
                await tab.say("chat.send", client_message_id=name, text=name, model=self.model)
            while waiting:
                frame = await tab.hear_until("chat.accepted", "chat.error", patience=30)
                if frame.get("client_message_id") in waiting:
                    waiting.discard(frame["client_message_id"])
                    self._count(frame.get("code", ""))
        except Exception:
            self.cut += len(waiting)

    async def by_api(self, client: httpx.AsyncClient, web: Web, key: str) -> None:
        body = {"model": self.model, "messages": [{"role": "user", "content": uuid.uuid4().hex}]}
        headers = {"Authorization": f"Bearer {key}"}
        try:
            answer = await client.post(f"{web.url}/v1/chat/completions", json=body, headers=headers)
        except httpx.TransportError:
            self.cut += 1
        else:
            self._count("" if answer.status_code == 200 else answer.json()["error"]["code"])

    def _count(self, code: str) -> None:
        assert not code or code in REFUSED, code
        self.accepted += not code
        if code:
            self.refused += 1
            self.full.set()

    async def all(self, webs: list[Web], key: str, session: str) -> None:
        """A quarter by each door of each of two processes."""
        async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=SENDS)) as client:
            tabs = [Tab(web, session) for web in webs]
            for tab in tabs:
                await tab.open()
            part = SENDS // 2 // len(webs)
            await asyncio.gather(
                *(self.by_socket(tab, part) for tab in tabs),
                *(self.by_api(client, web, key) for web in webs for _ in range(part)),
            )
            for tab in tabs:
                await tab.socket.close()


def a_customer(house: House) -> tuple[str, str, str]:
    """Name, key and session of somebody whose plan has LIMIT requests a day."""
    name = uuid.uuid4().hex
    return name, a_key(house, name, requests_per_day=LIMIT), a_session(house, name)


async def settled(house: House, name: str, within: float) -> dict[str, int]:
    """The books once nothing is under way."""
    async with asyncio.timeout(within):
        while (found := await asyncio.to_thread(books, house, name))["holds"]:
            pass  # each look takes the half second of a Python that starts
    return found


async def test_of_two_hundred_by_two_doors_of_two_processes_exactly_fifty_are_accepted(house):
    webs = [house.start("daphne"), house.start("uvicorn")]
    name, key, session = a_customer(house)
    sends = Sends("mock/fast")
    await sends.all(webs, key, session)
    assert (sends.accepted, sends.refused, sends.cut) == (LIMIT, SENDS - LIMIT, 0)
    found = await settled(house, name, 20)
    assert found == {"requests": LIMIT, "running": 0, "held_tokens": 0, "holds": 0, "settled": LIMIT}
    assert "equals the ledger" in house.manage("rebuild_usage", "--check")


async def test_with_a_process_killed_in_the_middle_no_more_are_accepted_and_nothing_stays_held(house):
    victim, survivor = house.start("daphne"), house.start("uvicorn")
    name, key, session = a_customer(house)
    sends = Sends("mock/paced-50")
    sending = asyncio.create_task(sends.all([victim, survivor], key, session))
    async with asyncio.timeout(30):
        await sends.full.wait()  # answers of six seconds are being written
    await asyncio.to_thread(victim.kill)
    await sending
    assert sends.accepted <= LIMIT
    assert sends.accepted + sends.refused + sends.cut == SENDS

    # Answers of conversations are ended by the reaper. The victim's calls of the API expire; not in half an
    # hour, as they would, but when they are told to.
    found = await expired(house, name)
    assert found["requests"] == found.get("settled", 0) <= LIMIT
    assert (found["running"], found["held_tokens"]) == (0, 0)
    assert "equals the ledger" in house.manage("rebuild_usage", "--check")

    # What was given back can be asked for again, and not more.
    again = Sends("mock/fast")
    await again.all([survivor, house.start("daphne")], key, session)
    assert again.accepted == LIMIT - found["requests"]
    final = await settled(house, name, 20)
    assert final["requests"] == LIMIT


EXPIRE = """
import django; django.setup()
from datetime import timedelta
from chat.models import Generation
from usage import quota
if not Generation.objects.filter(state="running").exists():
    quota.expire(lasts=timedelta(0))
"""


async def expired(house: House, name: str) -> dict[str, int]:
    async with asyncio.timeout(REAPED_WITHIN):
        while True:
            await asyncio.to_thread(house.run, "-c", EXPIRE)
            if not (found := await asyncio.to_thread(books, house, name))["holds"]:
                return found
