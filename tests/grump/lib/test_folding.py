"""The log of writes does not wait for a turn to be folded into the file."""

import sqlite3
from pathlib import Path

from grump.lib import folding


class FileOfSqlite:
    """Stands for Django's connection."""

    vendor = "sqlite"

    def __init__(self, path: Path) -> None:
        self._lite = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._lite.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE said (it)"
        )
        self.closed = 0

    def say(self, text: str) -> None:
        self._lite.execute("INSERT INTO said VALUES (?)", [text])

    def cursor(self) -> "FileOfSqlite":
        return self

    def __enter__(self) -> sqlite3.Cursor:
        return self._lite.cursor()

    def __exit__(self, *_: object) -> None: ...

    def close(self) -> None:
        self.closed += 1


async def test_what_was_written_is_in_the_file_afterwards_and_the_connection_is_let_go(tmp_path, monkeypatch):
    path = tmp_path / "file.sqlite3"
    connection = FileOfSqlite(path)
    monkeypatch.setattr(folding, "connection", connection)
    connection.say("hello")
    assert b"hello" not in path.read_bytes()
    await folding.fold()
    assert b"hello" in path.read_bytes()
    assert connection.closed == 1


async def test_another_database_is_left_alone(monkeypatch):
    class Postgres:
        vendor = "postgresql"

    monkeypatch.setattr(folding, "connection", Postgres())
    await folding.fold()
