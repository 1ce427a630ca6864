"""What operators see of quotas. No label holds a user."""

import logging

from prometheus_client import Counter

logger = logging.getLogger(__name__)

REFUSALS = Counter("grump_quota_refusals_total", "Turns that were refused, by limit", ["limit"])
ALARMS = Counter("grump_quota_alarms_total", "What should not happen in the ledger", ["kind"])


def alarm(kind: str) -> None:
    """Count and log something that should not happen; the ledger has refused or bounded it."""
    ALARMS.labels(kind).inc()
    logger.warning("Quota: %s", kind)
