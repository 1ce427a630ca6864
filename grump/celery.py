"""The Celery application: `celery -A grump worker`, `celery -A grump beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "grump.settings")

app = Celery("grump")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
