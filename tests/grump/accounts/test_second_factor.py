import re
import time

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth import SESSION_KEY
from django.test import Client

from chat.models import Conversation
from grump.accounts.models import User
from tests.grump.accounts.conftest import PASSWORD
from tests.grump.accounts.test_pages import assert_obeys_the_policy, assert_ours


def code_now(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.fixture
def secret(account, log_in) -> str:
    """The account's TOTP secret, set up the way a person does it, in another browser."""
    client = Client()
    log_in(client)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    answer = client.post("/accounts/2fa/totp/activate/", {"code": code_now(secret)})
    assert answer.status_code == 302
    assert_ours(client.get("/accounts/2fa/recovery-codes/"))
    return secret


def test_a_password_alone_is_not_enough(client, account, secret, guest, write, log_in):
    write(guest)
    answer = log_in(client)
    assert answer["Location"] == "/accounts/2fa/authenticate/"
    assert_ours(client.get("/accounts/2fa/authenticate/"))
    assert client.get("/").json()["user"] == guest.pk  # still the guest, with what the guest wrote
    assert Conversation.objects.get().owner == guest


def test_the_code_completes_the_log_in_and_the_merge(client, account, secret, guest, write, log_in):
    write(guest)
    log_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": code_now(secret)})
    assert client.get("/").json()["user"] == account.pk
    assert Conversation.objects.get().owner == account
    # How they have authenticated survived the change of user in the session.
    methods = [record["method"] for record in client.session["account_authentication_methods"]]
    assert methods == ["password", "mfa"]


def test_a_recovery_code_works_once(client, account, secret, log_in):
    code = RecoveryCodes.activate(account).get_unused_codes()[0]
    log_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": code})
    assert client.session[SESSION_KEY] == str(account.pk)
    again = Client()
    log_in(again)
    assert again.post("/accounts/2fa/authenticate/", {"code": code}).status_code == 200
    assert SESSION_KEY not in again.session


def test_the_admins_door_is_the_products_own(client, guest):
    first = client.get("/admin/")
    login = client.get(first["Location"])
    assert login["Location"].startswith("/accounts/login/?next=")


def test_the_admin_obeys_the_second_factor(client, account, secret, log_in):
    User.objects.filter(pk=account.pk).update(is_staff=True, is_superuser=True)
    assert client.post("/admin/login/", {"username": "mira", "password": PASSWORD}).status_code == 302
    assert SESSION_KEY not in client.session
    log_in(client)
    assert client.get("/admin/").status_code == 302
    client.post("/accounts/2fa/authenticate/", {"code": code_now(secret)})
    assert client.get("/admin/").status_code == 200


def test_an_account_without_rights_is_refused_by_the_admin(client, account, log_in):
    log_in(client)
    assert client.get("/admin/", follow=True).status_code == 403


ADMIN_PAGES = [
    "",
    "accounts/user/",
    "accounts/user/?is_guest__exact=1",
    "accounts/user/add/",
    "accounts/user/{pk}/change/",
    "accounts/user/{pk}/password/",
    "accounts/user/{pk}/delete/",
    "accounts/user/{pk}/history/",
    "auth/group/add/",
    "password_change/",
]


@pytest.mark.parametrize("address", ADMIN_PAGES)
def test_the_admin_needs_no_policy_of_its_own(client, address):
    boss = User.objects.create_superuser("boss", "", PASSWORD)
    client.force_login(boss)
    answer = client.get("/admin/" + address.format(pk=boss.pk))
    assert answer.status_code == 200
    assert_obeys_the_policy(answer)


def test_logging_out_of_the_admin_closes_the_sockets(client, closed):
    boss = User.objects.create_superuser("boss", "", PASSWORD)
    client.force_login(boss)
    client.post("/admin/logout/")
    assert closed == [boss.pk]


def test_the_qr_code_is_an_image_the_policy_allows(inside):
    page = inside.get("/accounts/2fa/totp/activate/")
    assert re.search(r'<img src="data:image/svg', page.content.decode())
    assert "img-src 'self' data:" in page["Content-Security-Policy"]
