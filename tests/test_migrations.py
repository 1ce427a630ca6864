"""A migration runs while the processes of the version before still serve: none may stop them, or lock a table
for as long as it is large.

Allowed: new tables and their indexes; a new column that is empty, or that the database itself fills
(`db_default`); loosening a rule. What takes something away comes a release after the code that used it, and
stands below with its reason.
"""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import models
from django.db.migrations import operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation

from grump.lib.indexes import DropOwnIndex, SayDefault

OURS = ("grump.", "chat", "usage", "experiments", "figures")

# "app.migration": why it is safe all the same.
FIRST = "no release came before it: no fleet ever runs it beside an older version"
EXCUSED: dict[str, str] = {
    "chat.0003_long_conversations": FIRST,
    "chat.0004_the_page": FIRST,
    "chat.0005_told_apart": FIRST,
    "chat.0006_its_own_time": FIRST,
    "chat.0008_looking_ahead": FIRST,
    "chat.0009_what_pays": FIRST,
    "usage.0005_teams": FIRST,
    "usage.0006_price": FIRST,
    "usage.0007_tiers": FIRST,
    "usage.0008_calls_by_hour": FIRST,
}

CLEARLY_SAFE = (
    operations.CreateModel,
    operations.AlterModelOptions,
    operations.AlterModelManagers,
    DropOwnIndex,  # a lock for a moment, whatever the size
    SayDefault,  # nothing is asked of the database
    operations.RunPython,  # what it does is for its author to say; data in batches, rows not locked for long
)
TAKES_AWAY = (
    operations.DeleteModel,
    operations.RemoveField,
    operations.RenameField,
    operations.RenameModel,
    operations.AlterModelTable,
)


def objections(migration: Migration, created: set[str]) -> Iterator[str]:
    """What is wrong with it; `created` are the models it makes itself, which nobody uses yet."""
    for operation in migration.operations:
        if isinstance(operation, operations.CreateModel):
            created.add(operation.name_lower)
        elif getattr(operation, "model_name_lower", None) in created or isinstance(operation, CLEARLY_SAFE):
            continue
        else:
            yield from (f"{operation.describe()}: {why}" for why in _objections(operation))


def _objections(operation: Operation) -> Iterator[str]:
    match operation:
        case operations.SeparateDatabaseAndState():
            for inner in operation.database_operations:
                yield from _objections(inner)
        case _ if isinstance(operation, TAKES_AWAY):
            yield "the version that runs meanwhile still asks for it"
        case operations.AddField():
            field = operation.field
            if not field.null and not field.has_db_default() and not field.many_to_many:
                yield "the version that runs meanwhile writes rows without it: give it a db_default, or null"
            if field.unique or field.db_index:
                yield "its index is built under a lock: add it afterwards, concurrently"
        case operations.AlterField():
            yield "may write the whole table anew under a lock: add a column, move, drop later"
        case operations.AddIndex() | operations.AddConstraint() | operations.AlterUniqueTogether():
            if "Concurrently" not in type(operation).__name__ and "NotValid" not in type(operation).__name__:
                yield "reads the whole table under a lock: use the concurrent form"
        case operations.RunSQL():
            yield "nobody can tell what it does: say it in EXCUSED"


def ours() -> list[tuple[str, Migration]]:
    loader = MigrationLoader(None)
    labels = {config.label for config in apps.get_app_configs() if config.name.startswith(OURS)}
    return [
        (f"{app}.{name}", migration)
        for (app, name), migration in sorted(loader.disk_migrations.items())
        if app in labels
    ]


@pytest.mark.parametrize(("name", "migration"), ours(), ids=lambda one: one if isinstance(one, str) else "")
def test_a_migration_does_not_stop_the_fleet(name, migration):
    found = list(objections(migration, set()))
    assert not found or name in EXCUSED, "\n".join(found)


def test_nothing_is_excused_that_needs_no_excuse():
    needing = {name for name, migration in ours() if list(objections(migration, set()))}
    assert set(EXCUSED) == needing


def test_it_would_notice():
    class Bad(Migration):
        operations = [
            operations.RemoveField("message", "text"),
            operations.AddField("message", "words", models.IntegerField(default=0)),
            operations.AddIndex("message", models.Index(fields=["text"], name="an_index")),
            operations.AlterField("message", "text", models.CharField(max_length=5)),
            operations.RunSQL("LOCK TABLE chat_message"),
        ]

    assert len(list(objections(Bad("bad", "chat"), set()))) == 5
