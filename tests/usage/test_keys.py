"""A key is shown once, found by its hash alone, and ends when it is told to."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from grump.operations.logs import redact
from usage import keys
from usage.models import ApiKey


def test_the_secret_is_nowhere_in_the_table(ann):
    key, secret = keys.make(ann, "my laptop")
    row = str(ApiKey.objects.filter(pk=key.pk).values().get())
    assert secret not in row
    assert secret[keys.VISIBLE :] not in row
    assert key.prefix == secret[: keys.VISIBLE]


def test_a_key_is_found_by_its_secret_in_one_query(ann, django_assert_num_queries):
    key, secret = keys.make(ann, "my laptop")
    ApiKey.objects.update(last_used_at=timezone.now())
    with django_assert_num_queries(1):
        assert keys.find(secret).owner_id == ann.pk
    assert keys.find(secret) == key


@pytest.mark.parametrize(
    "secret", ["", "sk-grump-", "sk-grump-unknown", "x" * 10_000, "sk-grump-" + "y" * 9_999]
)
def test_what_is_no_key_finds_nothing(ann, secret):
    keys.make(ann, "my laptop")
    with pytest.raises(keys.KeyRefused):
        keys.find(secret)


def test_its_visible_beginning_and_its_digest_open_nothing(ann):
    key, _ = keys.make(ann, "my laptop")
    for almost in (key.prefix, key.digest, keys.BEGINNING + key.digest):
        with pytest.raises(keys.KeyRefused):
            keys.find(almost)


def test_a_revoked_key_is_refused_and_stays_so(ann):
    key, secret = keys.make(ann, "my laptop")
    keys.revoke(ann, key.pk)
    keys.revoke(ann, key.pk)
    with pytest.raises(keys.KeyRefused, match="revoked"):
        keys.find(secret)
    with pytest.raises(ApiKey.DoesNotExist):
        keys.rotate(ann, key.pk)


def test_an_expired_key_is_refused(ann):
    _, secret = keys.make(ann, "my laptop", expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(keys.KeyRefused, match="expired"):
        keys.find(secret)


def test_the_key_of_a_suspended_user_is_refused(ann):
    _, secret = keys.make(ann, "my laptop")
    ann.is_active = False
    ann.save()
    with pytest.raises(keys.KeyRefused):
        keys.find(secret)


def test_rotation_ends_the_old_secret_and_keeps_the_key(ann):
    key, old = keys.make(ann, "my laptop", requests_limit=7)
    rotated, new = keys.rotate(ann, key.pk)
    assert (rotated.pk, rotated.requests_limit) == (key.pk, 7)
    assert keys.find(new) == key
    with pytest.raises(keys.KeyRefused):
        keys.find(old)


def test_somebody_elses_key_does_not_exist(ann, bob):
    key, secret = keys.make(ann, "my laptop")
    for attempt in (keys.revoke, keys.rotate):
        with pytest.raises(ApiKey.DoesNotExist):
            attempt(bob, key.pk)
        with pytest.raises(ApiKey.DoesNotExist):
            attempt(ann, uuid4())
    assert list(keys.of(bob)) == []
    assert keys.find(secret) == key


def test_a_use_is_written_once_a_minute(ann, django_assert_num_queries):
    _, secret = keys.make(ann, "my laptop")
    with django_assert_num_queries(2):
        first = keys.find(secret)
    for _ in range(3):
        with django_assert_num_queries(1):
            keys.find(secret)
    noted = timezone.now() - timedelta(seconds=61)
    ApiKey.objects.update(last_used_at=noted)
    keys.find(secret)
    first.refresh_from_db()
    assert first.last_used_at > noted


def test_nobody_has_keys_without_end(ann, bob, monkeypatch):
    monkeypatch.setattr(keys, "MOST_KEYS", 2)
    made = [keys.make(ann, f"key {n}")[0] for n in range(2)]
    with pytest.raises(keys.TooManyKeys):
        keys.make(ann, "one more")
    keys.make(bob, "mine")
    keys.revoke(ann, made[0].pk)
    keys.make(ann, "one more")


def test_a_key_in_a_log_line_is_hidden(ann):
    _, secret = keys.make(ann, "my laptop")
    for line in (f"said {secret} to me", f"Authorization: Bearer {secret}", f"{{'key': '{secret}'}}"):
        assert secret[keys.VISIBLE :] not in redact(line)


def test_a_key_with_a_limit_takes_that_many_requests_and_no_more(ann):
    key, _ = keys.make(ann, "my laptop", requests_limit=2)
    keys.hold(key, 0)
    keys.hold(key, 0)
    with pytest.raises(keys.KeySpent):
        keys.hold(key, 0)
    keys.settle(key, 0, 0, requests=0)
    keys.hold(key, 0)


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(0, 60), st.floats(0, 1), st.booleans()), max_size=20))
def test_a_budget_is_never_exceeded_and_comes_to_what_was_spent(ann, calls):
    key, _ = keys.make(ann, "budget", cost_limit_microusd=100)
    try:
        spent, waiting = 0, []
        for expected, share, ends in calls:
            try:
                keys.hold(key, expected)
                waiting.append((expected, int(expected * share)))
            except keys.KeySpent:
                key.refresh_from_db()
                assert key.cost_used_microusd + expected > 100
            if ends and waiting:
                held, cost = waiting.pop()
                keys.settle(key, held, cost)
                spent += cost
            key.refresh_from_db()
            assert key.cost_used_microusd == spent + sum(held for held, _ in waiting) <= 100
    finally:
        keys.revoke(ann, key.pk)
