"""Backup and restore: each database's own way, or one file that both can read (portable.py)."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from psycopg import conninfo, pq

from grump.operations import portable
from grump.operations.portable import BadBackup


class NotEmpty(Exception):
    """There are people in the database: it is not one to restore into."""


class ToolFailed(Exception):
    """pg_dump or pg_restore is missing, or said no; the message is what it said."""


def back_up(path: Path, *, is_portable: bool = False) -> str:
    """Write the database, as it is at one moment, to `path`, readable by its owner alone; other processes go
    on writing meanwhile. A file that is there under this name is whole. Returns how it was done."""
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        how = _write(partial, is_portable)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return how


def _write(path: Path, is_portable: bool) -> str:
    if not is_portable and connection.vendor == "sqlite":
        connection.ensure_connection()
        with closing(sqlite3.connect(path)) as copy:
            connection.connection.backup(copy, pages=1000)
        return "a copy of the SQLite database"
    if not is_portable and shutil.which("pg_dump"):
        try:
            _postgres("pg_dump", "--format=custom", f"--file={path}")
        except ToolFailed as error:
            if "server version mismatch" not in str(error):
                raise
        else:
            return "by pg_dump"
    return f"{portable.write(path)} rows, portable"


def restore(path: Path) -> str:
    """Fill an empty database from a file that `back_up` wrote. Raises NotEmpty, BadBackup, ToolFailed."""
    with path.open("rb") as file:
        beginning = file.read(16)
    if beginning.startswith(b"SQLite format 3"):
        return _restore_sqlite(path)
    if beginning.startswith(b"PGDMP"):
        if connection.vendor != "postgresql":
            raise BadBackup("This file is pg_dump's. Only a portable one moves to another kind of database.")
        if connection.introspection.table_names():
            raise NotEmpty("pg_restore wants a database without any table.")
        _postgres("pg_restore", "--no-owner", "--single-transaction", "--exit-on-error", str(path))
        return "by pg_restore"
    call_command("migrate", verbosity=0)
    _must_be_empty()
    return f"{portable.read(path)} rows, portable"


def _restore_sqlite(path: Path) -> str:
    if connection.vendor != "sqlite":
        raise BadBackup("This file is SQLite's. Only a portable one moves to another kind of database.")
    _must_be_empty()
    connection.ensure_connection()
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as kept:
        if kept.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise BadBackup("The copy is damaged.")
        kept.backup(connection.connection)
    connection.close()  # what it knew of the tables before is no longer so
    call_command("migrate", verbosity=0)  # an older version's backup becomes this one's
    return "the copy of the SQLite database"


def _must_be_empty() -> None:
    people = get_user_model()
    if people._meta.db_table in connection.introspection.table_names() and people._base_manager.exists():
        raise NotEmpty("There are people in this database. Restore into an empty one.")


def _postgres(tool: str, *arguments: str) -> None:
    """The password goes by the environment: a command line is for all to see."""
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    given = connection.get_connection_params()
    server = {name: value for name, value in given.items() if name in known and value}
    password = server.pop("password", "")
    command = [tool, *arguments, "--dbname", conninfo.make_conninfo(**server)]
    environment = {**os.environ, "PGPASSWORD": password} if password else None
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ToolFailed(f"{tool} is not installed here.") from None
    if done.returncode:
        raise ToolFailed(f"{tool}: {done.stderr.strip()[-500:]}")
