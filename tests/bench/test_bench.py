"""The instruments themselves: a benchmark that counts wrongly is worse than none."""

import math
import struct

import orjson
import pytest

from tests.bench import report
from tests.bench.load import Load, prompt
from tests.bench.measures import quantile
from tests.bench.sse import SseConnection
from tests.bench.variants import Direct
from tests.bench.watch import Failed, Watch
from tests.bench.websocket import WebSocketConnection, masked
from tests.fakes import SCENARIOS
from tests.fakes.words import WIDTH


def unmasked(payload: bytes) -> bytes:
    """A server's text frame."""
    size = len(payload)
    return b"\x81" + (bytes([size]) if size < 126 else b"\x7e" + struct.pack("!H", size)) + payload


def delta(characters: int) -> bytes:
    return unmasked(orjson.dumps({"type": "chat.delta", "text": "x" * characters}))


class Silence:
    """A transport that takes everything."""

    def write(self, data: bytes) -> None: ...


@pytest.fixture
async def socket() -> WebSocketConnection:
    connection = WebSocketConnection()
    connection.connection_made(Silence())  # type: ignore[arg-type]
    connection.data_received(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    return connection


@pytest.mark.parametrize("model", ["fast", "long", "flood", "prompted"])
async def test_the_direct_client_counts_every_token(fake_provider, model):
    connection = await SseConnection.open(fake_provider.port)
    for _ in range(2):  # the second on the kept connection
        watch = connection.ask(model, "")
        await watch.ended
        assert watch.tokens == SCENARIOS[model].usage.completion_tokens
    await connection.close()


async def test_the_direct_client_reports_a_refusal(fake_provider):
    connection = await SseConnection.open(fake_provider.port)
    with pytest.raises(Failed, match="503"):
        await connection.ask("fails-then-works", "").ended
    await connection.close()


async def test_the_socket_client_counts_tokens_however_the_bytes_are_cut(socket):
    stream = delta(WIDTH) + delta(3 * WIDTH) + delta(40 * WIDTH) + unmasked(b'{"type":"chat.done"}')
    watch = socket.ask("any", "a question")
    for byte in stream:
        socket.data_received(bytes([byte]))
    await watch.ended
    assert [(before, after) for _, before, after in watch.frames] == [(0, 1), (1, 4), (4, 44)]


async def test_the_socket_client_counts_several_frames_of_one_read(socket):
    watch = socket.ask("any", "a question")
    socket.data_received(delta(WIDTH) * 5)
    assert watch.tokens == 5
    assert not watch.ended.done()


async def test_an_error_frame_fails_the_watch(socket):
    watch = socket.ask("any", "a question")
    socket.data_received(unmasked(b'{"type":"chat.error","code":"overloaded","message":"Full."}'))
    with pytest.raises(Failed, match="overloaded"):
        await watch.ended


def test_a_long_client_frame_has_a_long_length():
    assert masked(1, b"x" * 200)[:4] == b"\x81\xfe\x00\xc8"


async def test_lateness_is_measured_against_the_schedule_and_not_by_gaps():
    """Every frame half a second behind: the gaps are perfect, the lateness is not."""
    watch = Watch("a question", sent=100.0)
    watch.frames = [(100.5 + number / 50, number, number + 1) for number in range(50)]
    assert watch.lateness_ms(100.0, 50, since=0, until=200) == pytest.approx([500.0] * 50)


async def test_a_frame_is_as_late_as_its_oldest_token():
    watch = Watch("a question", sent=0.0)
    watch.frames = [(1.0, 45, 50)]
    assert watch.lateness_ms(0.0, 50, since=0, until=2) == pytest.approx([100.0])


async def test_lateness_counts_the_window_alone():
    watch = Watch("a question", sent=0.0)
    watch.frames = [(1.0, 0, 1), (2.0, 1, 2), (3.0, 2, 3)]
    assert len(watch.lateness_ms(0.0, 50, since=1.5, until=3.0)) == 1


async def test_streams_are_kept_running_until_the_work_is_done(fake_provider):
    direct = Direct()
    direct.port = fake_provider.port
    load = Load(direct)

    async def work() -> None:
        await fake_provider.ledger.until(lambda ledger: ledger.requests >= 9)

    watches = await load.kept_running("fast", 3, spread=0.03, work=work)
    assert len(watches) >= 9
    await fake_provider.ledger.until(lambda ledger: ledger.connections_open == 0)


def test_no_prompt_is_asked_twice():
    assert len({prompt() for _ in range(100)}) == 100


def test_quantiles():
    assert quantile([float(n) for n in range(100)], 0.95) == 95
    assert math.isnan(quantile([], 0.5))


def test_medians_pass_over_what_is_unknown():
    assert report.medians([{"a": 1.0}, {"a": math.nan}, {"a": 3.0}]) == {"a": 2.0}


def test_the_first_token_table_shows_what_is_added():
    level = {"50/p50": 2.0, "50/p95": 3.0, "50/p99": 4.0, "50/delivered": 1.0}
    direct = {"50/p50": 0.5, "50/p95": 0.5, "50/p99": 0.5, "50/delivered": 1.0}
    table = report.first_token({"direct": [direct], "grump": [level | {"50/delivered": 0.9}]})
    assert "| grump | 1.50/2.50/3.50 (90% delivered) | – |" in table
    assert "| direct | (0.50/0.50/0.50 itself) | – |" in table
