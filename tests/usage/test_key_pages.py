"""Keys are made, shown once, exchanged, revoked and brought back by those they belong to."""

import re
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from usage import keys
from usage.models import ApiKey

pytestmark = pytest.mark.django_db
WISH = {"name": "laptop", "scopes": ["chat", "models"], "lasts": "30"}


@pytest.fixture
def site(client, ann):
    client.force_login(ann)
    return client


def shown(response) -> str:
    """The secret on a site."""
    found = re.search(r"sk-grump-[\w-]{43}", response.content.decode())
    return found[0] if found else ""


def test_a_new_key_is_shown_once_and_works(site, ann):
    answer = site.post("/usage/keys/", {**WISH, "requests_limit": 5, "cost_limit_usd": "1.5"})
    secret = shown(answer)
    key = keys.find(secret)
    assert (key.owner_id, key.name, key.scopes) == (ann.pk, "laptop", ["chat", "models"])
    assert (key.requests_limit, key.cost_limit_microusd) == (5, 1_500_000)
    assert timedelta(days=29) < key.expires_at - timezone.now() < timedelta(days=31)
    assert "no-store" in answer["Cache-Control"]
    again = site.get("/usage/keys/").content.decode()
    assert "laptop" in again
    assert key.prefix in again
    assert secret not in again


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"scopes": []},
        {"scopes": ["all"]},
        {"lasts": "7"},
        {"requests_limit": -1},
        {"name": "x" * 81},
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(site, change):
    answer = site.post("/usage/keys/", WISH | change)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_a_new_secret_ends_the_old_one(site, ann):
    key, old = keys.make(ann, "laptop")
    new = shown(site.post(f"/usage/keys/{key.pk}/rotate"))
    assert keys.find(new) == key
    with pytest.raises(keys.KeyRefused):
        keys.find(old)


def test_revoking_is_at_once_and_can_be_taken_back_for_ten_minutes(site, ann):
    key, secret = keys.make(ann, "laptop")
    answer = site.post(f"/usage/keys/{key.pk}/revoke", follow=True)
    assert "Bring it back" in answer.content.decode()
    with pytest.raises(keys.KeyRefused):
        keys.find(secret)
    site.post(f"/usage/keys/{key.pk}/restore")
    assert keys.find(secret) == key

    ApiKey.objects.update(revoked_at=timezone.now() - keys.RESTORABLE)
    answer = site.post(f"/usage/keys/{key.pk}/restore", follow=True)
    assert "too late" in answer.content.decode()
    with pytest.raises(keys.KeyRefused):
        keys.find(secret)


def test_anothers_key_is_not_found(site, bob):
    key, secret = keys.make(bob, "laptop")
    assert site.post(f"/usage/keys/{key.pk}/rotate").status_code == 404
    assert site.post(f"/usage/keys/{key.pk}/revoke").status_code == 404
    assert site.post(f"/usage/keys/{uuid.uuid4()}/revoke").status_code == 404
    site.post(f"/usage/keys/{key.pk}/restore")
    assert keys.find(secret) == key
    assert secret[:14] not in site.get("/usage/keys/").content.decode()


def test_a_guest_is_told_to_sign_up(client):
    assert "Sign up" in client.get("/usage/keys/").content.decode()
    client.post("/usage/keys/", WISH)
    assert not ApiKey.objects.exists()


def test_nobody_has_keys_without_number(site, ann, monkeypatch):
    monkeypatch.setattr(keys, "MOST_KEYS", 1)
    site.post("/usage/keys/", WISH)
    assert site.post("/usage/keys/", WISH).status_code == 422
    assert ApiKey.objects.count() == 1


def test_the_page_asks_as_many_questions_for_many_keys_as_for_one(site, ann, django_assert_max_num_queries):
    for number in range(20):
        keys.make(ann, f"key {number}")
    with django_assert_max_num_queries(6):
        site.get("/usage/keys/")


def test_names_are_only_text(site, ann):
    site.post("/usage/keys/", WISH | {"name": "<script>alert(1)</script>"})
    assert "<script>alert" not in site.get("/usage/keys/").content.decode()
