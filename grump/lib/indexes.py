"""Operations of migrations on indexes."""

from typing import Any

from django.db import migrations, models


class DropOwnIndex(migrations.AlterField):
    """A reference loses the index that it has by itself, in an instant. For Django's AlterField, SQLite
    copies the whole table."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        column = model._meta.get_field(self.name).column
        named = {index.name for index in model._meta.indexes}
        for name in schema_editor._constraint_names(
            model, [column], index=True, type_=models.Index.suffix, exclude=named
        ):
            schema_editor.execute(schema_editor._delete_index_sql(model, name))

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            field = model._meta.get_field(self.name)
            schema_editor.execute(schema_editor._create_index_sql(model, fields=[field]))


class SayDefault(migrations.AlterField):
    """Another default that Python gives: nothing changes in the database, and nothing is copied."""

    def database_forwards(self, *_: Any) -> None: ...

    def database_backwards(self, *_: Any) -> None: ...
