"""The whole database as one file that both databases can read: gzipped lines of JSON.

    {"format": "grump-backup", "version": 1, "migrations": […], "taken_at": …}
    {"model": "chat.conversation", "columns": ["id", "owner_id", …]}
    ["7f0c…", 12, …]                                                   a row a line
    {"end": 123456}                                                    rows in all

A file without its last line is not a backup. What can be made from the rest is left out: models with
`made_anew = True`.
"""

import gzip
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

FORMAT, VERSION = "grump-backup", 1
ROWS_AT_ONCE = 500


class BadBackup(Exception):
    """The file is none, is cut off, or belongs to other tables; the message says which."""


def kept_models() -> list[type[models.Model]]:
    """Every table of the product and its libraries, those that others refer to not necessarily first."""
    everything = apps.get_models(include_auto_created=True)
    return [one for one in everything if one._meta.managed and not getattr(one, "made_anew", False)]


def write(path: Path) -> int:
    """Write all rows as they are at one moment; nobody who writes has to wait. Returns how many."""
    rows = 0
    with _one_moment(), gzip.open(path, "wb", compresslevel=6) as file:
        head = {"format": FORMAT, "version": VERSION, "taken_at": timezone.now(), "migrations": _applied()}
        file.write(orjson.dumps(head) + b"\n")
        for model in kept_models():
            columns = [field.attname for field in model._meta.concrete_fields]
            file.write(orjson.dumps({"model": model._meta.label_lower, "columns": columns}) + b"\n")
            everything = model._base_manager.order_by().values_list(*columns)
            for row in everything.iterator(chunk_size=ROWS_AT_ONCE):
                file.write(orjson.dumps(row, default=_plain) + b"\n")
                rows += 1
        file.write(orjson.dumps({"end": rows}) + b"\n")
    return rows


def read(path: Path) -> int:
    """Put the file's rows in the place of all there are, in one transaction. Raises BadBackup."""
    lines = _lines(path)
    head = next(lines, None)
    if not isinstance(head, dict) or head.get("format") != FORMAT or head.get("version") != VERSION:
        raise BadBackup("This is no backup that this version can read.")
    if sorted(map(tuple, head["migrations"])) != sorted(map(tuple, _applied())):
        raise BadBackup("The backup's tables are those of another version: restore it with that one.")
    with transaction.atomic():
        # What migrations put in (plans, permissions). Rows come in any order: foreign keys, as Django makes
        # them, are looked at when the transaction ends.
        for model in reversed(kept_models()):
            model._base_manager.all()._raw_delete(using=connection.alias)
        rows = _load(lines)
    _go_on_counting()
    return rows


def _load(lines: Iterator[Any]) -> int:
    fields: list[Any] = []
    statement, rows, waiting = "", 0, list[list[Any]]()

    def send() -> None:
        if waiting:
            with connection.cursor() as cursor:
                cursor.executemany(statement, waiting)
            waiting.clear()

    for line in lines:
        if isinstance(line, list):
            values = zip(fields, line, strict=True)
            waiting.append(
                [field.get_db_prep_save(field.to_python(value), connection) for field, value in values]
            )
            rows += 1
            if len(waiting) == ROWS_AT_ONCE:
                send()
            continue
        send()
        if "end" in line:
            if line["end"] != rows:
                raise BadBackup(f"The backup names {line['end']} rows and has {rows}.")
            return rows
        statement, fields = _insert(line["model"], line["columns"])
    raise BadBackup("The backup is cut off: its last line is missing.")


def _insert(label: str, columns: list[str]) -> tuple[str, list[Any]]:
    model = apps.get_model(label)
    by_name = {field.attname: field for field in model._meta.concrete_fields}
    # A foreign key reads its value as the key it points to.
    fields = [by_name[name] for name in columns]
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table = quote(model._meta.db_table)
    return f"INSERT INTO {table} ({names}) VALUES ({places})", fields  # noqa: S608 - our models' names


def _lines(path: Path) -> Iterator[Any]:
    try:
        with gzip.open(path, "rb") as file:
            for line in file:
                yield orjson.loads(line)
    except (EOFError, gzip.BadGzipFile, orjson.JSONDecodeError):
        raise BadBackup("The backup is cut off or damaged.") from None


@contextmanager
def _one_moment() -> Iterator[None]:
    """Everything read inside is of one moment."""
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
        return
    # Not `atomic`, which would take SQLite's one write lock for all the time this takes.
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def _applied() -> list[list[str]]:
    return [list(one) for one in sorted(MigrationRecorder(connection).applied_migrations())]


def _plain(value: Any) -> Any:
    """What JSON has no word for. The models' fields read it back."""
    if isinstance(value, bytes | memoryview):
        return b64encode(value).decode()
    return str(value)


def _go_on_counting() -> None:
    """The next automatic number comes after the largest that was restored."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), kept_models()):
            cursor.execute(statement)
