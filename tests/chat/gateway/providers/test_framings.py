"""Frames out of bytes: server-sent events, lines of JSON, Amazon's binary messages."""

import struct
from zlib import crc32

import pytest

from chat.gateway.providers.eventstream import EventStreamFraming
from chat.gateway.providers.ndjson import NdjsonFraming
from chat.gateway.providers.sse import SseFraming
from tests.chat.gateway.providers.streams import message


@pytest.mark.parametrize(
    ("written", "frames"),
    [
        (b"data: a\n\n", [("", b"a")]),
        (b"data:a\n\n", [("", b"a")]),
        (b"data:  a\n\n", [("", b" a")]),
        (b"data: a\r\n\r\n", [("", b"a")]),
        (b"data: a\r\rdata: b\r\r", [("", b"a"), ("", b"b")]),
        (b"data: a\ndata: b\n\n", [("", b"a\nb")]),
        (b"data: a\rdata: b\n\n", [("", b"a\nb")]),
        (b"event: ping\ndata: a\n\ndata: b\n\n", [("ping", b"a"), ("", b"b")]),
        (b"event: lost\n\ndata: b\n\n", [("", b"b")]),
        (b": comment\n\n:\n\n", []),
        (b"id: 1\nretry: 5\nnonsense\n\n", []),
        (b"\xef\xbb\xbfdata: a\n\n", [("", b"a")]),
        (b"data: a", []),
        (b"data: a\n", []),
    ],
)
def test_server_sent_events(written: bytes, frames: list) -> None:
    assert SseFraming().feed(written) == frames


def test_the_two_bytes_of_one_line_end_may_come_apart() -> None:
    framing = SseFraming()
    assert framing.feed(b"data: a\r") == []
    assert framing.feed(b"\ndata: b\r") == []
    assert framing.feed(b"\n\r") == [("", b"a\nb")]
    assert framing.feed(b"\n") == []


def test_an_event_without_its_blank_line_is_given_at_the_end() -> None:
    framing = SseFraming()
    framing.feed(b"event: e\ndata: a\ndata: b")
    assert framing.end() == [("e", b"a\nb")]


def test_an_event_has_a_bound_however_it_is_cut() -> None:
    written = b"data: 1234\n\ndata: " + b"x" * 30 + b"\n\n"
    for cut in range(len(written)):
        framing = SseFraming(limit=20)
        assert framing.feed(written[:cut]) + framing.feed(written[cut:]) == [("", b"1234")]
        assert framing.broken
        assert framing.feed(b"data: a\n\n") == framing.end() == []


def test_many_small_data_lines_are_bounded_too() -> None:
    framing = SseFraming(limit=100)
    for _ in range(20):
        framing.feed(b"data: 1234\n")
    assert framing.broken


def test_keep_alives_are_not_added_up() -> None:
    framing = SseFraming(limit=100)
    for _ in range(100):
        framing.feed(b": ping\n")
    assert framing.feed(b"data: a\n\n") == [("", b"a")]


def test_lines_of_json() -> None:
    framing = NdjsonFraming()
    assert framing.feed(b'{"a":') == []
    assert framing.feed(b'1}\r\n{"b":2}\n{"c"') == [("", b'{"a":1}'), ("", b'{"b":2}')]
    assert framing.feed(b":3}") == []
    assert framing.end() == [("", b'{"c":3}')]


def test_a_line_has_a_bound() -> None:
    framing = NdjsonFraming(limit=10)
    assert framing.feed(b"{}\n" + b"x" * 11) == [("", b"{}")]
    assert framing.broken


def test_lines_that_came_in_pieces_are_not_added_up() -> None:
    framing = NdjsonFraming(limit=10)
    for _ in range(5):
        assert framing.feed(b'{"a"') == []
        assert framing.feed(b":1}\n") == [("", b'{"a":1}')]
    assert not framing.broken


def test_binary_messages() -> None:
    written = message(b"{}", event_type="a", message_type="event") + message(b"", event_type="b")
    assert EventStreamFraming().feed(written) == [("a", b"{}"), ("b", b"{}")]


def test_exceptions_and_errors_have_their_own_names() -> None:
    framing = EventStreamFraming()
    assert framing.feed(message(b"{}", message_type="exception", exception_type="x")) == [("x", b"{}")]
    failed = message(b"", message_type="error", error_code="internal", error_message="m")
    assert framing.feed(failed) == [("internal", b'{"message":"m"}')]


def test_headers_that_are_no_strings_are_stepped_over() -> None:
    values = [b"\x00", b"\x01", b"\x02a", b"\x03ab", b"\x04abcd", b"\x05" + bytes(8), b"\x06\x00\x02ab"]
    values += [b"\x08" + bytes(8), b"\x09" + bytes(16), b"\x07\x00\x01e"]
    block = b"".join(b"\x01h" + value for value in values[:-1]) + b"\x0b:event-type" + values[-1]
    prelude = struct.pack(">II", 16 + len(block) + 2, len(block))
    begun = prelude + struct.pack(">I", crc32(prelude)) + block + b"{}"
    assert EventStreamFraming().feed(begun + struct.pack(">I", crc32(begun))) == [("e", b"{}")]


def test_one_wrong_bit_anywhere_is_noticed() -> None:
    written = message(b'{"text":"a"}', event_type="a")
    for at in range(len(written)):
        spoilt = bytearray(written)
        spoilt[at] ^= 1
        framing = EventStreamFraming()
        assert framing.feed(bytes(spoilt)) == [], f"byte {at}"
        assert framing.broken, f"byte {at}"


def test_an_impossible_length_is_refused_before_it_is_waited_for() -> None:
    framing = EventStreamFraming(limit=50)
    framing.feed(message(b"x" * 100, event_type="a")[:12])
    assert framing.broken
