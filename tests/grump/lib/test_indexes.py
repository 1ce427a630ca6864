"""Indexes: none that a longer one has in it, and operations that change nothing else."""

import pytest
from django.apps import apps
from django.db import connection, migrations, models
from django.db.migrations.state import ProjectState

from grump.lib.indexes import DropOwnIndex

# What every message writes.
WRITTEN = ["chat.Conversation", "chat.Message", "chat.Generation", "usage.Hold", "usage.Entry"]


def beginnings(model: type[models.Model]) -> set[str]:
    """The first fields of its indexes of several fields that hold all rows."""
    options = model._meta
    fields = [
        tuple(name.lstrip("-") for name in index.fields) for index in options.indexes if not index.condition
    ]
    for constraint in options.constraints:
        if isinstance(constraint, models.UniqueConstraint) and not constraint.condition:
            fields.append(tuple(constraint.fields))
    return {of_one[0] for of_one in fields if of_one}


def test_no_reference_has_an_index_that_a_longer_one_has_in_it() -> None:
    """Each is written for each row."""
    twice = [
        f"{model.__name__}.{field.name}"
        for model in map(apps.get_model, WRITTEN)
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey)
        and not field.unique
        and field.db_index
        and field.name in beginnings(model)
    ]
    assert twice == []


def indexes(table: str) -> set[tuple[str, ...]]:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table)
    return {tuple(one["columns"]) for one in found.values() if one["index"] and not one["unique"]}


@pytest.mark.django_db(transaction=True)
def test_dropping_a_references_own_index_leaves_the_others_and_the_rows() -> None:
    state = ProjectState()
    thing = models.Index(fields=["owner", "name"], name="thing_by_name")
    before = migrations.CreateModel(
        "Thing",
        [
            ("id", models.AutoField(primary_key=True)),
            ("owner", models.ForeignKey("indexed.Owner", models.CASCADE)),
            ("name", models.CharField(max_length=10)),
        ],
        options={"indexes": [thing]},
    )
    owner = migrations.CreateModel("Owner", [("id", models.AutoField(primary_key=True))])
    dropping = DropOwnIndex(
        "Thing", "owner", models.ForeignKey("indexed.Owner", models.CASCADE, db_index=False)
    )

    def go(
        operation: migrations.operations.base.Operation, old: ProjectState, back: bool = False
    ) -> ProjectState:
        new = old.clone()
        operation.state_forwards("indexed", new)
        with connection.schema_editor() as editor:
            if back:
                operation.database_backwards("indexed", editor, new, old)
            else:
                operation.database_forwards("indexed", editor, old, new)
        return new

    with_both = go(before, go(owner, state))
    try:
        rows = with_both.apps.get_model("indexed", "Thing").objects
        rows.create(name="kept", owner=with_both.apps.get_model("indexed", "Owner").objects.create())
        assert indexes("indexed_thing") == {("owner_id",), ("owner_id", "name")}
        go(dropping, with_both)
        assert indexes("indexed_thing") == {("owner_id", "name")}
        go(dropping, with_both, back=True)
        assert indexes("indexed_thing") == {("owner_id",), ("owner_id", "name")}
        assert [row.name for row in rows.all()] == ["kept"]
    finally:
        with connection.schema_editor() as editor:
            editor.delete_model(with_both.apps.get_model("indexed", "Thing"))
            editor.delete_model(with_both.apps.get_model("indexed", "Owner"))
