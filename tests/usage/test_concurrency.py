"""Many threads ask at once; exactly as many get through as the limit has places."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from grump.accounts.models import User
from usage import quota
from usage.models import Day, Hold, Membership, Plan
from usage.quota import Estimate, Spent
from usage.rebuilding import differences
from usage.refusals import QuotaExceeded

THREADS = 8


@pytest.mark.django_db(transaction=True)
def test_of_two_hundred_at_once_exactly_fifty_are_accepted():
    user = User.objects.create(username="ann")
    plan = Plan.objects.create(name="fifty", title="Fifty", requests_per_day=50)
    Membership.objects.create(owner=user, plan=plan)
    together = threading.Barrier(THREADS)

    def ask(count: int) -> list[uuid.UUID]:
        together.wait(10)
        accepted = []
        for _ in range(count):
            key = uuid.uuid4()
            try:
                with transaction.atomic():
                    quota.reserve(user.pk, key, Estimate(10, 10))
            except QuotaExceeded:
                continue
            accepted.append(key)
            with transaction.atomic():
                quota.settle(key, Spent(5, 5))
        connection.close()
        return accepted

    with ThreadPoolExecutor(THREADS) as threads:
        accepted = [key for keys in threads.map(ask, [200 // THREADS] * THREADS) for key in keys]
    assert len(accepted) == 50
    day = Day.objects.get()
    assert (day.requests, day.tokens, day.held_tokens, day.running) == (50, 500, 0, 0)
    assert not Hold.objects.exists()
    assert not list(differences())
