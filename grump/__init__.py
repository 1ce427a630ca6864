"""G-Rump: an AI chat that always answers. This package is wiring; ARCHITECTURE.md is the map."""

from grump.lib import env, shared_metrics

# Before anything else is imported: a metric that is made earlier would be this process's own.
shared_metrics.share(env.text("PROMETHEUS_MULTIPROC_DIR"))

from grump.celery import app as celery_app  # noqa: E402

__all__ = ["celery_app"]
