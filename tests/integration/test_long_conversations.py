"""A conversation that is longer than the window, with a real worker; and without one, in time all the
same."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping

import psutil
import pytest

from chat.context.asking import PATIENCE
from grump.local.parts import Installation, parts
from tests.fakes import write_catalogue
from tests.integration.own_valkey import OwnValkey
from tests.integration.processes import ROOT, Fleet, House, Web
from tests.integration.programs import a_key, a_session
from tests.integration.tab import Tab
from tests.lifeline import die_with_parent

WRITE = """
import django; django.setup()
import sys
from django.utils import timezone
from chat.gateway.counting import count_tokens
from chat.models import Conversation, Message
from grump.accounts.models import User
user = User.objects.get(username=sys.argv[1])
for code in sys.argv[3:]:
    conversation = Conversation.objects.create(owner=user, title="Long", updated_at=timezone.now())
    rows = []
    for number in range(int(sys.argv[2])):
        text = f"Paragraph {number} is about the weather in town {number % 17}. " * 6
        if number == 4:
            text = f"The door code of the cellar is {code}. " + text
        rows.append(
            Message(
                conversation=conversation, owner=user, parent=rows[-1] if rows else None,
                role="assistant" if number % 2 else "user", text=text, tokens=count_tokens(text),
            )
        )
    Message.objects.bulk_create(rows)
    Conversation.objects.filter(id=conversation.id).update(leaf_id=rows[-1].id)
    print(conversation.id)
"""
CODES = ("4711", "0815", "2342", "1", "2", "3", "5")
QUESTION = "What is the door code of the cellar?"
SHARED_MACHINE = 3.0  # seconds that a busy machine may add
MESSAGES = 200  # of some 90 tokens, for a window of 8,192


class Worker:
    """The worker of fits, as `make run` starts it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.log = house.var / "fitter.log"
        self.start()

    def start(self) -> None:
        url = self.house.environment["REDIS_URL"]
        installation = Installation(self.house.var, "127.0.0.1", 1, redis_url=url)
        part = next(part for part in parts(installation) if part.name == "fitter")
        self.log.unlink(missing_ok=True)
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                part.command,
                cwd=ROOT,
                env={**part.environment, **self.house.environment, "GRUMP_VAR": str(self.house.var)},
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
        deadline = time.monotonic() + 60
        while "ready." not in self.log.read_text():
            assert time.monotonic() < deadline
            assert self._process.poll() is None
            time.sleep(0.05)  # between two looks

    def signal(self, number: int) -> None:
        """To the worker and its child."""
        signal_all(self._process.pid, number)
        if number == signal.SIGKILL:
            self._process.wait()

    def close(self) -> None:
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGKILL)


class WorkerOfFleet:
    """The one that a fleet has already. Its supervisor starts it again."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet

    def start(self) -> None:
        self.fleet.until(lambda: self.fleet.children()["fitter"].state == "up", 60)

    def signal(self, number: int) -> None:
        pid = self.fleet.children()["fitter"].pid
        assert pid is not None
        signal_all(pid, number)

    def close(self) -> None:
        self.signal(signal.SIGCONT)


def signal_all(pid: int, number: int) -> None:
    process = psutil.Process(pid)
    for one in [*process.children(recursive=True), process]:
        os.kill(one.pid, number)


@pytest.fixture(scope="module")
def own_valkey(tmp_path_factory) -> Iterator[OwnValkey]:
    server = OwnValkey(tmp_path_factory.mktemp("valkey"))
    yield server
    server.kill()


@pytest.fixture(scope="module")
def house(own_valkey, provider, tmp_path_factory) -> Iterator[House]:
    var = tmp_path_factory.mktemp("house")
    told = {"REDIS_URL": own_valkey.url, "VALKEY_PROBE_SECONDS": "1"}
    house = House(var, write_catalogue(var / "catalogue.toml", provider.url), told)
    a_key(house, "ann")
    yield house
    house.close()


@pytest.fixture(scope="module")
def web(house) -> Web:
    return house.start("uvicorn")


@pytest.fixture(scope="module")
def ann(house) -> str:
    return a_session(house, "ann")


@pytest.fixture(scope="module")
def worker(house, web) -> Iterator[Worker | WorkerOfFleet]:
    """One for all: a test that stops or kills it sets it going again."""
    worker = WorkerOfFleet(web) if isinstance(web, Fleet) else Worker(house)
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def talks(house) -> Mapping[str, str]:
    """A long conversation for each code, which is said near its beginning."""
    made = house.run("-c", WRITE, "ann", str(MESSAGES), *CODES).split()[-len(CODES) :]
    return dict(zip(CODES, made, strict=True))


async def asked(tab: Tab, conversation: str, text: str = QUESTION) -> tuple[dict, float]:
    """The note in `chat.start`, and after how many seconds it came."""
    began = time.monotonic()
    accepted = await tab.ask(text, "mock/prompted", conversation_id=conversation)
    frames = await tab.hear_answer(accepted["generation_id"], 30)
    assert frames[-1]["type"] == "chat.done"
    waited = time.monotonic() - began
    return frames[0].get("context"), waited


def sent_with(provider, text: str) -> str:
    """The newest request whose question is `text`, as one text."""
    stream = next(one for one in reversed(provider.ledger.streams) if one.prompt == text)
    assert stream.request["messages"][-1]["content"] == text
    return "\n".join(message["content"] for message in stream.request["messages"])


async def test_the_worker_finds_what_the_question_needs_and_keeps_conversations_apart(
    web, ann, worker, talks, provider
):
    codes = ["4711", "0815", "2342"]
    conversations = [talks[code] for code in codes]
    questions = [f"{QUESTION} ({number})" for number in range(3)]
    async with Tab(web, ann) as tab:
        first, _ = await asked(tab, conversations[0], "Start up, please.")
        assert first["way"] in ("worker", "newest")  # its first task may find it still loading
        for _ in range(2):  # all at once, and all of it again for the next turn
            accepted = [
                await tab.ask(question, "mock/prompted", conversation_id=conversation)
                for question, conversation in zip(questions, conversations, strict=True)
            ]
            for one in accepted:
                frames = await tab.hear_answer(one["generation_id"], 30)
                assert frames[0]["context"]["way"] == "worker"
                assert frames[0]["context"]["out"] + frames[0]["context"]["parts"] > 0
    for question, code in zip(questions, codes, strict=True):
        sent = sent_with(provider, question)
        assert code in sent
        assert not any(other in sent for other in codes if other != code)


async def test_a_killed_worker_costs_a_turn_no_more_than_its_patience(web, ann, worker, talks):
    conversation = talks["1"]
    async with Tab(web, ann) as tab:
        await asked(tab, conversation, "Wake up, please.")
        worker.signal(signal.SIGSTOP)  # it has the task, and does not get on with it …
        asking = asyncio.create_task(asked(tab, conversation))
        await asyncio.sleep(0.3)  # the worker is killed while the turn waits
        worker.signal(signal.SIGKILL)
        note, waited = await asking
        assert note["way"] == "newest"
        assert note["out"] > 0
        assert waited < PATIENCE + SHARED_MACHINE
        # From now on nobody waits for it, until it answers again.
        note, waited = await asked(tab, conversation, "And now?")
        assert note["way"] == "newest"
        assert waited < SHARED_MACHINE
        worker.start()
        ways = []
        async with asyncio.timeout(40):
            while "worker" not in ways:
                note, _ = await asked(tab, conversation, f"Once more, {len(ways)}?")
                ways.append(note["way"])


async def test_a_full_queue_costs_a_turn_no_more_than_its_patience(web, ann, worker, talks):
    conversation = talks["2"]
    async with Tab(web, ann) as tab:
        await asked(tab, conversation, "Wake up, please.")
        worker.signal(signal.SIGSTOP)
        others = [talks["3"], talks["4711"]]
        accepted = [
            await tab.ask(f"Question {number}", "mock/prompted", conversation_id=others[number % 2])
            for number in range(20)
        ]
        note, waited = await asked(tab, conversation)
        assert note["way"] == "newest"
        assert waited < PATIENCE + SHARED_MACHINE
        for one in accepted:
            frames = await tab.hear_answer(one["generation_id"], 30)
            assert frames[-1]["type"] == "chat.done"
        worker.signal(signal.SIGCONT)


async def test_without_valkey_a_turn_starts_with_what_is_newest(web, ann, talks, own_valkey, provider):
    conversation = talks["5"]
    async with Tab(web, ann) as tab:
        own_valkey.kill()
        note, waited = await asked(tab, conversation, "Who needs a broker?")
        assert note["way"] == "newest"
        assert waited < PATIENCE + SHARED_MACHINE
        assert "Paragraph 199" in sent_with(provider, "Who needs a broker?")
    own_valkey.start()
