from django.db import migrations

from usage.builtin_plans import BUILT_IN


def seed(apps, schema_editor):
    plans = apps.get_model("usage", "Plan").objects
    for name, fields in BUILT_IN.items():
        plans.get_or_create(name=name, defaults=fields)


class Migration(migrations.Migration):
    dependencies = [("usage", "0002_plans_and_ledger")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
