"""What a server process promises to everybody who connects to it."""

import asyncio
import urllib.request
from itertools import pairwise
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from chat.protocol import MAX_FRAME
from tests.fakes import SCENARIOS
from tests.integration.tab import Tab, a_guest, text_of

ANSWER = SCENARIOS["fast"].text


async def test_it_answers_a_guest_who_has_only_loaded_the_page(web):
    async with Tab(web, a_guest(web)) as tab:
        accepted = await tab.ask("Hello", "mock/fast")
        frames = await tab.hear_answer(accepted["generation_id"])
    assert text_of(frames) == ANSWER
    assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
    assert frames[-1]["type"] == "chat.done"


async def test_a_megabyte_is_too_long_and_the_socket_lives_on(web, guest):
    async with Tab(web, guest) as tab:
        await tab.socket.send("x" * 1024 * 1024)
        assert (await tab.hear_until("chat.error"))["code"] == "too_long"
        await tab.say("ping", id=1)
        assert (await tab.hear_until("pong"))["id"] == 1


async def test_a_text_that_is_too_long_is_named_by_its_own_id(web, guest):
    async with Tab(web, guest) as tab:
        await tab.say("chat.send", client_message_id="big", text="x" * (MAX_FRAME - 1000))
        refused = await tab.hear_until("chat.error")
        assert (refused["code"], refused["client_message_id"]) == ("too_long", "big")
        accepted = await tab.ask("shorter")
        await tab.hear_answer(accepted["generation_id"])


@pytest.mark.parametrize("raw", ["{", "[]", '"hello"', '{"type": "nonsense"}', '{"type": "chat.send"}', "\0"])
async def test_nonsense_is_answered_and_the_socket_lives_on(web, guest, raw):
    async with Tab(web, guest) as tab:
        await tab.socket.send(raw)
        assert (await tab.hear_until("chat.error"))["code"] == "bad_frame"
        await tab.say("ping", id=2)
        await tab.hear_until("pong")


async def test_bytes_are_answered_and_the_socket_lives_on(web, guest):
    async with Tab(web, guest) as tab:
        await tab.socket.send(b"\xff\xfe\x00")
        assert (await tab.hear_until("chat.error"))["code"] == "bad_frame"
        await tab.say("ping", id=3)
        await tab.hear_until("pong")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1:9",  # another program of this machine: its pages have the same cookies
        "http://127.0.0.1",
        "http://localhost",
        "null",
        "file://",
    ],
)
async def test_a_page_of_another_origin_gets_no_socket(web, guest, origin):
    with pytest.raises(InvalidStatus) as refused:
        await Tab(web, guest, origin=origin).open()
    assert refused.value.response.status_code == 403


async def test_a_stranger_without_a_session_is_told_to_load_the_page(web):
    tab = Tab(web, "sessionid=nonsense")
    await tab.open()
    await tab.socket.wait_closed()
    assert tab.socket.close_code == 4401


def test_the_metrics_are_for_this_machine_and_not_for_who_comes_through_a_proxy(web):
    assert web.get("/metrics").status == 200
    assert web.get("/metrics", **{"X-Forwarded-For": "203.0.113.9"}).status == 404
    assert web.get("/metrics", Forwarded="for=203.0.113.9").status == 404


def test_an_unknown_host_is_refused(web):
    assert web.get("/", Host="evil.example").status == 400


def test_the_server_does_not_name_itself(web):
    headers = web.get("/").headers
    assert "server" not in {name.lower() for name in headers} or not headers["Server"]
    assert "script-src 'self'" in headers["Content-Security-Policy"]


def test_it_is_ready_and_says_so(web):
    response = web.get("/api/health/ready")
    assert response.status == 200


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
async def test_sigterm_ends_the_process_promptly_though_an_answer_is_under_way(house, guest, server):
    web = house.start(server)
    async with Tab(web, guest) as tab:
        accepted = await tab.ask("Tell me much", "mock/paced-50-long")
        await tab.hear_texts(accepted["generation_id"], 2)
        assert web.terminate() < web.ends_within
    assert "Traceback" not in web.last_words()


def closed_as_slow(web) -> float:
    with urllib.request.urlopen(f"{web.url}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    found = [line for line in lines if line.startswith('grump_sockets_closed_total{reason="slow"}')]
    return float(found[0].split()[1]) if found else 0.0


async def test_a_reader_that_does_not_read_is_let_go_and_can_have_it_all_later(web, guest):
    async with Tab(web, guest) as tab:
        accepted = await tab.ask("Much", "mock/flood")
        whole = text_of(await tab.hear_answer(accepted["generation_id"], 30))
    before = await asyncio.to_thread(closed_as_slow, web)
    slow = Tab(web, guest)
    await slow.open(unread=1)
    for _ in range(120):  # replays of 200 KB: what the kernel's buffers hold is far less than all of them
        await slow.say("chat.resume", generation_id=accepted["generation_id"], after=0)
    async with asyncio.timeout(30):
        while await asyncio.to_thread(closed_as_slow, web) == before:  # noqa: ASYNC110 - another process's state
            await asyncio.sleep(0.05)
    slow.socket.transport.abort()
    async with Tab(web, guest) as tab:
        await tab.say("chat.resume", generation_id=accepted["generation_id"], after=0)
        assert text_of(await tab.hear_answer(accepted["generation_id"], 30)) == whole


async def test_its_threads_share_one_heap(web, guest):
    async with Tab(web, guest) as tab:
        accepted = await tab.ask("Hello", "mock/fast")  # whose rows are written by threads
        await tab.hear_answer(accepted["generation_id"])
    assert web.serving
    assert [heaps_of_threads(pid) for pid in web.serving] == [[] for _ in web.serving]


def heaps_of_threads(pid: int) -> list[int]:
    """Where they begin. For each glibc keeps 64 MiB of addresses, aligned to as much: some that are in use,
    the others behind."""
    whole = 64 * 1024 * 1024
    lines = [line.split() for line in Path(f"/proc/{pid}/maps").read_text().splitlines()]
    regions = [(*(int(end, 16) for end in one[0].split("-")), one[1], len(one) > 5) for one in lines]
    return [
        start
        for (start, end, rights, named), (behind, last, more, _) in pairwise(regions)
        if (start % whole, last - start, rights, more, named) == (0, whole, "rw-p", "---p", False)
        and end == behind
    ]
