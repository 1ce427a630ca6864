"""Indexes that a longer one has in it, and ids that begin with their time."""

import django.db.models.deletion
import grump.lib.ids
from django.conf import settings
from django.db import migrations, models

from grump.lib.indexes import DropOwnIndex, SayDefault


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0010_checkpoints'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        SayDefault(
            model_name='conversation',
            name='id',
            field=models.UUIDField(default=grump.lib.ids.new_id, editable=False, primary_key=True, serialize=False),
        ),
        SayDefault(
            model_name='generation',
            name='id',
            field=models.UUIDField(default=grump.lib.ids.new_id, editable=False, primary_key=True, serialize=False),
        ),
        DropOwnIndex(
            model_name='generation',
            name='owner',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='generations', to=settings.AUTH_USER_MODEL),
        ),
        DropOwnIndex(
            model_name='message',
            name='conversation',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='chat.conversation'),
        ),
        SayDefault(
            model_name='message',
            name='id',
            field=models.UUIDField(default=grump.lib.ids.new_id, editable=False, primary_key=True, serialize=False),
        ),
        SayDefault(
            model_name='prompt',
            name='id',
            field=models.UUIDField(default=grump.lib.ids.new_id, editable=False, primary_key=True, serialize=False),
        ),
    ]
