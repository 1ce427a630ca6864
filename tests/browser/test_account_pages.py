"""The account pages in a real browser: their scripts run under the policy, and a passkey logs in.

The browser's silence is part of each test: a script or style that the policy stopped would be heard.
"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.integration.processes import Web
from tests.waiting import eventually

PASSWORD = "correct horse battery"


@pytest.fixture
def site(server: Web) -> str:
    """By the one name under which browsers allow passkeys without TLS."""
    return server.url.replace("127.0.0.1", "localhost")


@pytest.fixture
def authenticator(page: Page) -> None:
    """A phone that always says yes."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def sign_up(page: Page, site: str, name: str) -> None:
    page.goto(f"{site}/accounts/signup/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign Up").click()
    page.wait_for_url(f"{site}/")


def confirm(page: Page) -> None:
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def test_a_passkey_is_added_and_logs_in(page, site, authenticator):
    sign_up(page, site, "with-a-passkey")
    page.goto(f"{site}/accounts/2fa/webauthn/add/")
    confirm(page)
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", name="Recovery Codes")).to_be_visible()
    page.goto(f"{site}/accounts/2fa/webauthn/")
    expect(page.get_by_text("Master key")).to_be_visible()

    page.goto(f"{site}/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign Out").click()
    page.wait_for_url(f"{site}/")
    page.goto(f"{site}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{site}/")
    page.goto(f"{site}/accounts/2fa/")
    expect(page.get_by_role("heading", name="Two-Factor Authentication")).to_be_visible()


def test_every_page_runs_under_the_policy(page, site):
    for address in ("login/", "signup/", "password/reset/"):
        page.goto(f"{site}/accounts/{address}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    sign_up(page, site, "walks-about")
    page.goto(f"{site}/accounts/2fa/totp/activate/")
    confirm(page)
    # A picture the policy had stopped would have no size.
    assert page.locator("main img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    for address in ("email/", "password/change/", "2fa/", "2fa/webauthn/", "logout/"):
        page.goto(f"{site}/accounts/{address}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_the_admin_works_under_the_same_policy(page, site, house):
    house.manage(
        "shell",
        "-c",
        f"from grump.accounts.models import User; User.objects.create_superuser('boss', '', '{PASSWORD}')",
    )
    page.goto(f"{site}/admin/")
    page.get_by_label("Login").fill("boss")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign In", exact=True).click()
    page.wait_for_url(f"{site}/admin/")
    for address in ("accounts/user/", "accounts/user/add/", "accounts/user/1/change/", "auth/group/add/"):
        page.goto(f"{site}/admin/{address}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    # The group form's two-column chooser is built by script.
    expect(page.locator(".selector-chosen").first).to_be_visible()


def test_a_key_is_made_copied_revoked_and_brought_back(page, site):
    page.context.grant_permissions(["clipboard-write"])
    sign_up(page, site, "keyholder")
    page.goto(f"{site}/usage/")
    page.get_by_role("link", name="API keys").click()
    expect(page.get_by_text("None yet.")).to_be_visible()
    page.get_by_label("Name").fill("laptop")
    page.get_by_label("Requests in all").fill("1000")
    page.get_by_role("button", name="Make the key").click()
    secret = page.locator(".secret").inner_text()
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()

    answer = page.request.get(f"{site}/v1/models", headers={"Authorization": f"Bearer {secret}"})
    assert answer.ok
    page.get_by_role("button", name="Revoke laptop").click()
    assert page.request.get(f"{site}/v1/models", headers={"Authorization": f"Bearer {secret}"}).status == 401
    expect(page.get_by_text("laptop was revoked.")).to_be_visible()
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_role("rowheader", name="laptop")).to_be_visible()
    assert page.request.get(f"{site}/v1/models", headers={"Authorization": f"Bearer {secret}"}).ok


KEPT = """async () => [
    ...Object.entries(localStorage),
    ...Object.entries(sessionStorage),
    ...(await indexedDB.databases()).map(({ name }) => [name]),
].map((entry) => entry.join(" "))"""
HERE = "JSON.parse(localStorage.getItem('user:here')).id"


@pytest.mark.parametrize("online", [True, False])
def test_logging_out_leaves_nothing_of_the_user_in_the_browser(page, site, troubles, online):
    troubles.expect("ERR_INTERNET_DISCONNECTED|WebSocket")
    sign_up(page, site, f"leaves-{online}")
    page.get_by_label("Your message").fill("a draft about swordfish")
    user = page.evaluate(HERE)
    assert any(entry.endswith('swordfish"') for entry in page.evaluate(KEPT))
    page.goto(f"{site}/accounts/logout/")
    page.context.set_offline(not online)
    page.get_by_role("main").get_by_role("button", name="Sign Out").click()
    page.context.set_offline(False)
    page.goto(f"{site}/upgrade/")
    if not online:
        page.wait_for_url(f"{site}/")  # the session is ended now, and a new guest is here
    left = [entry for entry in page.evaluate(KEPT) if not entry.startswith("parting ")]
    assert all(re.match("grump$|user:here", entry) for entry in left)
    assert not any(f":{user}" in entry or "swordfish" in entry for entry in left)


def test_logging_out_offline_ends_the_session_with_the_next_page(page, site, troubles):
    troubles.expect("ERR_INTERNET_DISCONNECTED|WebSocket|404")
    sign_up(page, site, "leaves-the-train")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.get_by_label("Your message").fill("a draft about swordfish")
    page.get_by_label("Your message").press("Enter")
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    page.reload()
    page.context.set_offline(True)
    page.get_by_role("link", name="Log out").click()
    page.get_by_role("button", name="Log out of this device").click()
    expect(page.get_by_text("Nothing of you is kept on it")).to_be_visible()
    eventually(lambda: [entry.partition(" ")[0] for entry in page.evaluate(KEPT)] == ["parting"])
    page.goto(f"{site}/")
    expect(page.get_by_text("nobody is logged in on this device")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_role("link", name="Log in")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text("swordfish")
