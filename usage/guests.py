"""Guests of one address together: who clears the cookies is a new guest, and still the same network.

An allowance is as many guests' days as `GUESTS_PER_ADDRESS` says: schools and offices have one address. It is
counted in Valkey, or in this process while that is away; what is refused is not counted.
"""

from django.conf import settings

from grump.lib.rates import Rate, installed_rates
from usage.refusals import QuotaExceeded

DAY = 86_400.0  # seconds


async def admit(address: str, plan: str, requests_per_day: int | None) -> None:
    """Count a guest's question against its address. Raises QuotaExceeded. No address, or a guests' plan
    without a limit, is no limit here either."""
    if not address or requests_per_day is None:
        return
    most = max(requests_per_day * settings.GUESTS_PER_ADDRESS, 1)
    ruling = await installed_rates().atake(Rate(f"guests:{address}", most, DAY))
    if not ruling.allowed:
        raise QuotaExceeded("address", plan, None, ruling.retry_after_s)
