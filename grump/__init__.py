"""G-Rump: an AI chat that always answers. This package is wiring; ARCHITECTURE.md is the map."""

from grump.celery import app as celery_app

__all__ = ["celery_app"]
