"""What plans, quotas and the API keep. One idea a file."""

from usage.models.api_call import ApiCall
from usage.models.api_key import ApiKey
from usage.models.ledger import Day, Entry, Hold
from usage.models.plan import Limits, Membership, Plan
from usage.models.team import Team, TeamDay
from usage.models.upgrade import UpgradeRequest

__all__ = [
    "ApiCall", "ApiKey", "Day", "Entry", "Hold", "Limits", "Membership", "Plan", "Team", "TeamDay",
    "UpgradeRequest",
]  # fmt: skip
