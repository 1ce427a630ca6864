"""The database itself refuses to change or remove an entry: not the product, not an administrator's shell."""

from django.db import migrations

SQLITE = [
    f"""CREATE TRIGGER audit_no_{event.lower()} BEFORE {event} ON audit_auditentry BEGIN
        SELECT RAISE(ABORT, 'the audit log is only ever added to');
    END"""
    for event in ("UPDATE", "DELETE")
]
SQLITE_BACK = ["DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete"]
# TRUNCATE is a right of the table's owner alone, and what empties a test database.
POSTGRESQL = [
    """CREATE FUNCTION audit_only_added() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit log is only ever added to';
    END $$""",
    """CREATE TRIGGER audit_only_added BEFORE UPDATE OR DELETE ON audit_auditentry
    FOR EACH ROW EXECUTE FUNCTION audit_only_added()""",
]
POSTGRESQL_BACK = ["DROP TRIGGER audit_only_added ON audit_auditentry", "DROP FUNCTION audit_only_added()"]


def forwards(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    for statement in SQLITE_BACK if schema_editor.connection.vendor == "sqlite" else POSTGRESQL_BACK:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
