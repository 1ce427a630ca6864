"""Indexes that a longer one has in it, and ids that begin with their time."""

import django.db.models.deletion
import grump.lib.ids
from django.conf import settings
from django.db import migrations, models

from grump.lib.indexes import DropOwnIndex, SayDefault


class Migration(migrations.Migration):

    dependencies = [
        ('usage', '0010_said_to_staff'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        SayDefault(
            model_name='apikey',
            name='id',
            field=models.UUIDField(default=grump.lib.ids.new_id, editable=False, primary_key=True, serialize=False),
        ),
        DropOwnIndex(
            model_name='entry',
            name='owner',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='usage_entries', to=settings.AUTH_USER_MODEL),
        ),
        SayDefault(
            model_name='hold',
            name='key',
            field=models.UUIDField(default=grump.lib.ids.new_id, editable=False, primary_key=True, serialize=False),
        ),
        DropOwnIndex(
            model_name='hold',
            name='owner',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
    ]
