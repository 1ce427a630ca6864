"""Clearing the cookies makes another guest, but no further allowance."""

import pytest

from usage import guests
from usage.refusals import QuotaExceeded


@pytest.mark.usefixtures("valkey")
async def test_an_address_has_so_many_guests_days_and_no_more(settings):
    settings.GUESTS_PER_ADDRESS = 2
    for _ in range(6):
        await guests.admit("198.51.100.1", "guest", 3)
    with pytest.raises(QuotaExceeded) as refused:
        await guests.admit("198.51.100.1", "guest", 3)
    assert refused.value.code == "quota_exceeded"
    assert refused.value.retry_after_s > 0
    await guests.admit("198.51.100.2", "guest", 3)


@pytest.mark.usefixtures("valkey")
async def test_no_limit_is_none_here_either():
    for _ in range(50):
        await guests.admit("198.51.100.1", "unlimited", None)
        await guests.admit("", "guest", 0)
