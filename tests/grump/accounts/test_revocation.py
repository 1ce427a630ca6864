import json
import logging

import pytest
from django.test import Client
from redis import Redis

from grump.accounts.models import User
from grump.accounts.revocation import close_sockets
from tests.grump.accounts.conftest import PASSWORD

NEW = "another fine password"


@pytest.fixture
def admin_client(account) -> Client:
    boss = User.objects.create_superuser("boss", "", PASSWORD)
    client = Client()
    client.force_login(boss)
    return client


def test_it_calls_every_process_that_listens_for_the_user(valkey):
    with valkey.pubsub(ignore_subscribe_messages=True) as calls:
        calls.subscribe("calls:user:7", "calls:user:8")
        for _ in range(2):
            calls.get_message(timeout=5)  # the subscriptions' own confirmations
        close_sockets(7)
        call = calls.get_message(timeout=5)
    assert call["channel"] == b"calls:user:7"
    assert json.loads(call["data"]) == {"type": "session.revoked", "user_id": 7}


def test_a_dead_valkey_keeps_nobody_from_logging_out(monkeypatch, tmp_path, caplog):
    dead = Redis.from_url(f"unix://{tmp_path}/nobody.sock")
    monkeypatch.setattr("grump.lib.calls._client", lambda: dead)
    with caplog.at_level(logging.ERROR):
        close_sockets(7)
    assert "could not be closed" in caplog.text


def test_logging_out_closes_the_sockets(client, account, log_in, closed):
    log_in(client)
    client.post("/accounts/logout/")
    assert closed == [account.pk]


def test_logging_in_and_a_password_hashed_anew_close_nothing(
    client, account, log_in, closed, settings, django_capture_on_commit_callbacks
):
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        *settings.PASSWORD_HASHERS,
    ]
    before = account.password
    with django_capture_on_commit_callbacks(execute=True):
        log_in(client)
    account.refresh_from_db()
    assert account.password != before
    assert closed == []


def test_a_changed_password_closes_the_sockets_and_keeps_this_session(
    client, account, log_in, closed, django_capture_on_commit_callbacks
):
    log_in(client)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(
            "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
        )
    assert closed == [account.pk]
    assert client.get("/").json()["user"] == account.pk


def test_a_reset_password_closes_the_sockets(
    client, account, closed, mailoutbox, django_capture_on_commit_callbacks
):
    client.post("/accounts/password/reset/", {"email": "mira@example.com"})
    link = next(word for word in mailoutbox[0].body.split() if "/password/reset/key/" in word)
    form = client.get(link, follow=True).redirect_chain[-1][0]
    with django_capture_on_commit_callbacks(execute=True):
        client.post(form, {"password1": NEW, "password2": NEW})
    account.refresh_from_db()
    assert account.check_password(NEW)
    assert closed == [account.pk]


def edit(client: Client, user: User, **changes):
    page = client.get(f"/admin/accounts/user/{user.pk}/change/")
    values = {name: value for name, value in page.context["adminform"].form.initial.items() if value}
    values = {name: value for name, value in values.items() if isinstance(value, str | int)}
    return client.post(f"/admin/accounts/user/{user.pk}/change/", values | changes)


def test_a_suspended_user_loses_the_sockets(
    admin_client, account, closed, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        assert edit(admin_client, account, is_active="").status_code == 302
    account.refresh_from_db()
    assert not account.is_active
    assert closed == [account.pk]


@pytest.mark.parametrize("door", ["one", "selected"])
def test_a_deleted_user_loses_the_sockets(
    admin_client, account, closed, door, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        if door == "one":
            admin_client.post(f"/admin/accounts/user/{account.pk}/delete/", {"post": "yes"})
        else:
            admin_client.post(
                "/admin/accounts/user/",
                {"action": "delete_selected", "_selected_action": account.pk, "post": "yes"},
            )
    assert not User.objects.filter(username="mira").exists()
    assert closed == [account.pk]


def test_a_guest_who_logged_in_elsewhere_loses_the_guests_sockets(
    client, guest, account, log_in, closed, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        log_in(client)
    assert closed == [guest.pk]
