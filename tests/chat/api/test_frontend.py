"""Browser timings come in through a door that answers everybody alike."""

import json
import random
from datetime import timedelta

import pytest
from django.utils import timezone
from prometheus_client import REGISTRY, generate_latest

from chat.api import frontend
from chat.totals import add_up_all
from figures.browser import forget_old, timings_between
from figures.cells import ALL
from figures.models import Timing
from figures.timings import token_for
from grump.lib.pace import Pace

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("mock")]

DOOR = "/api/metrics/frontend"
OURS = "http://testserver"


@pytest.fixture(autouse=True)
def fresh_pace(monkeypatch):
    monkeypatch.setattr(frontend, "_of_address", Pace(60, 60.0, clock=lambda: 0.0))
    monkeypatch.setattr(frontend, "_of_all", Pace(3_000, 60.0))


@pytest.fixture
def send(async_client):
    async def post(body, origin=OURS, **headers):
        content = body if isinstance(body, bytes | str) else json.dumps(body)
        return await async_client.post(
            DOOR, content, content_type="application/json", headers={"Origin": origin} | headers
        )

    return post


def a_batch(*timings, token=None, device="desktop"):
    return {"page": token or token_for("chat", "r1", "batch:25"), "device": device, "timings": list(timings)}


async def stored() -> list[tuple]:
    return [row async for row in Timing.objects.order_by("key").values_list("key", "value")]


def dropped(reason: str) -> float:
    return REGISTRY.get_sample_value("grump_browser_timings_dropped_total", {"reason": reason}) or 0


async def test_what_makes_sense_is_kept_once_however_often_it_is_sent(send):
    token = token_for("chat", "r1", "")
    for shift in (0.01, 0.03, 0.03):
        answer = await send(a_batch(["CLS", 0, shift], ["LCP", 0, 900], token=token))
        assert (answer.status_code, answer.content) == (204, b"")
    assert await stored() == [("CLS.0", 0.03), ("LCP.0", 900.0)]


async def test_another_origin_gets_nothing_in_and_the_same_answer(send):
    before = dropped("origin")
    for origin in ("https://evil.example", "null", "", "https://testserver", "http://testserver.evil"):
        assert (await send(a_batch(["LCP", 0, 900]), origin)).status_code == 204
    assert await stored() == []
    assert dropped("origin") == before + 5


async def test_one_address_has_a_pace(send):
    for number in range(70):
        assert (await send(a_batch(["LCP", 0, number]))).status_code == 204
    assert len(await stored()) == 60


async def test_five_hundred_posts_of_nonsense_store_nothing_wrong(send, monkeypatch):
    monkeypatch.setattr(frontend, "_of_address", Pace(10_000, 60.0))
    dice = random.Random(8)
    good = a_batch(["LCP", 0, 900])
    spoilt = [
        lambda: bytes(dice.randrange(256) for _ in range(200)),
        lambda: json.dumps(good)[: dice.randrange(1, 100)],
        lambda: b"[" * 10_000,
        lambda: b'{"timings": "' + b"x" * 300_000 + b'"}',
        lambda: {**good, "page": good["page"][:-1] + dice.choice("-_9") + "x"},
        lambda: {**good, "device": dice.choice([None, 7, "x" * 1000, {"a": 1}])},
        lambda: a_batch(*[["LCP", 0, 1]] * 61),
        lambda: a_batch(["LCP", 0, dice.choice([-1, 1e9, "1", None, [], {}, True])]),
        lambda: a_batch([dice.choice(["<script>", "lcp", "ann@example.org", "", "L" * 999]), 0, 1]),
        lambda: a_batch(["SEND_TO_PAINT", 10**30, 1], ["SEND_TO_PAINT", 0, 1, "nobody's"]),
    ]
    for number in range(500):
        assert (await send(spoilt[number % len(spoilt)]())).status_code == 204
    assert await stored() == []
    for _ in range(100):
        await send(good)  # replayed
    assert await stored() == [("LCP.0", 900.0)]


async def test_timings_are_added_up_by_page_device_release_and_variant(send):
    await send(a_batch(["LCP", 0, 900], ["FCP", 0, 500]))
    await send(a_batch(["LCP", 0, 1800], device="phone"))
    now = timezone.now()
    cells = await _cells(now)
    assert cells[ALL].sketches["LCP"].count == 2
    assert cells["device", "phone"].sketches["LCP"].quantile(0.5) == pytest.approx(1800, rel=0.02)
    assert cells["variant", "batch:25"].sketches["FCP"].count == 1
    assert cells["release", "r1"].sketches["LCP"].count == 2


async def test_prometheus_is_told_the_75th_percentile(send):
    from asgiref.sync import sync_to_async

    await send(a_batch(["LCP", 0, 900], device="phone"))
    await sync_to_async(add_up_all)()
    told = (await sync_to_async(generate_latest)()).decode()
    line = next(one for one in told.splitlines() if one.startswith("grump_web_vital{"))
    assert 'device="phone"' in line
    assert 'name="LCP"' in line
    assert 'route="chat"' in line
    assert float(line.rsplit(" ", 1)[1]) == pytest.approx(900, rel=0.02)


async def test_rows_are_forgotten_once_no_replay_can_come(send):
    from asgiref.sync import sync_to_async

    await send(a_batch(["LCP", 0, 900]))
    assert await sync_to_async(forget_old)(timezone.now() + timedelta(hours=47)) == 0
    assert await sync_to_async(forget_old)(timezone.now() + timedelta(hours=49)) == 1


async def _cells(now):
    from asgiref.sync import sync_to_async

    return await sync_to_async(timings_between)(now - timedelta(minutes=5), now + timedelta(minutes=5))
