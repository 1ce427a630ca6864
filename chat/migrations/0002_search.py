"""The index of texts: a row a message, and beside it what each database searches by."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQLITE = [
    "CREATE VIRTUAL TABLE chat_search USING fts5(text, owner, tokenize='unicode61 remove_diacritics 2')",
    """CREATE TRIGGER chat_search_gone AFTER DELETE ON chat_indexed BEGIN
        DELETE FROM chat_search WHERE rowid = old.id;
    END""",
    # A guest's texts go on to the account.
    """CREATE TRIGGER chat_search_moved AFTER UPDATE OF owner_id ON chat_indexed BEGIN
        UPDATE chat_search SET owner = 'u' || new.owner_id WHERE rowid = new.id;
    END""",
    # What was written before there was an index.
    """INSERT INTO chat_indexed (message_id, owner_id)
        SELECT id, owner_id FROM chat_message WHERE text <> '' ORDER BY created_at""",
    """INSERT INTO chat_search (rowid, text, owner)
        SELECT entry.id, substr(message.text, 1, 100000), 'u' || entry.owner_id
        FROM chat_indexed entry JOIN chat_message message ON message.id = entry.message_id""",
]
SQLITE_BACK = [
    "DROP TRIGGER chat_search_moved",
    "DROP TRIGGER chat_search_gone",
    "DROP TABLE chat_search",
]
POSTGRESQL = [
    "ALTER TABLE chat_indexed ADD COLUMN words tsvector",
    """INSERT INTO chat_indexed (message_id, owner_id, words)
        SELECT id, owner_id, to_tsvector('simple', left(text, 100000))
        FROM chat_message WHERE text <> '' ORDER BY created_at""",
    "CREATE INDEX chat_indexed_words ON chat_indexed USING gin (words)",
]


def forwards(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for statement in SQLITE_BACK:
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Indexed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("message", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="chat.message")),
                ("owner", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.RunPython(forwards, backwards),
    ]
