"""G-Rump: an AI chat that always answers. This package is wiring; ARCHITECTURE.md is the map."""

import sys

from grump.lib import env, shared_metrics

# Before anything else is imported: a metric that is made earlier would be this process's own.
shared_metrics.share(env.text("PROMETHEUS_MULTIPROC_DIR"))

# redis-py imports the SDK of OpenTelemetry wherever it is installed, 0.04 s of each start, to measure itself.
sys.modules["opentelemetry.sdk.metrics"] = None  # type: ignore[assignment]
import redis.observability  # noqa: E402, F401

del sys.modules["opentelemetry.sdk.metrics"]

from grump.celery import app as celery_app  # noqa: E402

__all__ = ["celery_app"]
