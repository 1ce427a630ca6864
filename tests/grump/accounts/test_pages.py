"""allauth's pages as people meet them: in our look, and nothing on them that the policy forbids."""

import re
from urllib.parse import urlencode

import pytest
from django.contrib.auth import SESSION_KEY
from django.core.cache import cache
from django.test import Client

from grump.accounts.models import User
from tests.grump.accounts.conftest import PASSWORD

ENTRANCE = ["login/", "signup/", "password/reset/", "password/reset/done/", "inactive/"]
INSIDE = [
    "email/", "password/change/", "logout/", "reauthenticate/", "2fa/", "2fa/totp/activate/", "2fa/webauthn/",
    "2fa/webauthn/add/",
]  # fmt: skip

INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=[\"']?application/json)[^>]*>", re.IGNORECASE)
INLINE_STYLE = re.compile(r"<style|<[^>]+\sstyle\s*=|<[^>]+\son[a-z]+\s*=|javascript:", re.IGNORECASE)


def assert_ours(answer) -> None:
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'class="sheet' in page
    assert page.count("<h1") == 1
    assert_obeys_the_policy(answer)


def assert_obeys_the_policy(answer) -> None:
    page = answer.content.decode()
    assert not INLINE_SCRIPT.findall(page)
    assert not INLINE_STYLE.findall(page)
    assert "unsafe-inline" not in answer["Content-Security-Policy"]


@pytest.mark.parametrize("address", ENTRANCE)
def test_the_way_in_has_our_look(client, guest, address):
    assert_ours(client.get(f"/accounts/{address}"))


@pytest.mark.parametrize("address", INSIDE)
def test_the_account_has_our_look(inside, address):
    assert_ours(inside.get(f"/accounts/{address}"))


def test_a_guest_has_no_account_to_manage(client, guest):
    for address in ("email/", "password/change/", "2fa/"):
        assert client.get(f"/accounts/{address}")["Location"].startswith("/accounts/login/")


def test_there_is_no_social_log_in(client):
    assert client.get("/accounts/social/connections/").status_code == 404


def test_the_log_in_page_offers_a_passkey(client):
    page = client.get("/accounts/login/").content.decode()
    assert 'id="passkey_login"' in page
    assert "mfa/js/webauthn.js" in page


def test_guessing_a_password_is_slowed_down(client, account, log_in):
    for _ in range(5):
        log_in(client, password="wrong")
    page = log_in(client).content.decode()
    assert "Too many failed login attempts" in page
    assert SESSION_KEY not in client.session


def test_too_many_sign_ups_get_a_page_that_says_so(client):
    answers = [client.post("/accounts/signup/", {}) for _ in range(25)]
    assert answers[-1].status_code == 429
    assert 'class="sheet' in answers[-1].content.decode()


@pytest.mark.parametrize("name", ["admin", "Root", "guest"])
def test_nobody_signs_up_under_a_name_that_misleads(client, name):
    client.post("/accounts/signup/", {"username": name, "password1": PASSWORD})
    assert not User.objects.exists()


def test_an_unknown_address_is_answered_like_a_known_one(client, account, mailoutbox):
    known, unknown = (
        client.post("/accounts/password/reset/", {"email": email})
        for email in ("mira@example.com", "nobody@example.com")
    )
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "https:evil.example",
    "http://testserver@evil.example/",
    "javascript:alert(1)",
]
FORMS = {
    "login/": {"login": "mira", "password": PASSWORD},
    "signup/": {"username": "new{n}", "password1": PASSWORD},
    "reauthenticate/": {"password": PASSWORD},
    "logout/": {},
}


@pytest.mark.parametrize("door", FORMS)
def test_no_door_leads_to_another_site(account, log_in, door):
    for n, address in enumerate(ELSEWHERE):
        for asked, sent in (({"next": address}, {}), ({}, {"next": address})):
            client = Client()
            cache.clear()  # the rate limits of the one before
            if door in ("reauthenticate/", "logout/"):
                log_in(client)
            form = {name: value.format(n=f"{n}{len(sent)}") for name, value in FORMS[door].items()}
            answer = client.post(f"/accounts/{door}?{urlencode(asked)}", form | sent)
            assert (answer.status_code, answer["Location"]) == (302, "/"), address


def test_within_the_site_one_is_led_to_where_one_wanted(client, account, log_in):
    answer = client.post("/accounts/login/?next=/usage/", {"login": "mira", "password": PASSWORD})
    assert answer["Location"] == "/usage/"
