"""INSERTs and single rows for what every message writes.

The ORM builds a statement anew each time, which takes ten times as long as running it: 0.4 ms a row on the
way to the first word. Here its text is made once a model; values still go through the model's own fields,
except where a field would hand them on as they are.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeAlias, TypeVar

from django.db import connection, models

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
}


@cache
def _statement(model: type[models.Model], vendor: str) -> tuple[str, str, tuple[tuple[Field, str, Any], ...]]:
    """The beginning of the INSERT, the places of one row, and whose values they take: the field, its
    attribute, and the class of values that need no preparation."""
    fields = tuple(field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField))
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    places = f"({', '.join(['%s'] * len(fields))})"
    values = tuple((field, field.attname, _AS_IT_IS.get(field.__class__)) for field in fields)
    return f"INSERT INTO {table} ({names}) VALUES ", places, values  # noqa: S608 - our own models' names


def _value(row: models.Model, field: Field, name: str, plain: Any) -> Any:
    if plain is not None:
        value = row.__dict__.get(name)
        if value.__class__ is plain:
            return value
    return field.get_db_prep_save(field.pre_save(row, add=True), connection)


@cache
def _instead(model: type[models.Model], vendor: str, unique: str) -> str:
    """What follows an INSERT where a row with the same `unique` is to become like the new one."""
    quoted = [connection.ops.quote_name(str(field.column)) for field in model._meta.concrete_fields]
    unique = connection.ops.quote_name(unique)
    changes = ", ".join(f"{name} = EXCLUDED.{name}" for name in quoted if name != unique)
    return f" ON CONFLICT ({unique}) DO UPDATE SET {changes}"


def insert(*rows: models.Model, or_update: str = "") -> None:
    """Rows of one model, in one statement. No signals are sent, and a number that the database gives (an
    automatic primary key) is not brought back. Where `or_update` names a unique column, a row that has the
    same value in it is changed instead. Raises what the database raises."""
    model, vendor = type(rows[0]), connection.vendor
    beginning, places, fields = _statement(model, vendor)
    values = [_value(row, *field) for row in rows for field in fields]
    ending = _instead(model, vendor, or_update) if or_update else ""
    with connection.cursor() as cursor:
        cursor.execute(beginning + ", ".join([places] * len(rows)) + ending, values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


@cache
def _reading(
    model: type[models.Model], vendor: str, columns: tuple[str, ...]
) -> tuple[list[str], list[int], list[tuple[int, Callable[..., Any], Any]]]:
    """The model's attributes in its own order, the place of each in a row, and what has to be made of those
    that the driver gives in another form."""
    fields = model._meta.concrete_fields
    converters = []
    for number, field in enumerate(fields):
        expression = field.cached_col
        found = connection.ops.get_db_converters(expression) + expression.get_db_converters(connection)
        converters += [(number, convert, expression) for convert in found]
    places = [columns.index(str(field.column)) for field in fields]
    return [field.attname for field in fields], places, converters


def first(model: type[M], sql: str, values: Sequence[Any]) -> M | None:
    """The first row that `sql` gives (a SELECT, or a statement that RETURNs rows), or None. It has every
    column of the model, in any order."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        # All of them: SQLite does not commit while a statement that RETURNs is not read to its end.
        rows = cursor.fetchall()
        columns = tuple(column[0] for column in cursor.description)
    if not rows:
        return None
    names, places, converters = _reading(model, connection.vendor, columns)
    row = [rows[0][place] for place in places]
    for number, convert, expression in converters:
        row[number] = convert(row[number], expression, connection)
    return model.from_db(connection.alias, names, row)
