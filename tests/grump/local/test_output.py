import asyncio
import re

import pytest

from grump.local import output
from grump.local.output import Output, loud


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("2026-01-01 00:00:00,000 INFO grump: hello", False),
        ("2026-01-01 00:00:00,000 WARNING grump: look", True),
        ("[2026-01-01 00:00:00,000: ERROR/MainProcess] consumer: Cannot connect", True),
        ("Traceback (most recent call last):", True),
        ('127.0.0.1:1234 - - [01/Jan/2026:00:00:00] "GET /" 200 12', False),
        ("12:M 01 Jan 2026 00:00:00.000 * Ready to accept connections unix", False),
        ("12:M 01 Jan 2026 00:00:00.000 # Valkey is now ready to exit, bye bye...", False),
        ("12:M 01 Jan 2026 00:00:00.000 # Fatal error, can't open config file", True),
    ],
)
def test_the_terminal_sees_warnings_and_errors(line, seen):
    assert loud(line, before=False) is seen


def test_a_line_without_a_level_goes_with_the_one_before():
    assert loud('  File "x.py", line 1', before=True)
    assert not loud("just a word", before=False)
    assert not loud('127.0.0.1:1234 - - [01/Jan/2026:00:00:00] "GET /" 500 12', before=True)


async def drained(content: bytes, folder, said) -> Output:
    stream = asyncio.StreamReader(limit=64)
    stream.feed_data(content)
    stream.feed_eof()
    found = Output("web", folder, said.append)
    await found.take_all(stream, re.compile("$^"), asyncio.Event())
    found.close()
    return found


async def test_the_log_has_every_line_and_the_terminal_the_loud_ones(tmp_path):
    said = []
    await drained(b"INFO quiet\nERROR loud\nno newline at the end", tmp_path, said)
    assert (tmp_path / "web.log").read_text().splitlines() == [
        "INFO quiet",
        "ERROR loud",
        "no newline at the end",
    ]
    assert said == ["web        | ERROR loud", "web        | no newline at the end"]


async def test_a_line_longer_than_the_buffer_is_kept_whole_or_in_pieces(tmp_path):
    await drained(b"x" * 1000 + b"\nafter\n", tmp_path, [])
    text = (tmp_path / "web.log").read_text()
    assert text.replace("\n", "").count("x") == 1000
    assert text.endswith("after\n")


async def test_bytes_that_are_not_utf_8_do_no_harm(tmp_path):
    await drained(b"\xff\xfe ERROR odd\n", tmp_path, [])
    assert "odd" in (tmp_path / "web.log").read_text()


async def test_the_log_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(output, "LOG_BYTES", 1000)
    await drained(b"a line of words\n" * 500, tmp_path, [])
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["web.log", "web.log.1"]
    assert all(path.stat().st_size <= 1000 for path in tmp_path.iterdir())
