"""Statements for what every message writes and reads, a row or a few of them.

The ORM builds a statement anew each time, which takes ten times as long as running it: 0.4 ms a row on the
way to the first word. Here its text is made once a model, and rows are told and read as plain values: a row
object touches so much else (fields, descriptors, converters) that it costs more than its statement, when the
processor's caches hold other things. Values still go through the model's own fields, except where it is known
what a field would make of them.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from operator import attrgetter
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

M = TypeVar("M", bound=models.Model)
Field: TypeAlias = "models.Field[Any, Any]"

# Fields that hand a value of this class to the driver untouched; asking each one takes longer than writing
# the row. Subclasses may do otherwise, so that the class itself is looked up.
_AS_IT_IS: dict[type[Field], type] = {
    models.CharField: str,
    models.TextField: str,
    models.IntegerField: int,
    models.BigIntegerField: int,
    models.PositiveIntegerField: int,
    models.PositiveBigIntegerField: int,
    models.SmallIntegerField: int,
    models.PositiveSmallIntegerField: int,
    models.AutoField: int,
    models.BigAutoField: int,
    models.BooleanField: bool,
}


# Defaults that are called, and yet always give what is written in the same way.
_ALWAYS_THE_SAME = (models.NOT_PROVIDED, dict, list)


class _Place:
    """Where one field's value goes, and what is made of it."""

    __slots__ = ("_convert", "_field", "_plain", "name")

    def __init__(self, field: Field, database: BaseDatabaseWrapper) -> None:
        self._field, self.name = field, field.attname
        pointed_at = field.target_field if isinstance(field, models.ForeignKey) else field
        self._plain = _AS_IT_IS.get(pointed_at.__class__)
        self._convert: Callable[[Any], Any] | None = None
        if pointed_at.__class__ is models.UUIDField:
            self._plain = UUID
            self._convert = None if database.features.has_native_uuid_field else attrgetter("hex")
        elif pointed_at.__class__ is models.DateTimeField:
            self._plain = datetime
            self._convert = partial(_moment, database.ops) if database.vendor == "sqlite" else None

    def of(self, value: Any, database: BaseDatabaseWrapper) -> Any:
        if value.__class__ is self._plain:
            return self._convert(value) if self._convert else value
        return None if value is None else self._field.get_db_prep_save(value, database)


def _moment(operations: Any, value: datetime) -> str:
    """As Django writes it into SQLite."""
    return (
        str(value.replace(tzinfo=None))
        if value.tzinfo is UTC
        else operations.adapt_datetimefield_value(value)
    )


def _database() -> BaseDatabaseWrapper:
    """The thread's own. `django.db.connection` looks for it again at each attribute."""
    return connections[DEFAULT_DB_ALIAS]


class _Added:
    """How rows of one model are written: the statement's beginning, one row's places in it, and a row of
    which nothing is said: values that are always the same, and those that are made anew each time."""

    __slots__ = ("_made", "_places", "_usual", "beginning", "row")

    def __init__(self, model: type[models.Model], database: BaseDatabaseWrapper) -> None:
        quote = database.ops.quote_name
        fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
        names = ", ".join(quote(str(field.column)) for field in fields)
        self.beginning = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES "  # noqa: S608 - our models' names
        self.row = f"({', '.join(['%s'] * len(fields))})"
        places = [_Place(field, database) for field in fields]
        self._places = {place.name: (number, place) for number, place in enumerate(places)}
        self._made: dict[str, Callable[[], Any]] = {}
        for field in fields:
            if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
                self._made[field.attname] = timezone.now
            elif callable(field.default) and field.default not in _ALWAYS_THE_SAME:
                self._made[field.attname] = field.default
        self._usual = [
            None if place.name in self._made else place.of(field.get_default(), database)
            for field, place in zip(fields, places, strict=True)
        ]

    def values(self, told: Mapping[str, Any], database: BaseDatabaseWrapper) -> list[Any]:
        row = self._usual.copy()
        for name, value in told.items():
            number, place = self._places[name]
            row[number] = place.of(value, database)
        for name, make in self._made.items():
            if name not in told:
                number, place = self._places[name]
                row[number] = place.of(make(), database)
        return row


@cache
def _added(model: type[models.Model], vendor: str) -> _Added:
    return _Added(model, _database())


def kept_id(id: UUID) -> Any:
    """As the database keeps ids, for SQL of ours."""
    return id if _database().features.has_native_uuid_field else id.hex


@cache
def _instead(model: type[models.Model], vendor: str, unique: str) -> str:
    """What follows an INSERT where a row with the same `unique` is to become like the new one."""
    quote = _database().ops.quote_name
    quoted = [quote(str(field.column)) for field in model._meta.concrete_fields]
    unique = quote(unique)
    changes = ", ".join(f"{name} = EXCLUDED.{name}" for name in quoted if name != unique)
    return f" ON CONFLICT ({unique}) DO UPDATE SET {changes}"


def rows_of(sql: str, values: Sequence[Any]) -> list[Any]:
    """All rows that a statement of ours gives (a SELECT, or one that RETURNs rows), as the driver gives them:
    SQLite's ids are hexadecimal, and its times text. `sql` has a `%s` for each value, and no other percent
    sign. Raises what Django's cursor would."""
    database = _database()
    if _may_be_asked_straight(database):
        return _straight(database, sql, values)
    with database.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def run(sql: str, values: Sequence[Any]) -> None:
    """The same for a statement that gives no rows."""
    database = _database()
    if _may_be_asked_straight(database):
        _straight(database, sql, values)
        return
    with database.cursor() as cursor:
        cursor.execute(sql, values)


def _straight(database: BaseDatabaseWrapper, sql: str, values: Sequence[Any]) -> list[Any]:
    """Of SQLite, past Django's cursor, of which each statement has a new one that reads through the SQL to
    spell it otherwise: three times as long as it takes to run."""
    with database.wrap_database_errors:
        # To the end: SQLite does not commit while a statement that RETURNs is not read.
        return list(database.connection.execute(sql.replace("%s", "?"), values).fetchall())


def _may_be_asked_straight(database: BaseDatabaseWrapper) -> bool:
    """Not where somebody counts queries or logs them, nor in a transaction that is to be undone."""
    return (
        database.vendor == "sqlite"
        and database.connection is not None
        and not (database.needs_rollback or database.execute_wrappers or database.queries_logged)
    )


def add(model: type[models.Model], *rows: Mapping[str, Any], or_update: str = "") -> None:
    """Rows of one model, in one statement, each told by its fields' names (`owner_id`, not `owner`); what is
    not told is as the model has it. No row object is made: that takes longer than to write it. A number that
    the database gives (an automatic primary key) is not brought back. Where `or_update` names a unique
    column, a row that has the same value in it is changed instead. Raises what the database raises, and
    KeyError for a name that the model does not have."""
    database = _database()
    added = _added(model, database.vendor)
    values = [value for row in rows for value in added.values(row, database)]
    ending = _instead(model, database.vendor, or_update) if or_update else ""
    run(added.beginning + ", ".join([added.row] * len(rows)) + ending, values)


@cache
def _changing(model: type[models.Model], vendor: str, names: tuple[str, ...]) -> tuple[str, list[_Place]]:
    database = _database()
    fields = [model._meta.get_field(name) for name in names]
    quote = database.ops.quote_name
    changes = ", ".join(f"{quote(str(field.column))} = %s" for field in fields)  # type: ignore[union-attr]
    places = [_Place(field, database) for field in fields]  # type: ignore[arg-type]
    return f"UPDATE {quote(model._meta.db_table)} SET {changes} WHERE ", places  # noqa: S608 - our models' names


def change(
    model: type[models.Model],
    values: Mapping[str, Any],
    where: str,
    wanted: Sequence[Any],
    returning: str,
) -> tuple[Any, ...] | None:
    """UPDATE `model` SET `values` WHERE `where` RETURNING `returning`. `values` are by the fields' names,
    `wanted` those of `where`, which with `returning` is SQL of ours. The first row that comes back, as the
    driver gives it; None where nothing was changed."""
    database = _database()
    beginning, places = _changing(model, database.vendor, tuple(values))
    prepared = [place.of(value, database) for place, value in zip(places, values.values(), strict=True)]
    return row(f"{beginning}{where} RETURNING {returning}", [*prepared, *wanted])


def row(sql: str, values: Sequence[Any]) -> tuple[Any, ...] | None:
    """The first of them; None where there is none."""
    rows = rows_of(sql, values)
    return rows[0] if rows else None


@cache
def _reading(
    model: type[models.Model], vendor: str, names: tuple[str, ...]
) -> tuple[tuple[int, Callable[..., Any], Any], ...]:
    """What has to be made of those values that the driver gives in another form than the model has them."""
    database = _database()
    converters = []
    for number, name in enumerate(names):
        expression = model._meta.get_field(name).cached_col  # type: ignore[union-attr]
        found = database.ops.get_db_converters(expression) + expression.get_db_converters(database)
        converters += [(number, convert, expression) for convert in found]
    return tuple(converters)


def read(
    model: type[models.Model], names: tuple[str, ...], sql: str, values: Sequence[Any]
) -> list[Any] | None:
    """The same, as the model has it: `names` are those of its fields that `sql` asks for, in its order."""
    found = row(sql, values)
    return None if found is None else as_model_has(model, names, found)


def as_model_has(model: type[models.Model], names: tuple[str, ...], given: Sequence[Any]) -> list[Any]:
    """The values of the fields `names`, of what the driver gave for them."""
    database, told = _database(), list(given)
    for number, convert, expression in _reading(model, database.vendor, names):
        told[number] = convert(told[number], expression, database)
    return told


@cache
def _whole(model: type[models.Model]) -> tuple[str, tuple[str, ...]]:
    quote, fields = _database().ops.quote_name, model._meta.concrete_fields
    table = quote(model._meta.db_table)
    return ", ".join(f"{table}.{quote(str(field.column))}" for field in fields), tuple(
        field.attname for field in fields
    )


def first(model: type[M], sql: str, values: Sequence[Any]) -> M | None:
    """The first row that `sql` gives, as a model's object; `{columns}` in it stands for them all."""
    columns, names = _whole(model)
    told = read(model, names, sql.replace("{columns}", columns), values)
    return None if told is None else model.from_db(_database().alias, names, told)
