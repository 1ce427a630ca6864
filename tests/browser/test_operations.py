"""The staff's dashboard in a browser: silent under the policy, alive, and as open as it was left."""

from playwright.sync_api import Page, expect

from tests.integration.processes import House, WebProcess

SEED = """
from django.contrib.auth import get_user_model
from django.utils import timezone
from figures.cells import ALL, Figures, hour_of, replace_hour
get_user_model().objects.create_superuser("chief", "chief@example.org", "a long password")
figures = Figures()
figures.count("answers", 7)
figures.note("first token", 80)
now = timezone.now()
replace_hour("answers", hour_of(now), {ALL: figures, ("model", "mock/fast"): figures}, now)
"""


def test_figures_come_by_themselves_and_what_is_open_stays_open(page: Page, house: House, server: WebProcess):
    house.manage("shell", "--no-imports", "-c", SEED)
    page.goto(f"{server.url}/admin/login/")
    page.locator("[name=login]").fill("chief")
    page.locator("[name=password]").fill("a long password")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "login" not in url)
    page.clock.install()
    page.goto(f"{server.url}/admin/")
    first = page.get_by_role("region", name="First token")
    expect(first).to_contain_text("≤ 100")
    first.get_by_text("As a table").click()
    expect(first.get_by_role("rowheader").first).to_be_visible()
    with page.expect_response(lambda response: "part=figures" in response.url) as fresh:
        page.clock.run_for(16_000)
    assert fresh.value.status == 200
    expect(first.get_by_role("rowheader").first).to_be_visible()
    page.get_by_role("link", name="mock/fast").first.click()
    expect(page.get_by_text("model: mock/fast")).to_be_visible()
