"""Statements for what every message writes and reads, a row or a few of them.

The ORM builds a statement anew each time, which takes ten times as long as running it: 0.4 ms a row on the
way to the first word. Here its text is made once a model; values still go through the model's own fields,
except where it is known what a field would make of them.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from operator import attrgetter
from types import NoneType
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

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


class _Place:
    """Where one field's value goes."""

    __slots__ = ("_convert", "_empty", "_plain", "field", "name")

    def __init__(self, field: Field, database: BaseDatabaseWrapper) -> None:
        self.field, self.name = field, field.attname
        pointed_at = field.target_field if isinstance(field, models.ForeignKey) else field
        self._plain = _AS_IT_IS.get(pointed_at.__class__)
        self._convert: Callable[[Any], Any] | None = None
        if pointed_at.__class__ is models.UUIDField:
            self._plain = UUID
            self._convert = None if database.features.has_native_uuid_field else attrgetter("hex")
        elif pointed_at.__class__ is models.DateTimeField:
            self._plain = datetime
            self._convert = partial(_moment, database.ops) if database.vendor == "sqlite" else None
        # What has no value is NULL, but where the field makes one itself, whatever the row says.
        self._empty: type | None = NoneType
        if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
            self._plain = self._empty = None

    def of_row(self, row: models.Model, database: BaseDatabaseWrapper) -> Any:
        value = row.__dict__.get(self.name)
        kind = value.__class__
        if kind is self._plain:
            return self._convert(value) if self._convert else value
        if kind is self._empty:
            return None
        return self.field.get_db_prep_save(self.field.pre_save(row, add=True), database)

    def of(self, value: Any, database: BaseDatabaseWrapper) -> Any:
        if value.__class__ is self._plain:
            return self._convert(value) if self._convert else value
        return self.field.get_db_prep_save(value, database)


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


@cache
def _statement(model: type[models.Model], vendor: str) -> tuple[str, str, tuple[_Place, ...]]:
    """The beginning of the INSERT, the places of one row, and whose values they take."""
    database = _database()
    quote = database.ops.quote_name
    fields = tuple(field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField))
    names = ", ".join(quote(str(field.column)) for field in fields)
    places = f"({', '.join(['%s'] * len(fields))})"
    beginning = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES "  # noqa: S608 - our models' names
    return beginning, places, tuple(_Place(field, database) for field in fields)


@cache
def _instead(model: type[models.Model], vendor: str, unique: str) -> str:
    """What follows an INSERT where a row with the same `unique` is to become like the new one."""
    quote = _database().ops.quote_name
    quoted = [quote(str(field.column)) for field in model._meta.concrete_fields]
    unique = quote(unique)
    changes = ", ".join(f"{name} = EXCLUDED.{name}" for name in quoted if name != unique)
    return f" ON CONFLICT ({unique}) DO UPDATE SET {changes}"


def insert(*rows: models.Model, or_update: str = "") -> None:
    """Rows of one model, in one statement. No signals are sent, and a number that the database gives (an
    automatic primary key) is not brought back. Where `or_update` names a unique column, a row that has the
    same value in it is changed instead. Raises what the database raises."""
    database, model = _database(), type(rows[0])
    beginning, row_places, places = _statement(model, database.vendor)
    values = [place.of_row(row, database) for row in rows for place in places]
    ending = _instead(model, database.vendor, or_update) if or_update else ""
    with database.cursor() as cursor:
        cursor.execute(beginning + ", ".join([row_places] * len(rows)) + ending, values)
    for row in rows:
        row._state.adding, row._state.db = False, database.alias


@cache
def _changing(model: type[models.Model], vendor: str, names: tuple[str, ...]) -> tuple[str, list[_Place]]:
    database = _database()
    places = [_Place(model._meta.get_field(name), database) for name in names]  # type: ignore[arg-type]
    quote = database.ops.quote_name
    changes = ", ".join(f"{quote(str(place.field.column))} = %s" for place in places)
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
    with database.cursor() as cursor:
        cursor.execute(f"{beginning}{where} RETURNING {returning}", [*prepared, *wanted])
        rows = cursor.fetchall()  # all of them: see `first`
    return rows[0] if rows else None


@cache
def _reading(
    model: type[models.Model], vendor: str, columns: tuple[str, ...]
) -> tuple[list[str], list[int], list[tuple[int, Callable[..., Any], Any]]]:
    """The model's attributes in its own order, the place of each in a row, and what has to be made of those
    that the driver gives in another form."""
    database = _database()
    fields = model._meta.concrete_fields
    converters = []
    for number, field in enumerate(fields):
        expression = field.cached_col
        found = database.ops.get_db_converters(expression) + expression.get_db_converters(database)
        converters += [(number, convert, expression) for convert in found]
    places = [columns.index(str(field.column)) for field in fields]
    return [field.attname for field in fields], places, converters


def first(model: type[M], sql: str, values: Sequence[Any]) -> M | None:
    """The first row that `sql` gives (a SELECT, or a statement that RETURNs rows), or None. It has every
    column of the model, in any order."""
    database = _database()
    with database.cursor() as cursor:
        cursor.execute(sql, values)
        # All of them: SQLite does not commit while a statement that RETURNs is not read to its end.
        rows = cursor.fetchall()
        columns = tuple(column[0] for column in cursor.description)
    if not rows:
        return None
    names, places, converters = _reading(model, database.vendor, columns)
    row = [rows[0][place] for place in places]
    for number, convert, expression in converters:
        row[number] = convert(row[number], expression, database)
    return model.from_db(database.alias, names, row)
