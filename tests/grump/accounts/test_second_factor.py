import re
import time

import pytest
from allauth.mfa.models import Authenticator
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


@pytest.fixture
def staff(account, settings) -> User:
    settings.STAFF_SECOND_FACTOR = True
    User.objects.filter(pk=account.pk).update(is_staff=True, is_superuser=True)
    return account


def test_staff_without_a_second_factor_are_led_to_set_one_up_and_then_let_in(client, staff, log_in):
    log_in(client)
    assert client.get("/admin/")["Location"] == "/accounts/2fa/"
    assert "Administration needs a second factor" in client.get("/accounts/2fa/").content.decode()
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    client.post("/accounts/2fa/totp/activate/", {"code": code_now(secret)})
    door = client.get("/admin/accounts/user/?q=mira")["Location"]
    assert door == "/accounts/2fa/reauthenticate/?next=%2Fadmin%2Faccounts%2Fuser%2F%3Fq%3Dmira"
    assert client.post(door, {"code": code_now(secret)})["Location"] == "/admin/accounts/user/?q=mira"
    assert client.get("/admin/accounts/user/?q=mira").status_code == 200


def test_staff_who_log_in_with_it_notice_nothing(client, staff, secret, log_in):
    log_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": code_now(secret)})
    assert client.get("/admin/").status_code == 200


def test_a_session_of_a_password_alone_is_not_let_in_when_a_second_factor_comes(
    client, staff, log_in, request
):
    log_in(client)
    request.getfixturevalue("secret")  # set up in another browser
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    for _ in range(2):
        assert client.get("/admin/")["Location"] == "/accounts/2fa/reauthenticate/?next=%2Fadmin%2F"


def test_a_second_factor_that_was_removed_opens_nothing_more(client, staff, secret, log_in):
    log_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": code_now(secret)})
    Authenticator.objects.filter(user=staff, type=Authenticator.Type.TOTP).delete()
    # The recovery codes that are left are none by themselves.
    assert Authenticator.objects.filter(user=staff).exists()
    assert client.get("/admin/")["Location"] == "/accounts/2fa/"


def test_staff_who_have_only_a_passkey_are_asked_for_it(client, staff, log_in):
    log_in(client)
    Authenticator.objects.create(user=staff, type=Authenticator.Type.WEBAUTHN, data={})
    assert client.get("/admin/")["Location"].startswith("/accounts/2fa/webauthn/reauthenticate/?next=")


def test_without_a_second_factor_staff_can_still_log_out(client, staff, log_in, closed):
    log_in(client)
    client.post("/admin/logout/")
    assert SESSION_KEY not in client.session


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


def test_staff_remove_a_second_factor_and_never_see_what_it_is_made_of(client, account, secret):
    boss = User.objects.create_superuser("boss", "", PASSWORD)
    client.force_login(boss)
    factor = Authenticator.objects.get(user=account, type=Authenticator.Type.TOTP)
    for address in ("", f"{factor.pk}/change/", f"{factor.pk}/delete/", f"{factor.pk}/history/"):
        page = client.get(f"/admin/mfa/authenticator/{address}")
        assert page.status_code == 200
        assert factor.data["secret"] not in page.content.decode()
    client.post(f"/admin/mfa/authenticator/{factor.pk}/change/", {"data": "{}"})
    factor.refresh_from_db()
    assert factor.data["secret"]
    assert client.get("/admin/mfa/authenticator/add/").status_code == 403
    client.post(f"/admin/mfa/authenticator/{factor.pk}/delete/", {"post": "yes"})
    assert not Authenticator.objects.filter(pk=factor.pk).exists()


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
