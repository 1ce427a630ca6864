"""An experiment from its creation to its end, as staff and the people it acts on see it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from experiments.assignment import bucket, choose, ranges, shares
from tests.browser.chat_page import ChatPage
from tests.integration.processes import House
from tests.waiting import eventually

PASSWORD = "correct horse battery"
MAKE_STAFF = f"""
from grump.accounts.models import User
from experiments.models import Experiment
User.objects.create_superuser("conductor", password="{PASSWORD}")
Experiment.objects.filter(key="batch_window").delete()
"""


@pytest.fixture
def staff(page: Page, house: House, server) -> Page:
    """The admin's list of experiments, without the one that this test makes."""
    house.manage("shell", "--no-imports", "-c", MAKE_STAFF)
    page.goto(f"{server.url}/admin/experiments/experiment/")
    page.get_by_label("Login").fill("conductor")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign In", exact=True).click()
    page.wait_for_url(f"{server.url}/admin/experiments/experiment/")
    return page


@pytest.fixture
def guest(browser: Browser, browser_context_args, server, troubles) -> Iterator:
    """A new guest's chat, of the variant that is wanted (0.9 of the people are in the experiment)."""
    opened = []

    def of(variant: int) -> ChatPage:
        while True:
            context = browser.new_context(**browser_context_args)
            opened.append(context)
            troubles.watch(context)
            chat = ChatPage(context.new_page(), server.url).open()
            id_ = chat.page.evaluate("JSON.parse(document.getElementById('boot').textContent).user.id")
            taken = ranges(2, 0.9, shares([1, 1]))
            if choose(bucket("batch_window:1:", str(id_)), taken) == variant:
                return chat

    yield of
    for context in opened:
        context.close()


def save(staff: Page) -> None:
    """Until the server has said what came of it: on a busy machine the list is long in coming, and a form
    that comes back says why."""
    staff.get_by_role("button", name="Save", exact=True).click()
    said = staff.locator(".messagelist .success, .errornote, .errorlist")
    expect(said.first).to_be_visible(timeout=30_000)
    assert staff.locator(".errornote, .errorlist").all_inner_texts() == []


def test_an_experiment_is_made_started_read_ramped_and_killed(staff, guest, server):
    # Made: what acts is the window in which text is gathered.
    staff.get_by_role("link", name=re.compile("add experiment", re.IGNORECASE)).first.click()
    staff.locator("[name=title]").fill("Livelier text")
    staff.locator("[name=key]").fill("batch_window")
    staff.locator("[name=primary]").select_option("Messages a day")
    staff.locator("[name=coverage]").fill("0.9")
    for number, (key, value) in enumerate((("control", "50"), ("quick", "25"))):
        for name, text in (("key", key), ("value", value), ("position", str(number))):
            staff.locator(f"[name=variants-{number}-{name}]").fill(text)
    staff.locator("[name=guardrails-0-metric]").select_option("Answers that failed")
    save(staff)

    # Started.
    staff.get_by_role("row", name="Livelier text").get_by_role("link", name="Results").click()
    staff.get_by_role("button", name="Start").click()
    expect(staff.get_by_text("phase 1, since")).to_be_visible()
    expect(staff.get_by_text("90 % of its audience")).to_be_visible()

    # Two people in each of two variants: it acts on each, and each is counted once, however much they ask.
    for variant in (0, 1, 0, 1):
        chat = guest(variant)
        for question in ("What is backpressure?", "And what is jitter?"):
            chat.ask(question, "mock/fast").answered()

    def counted() -> list[str]:
        # Until its page is there: pressed again meanwhile, it begins another one. For the first the web
        # process loads SciPy: 1.4 s of work, which take 10 on a machine with six times as much to do.
        with staff.expect_navigation(timeout=30_000):
            staff.get_by_role("button", name="Read now").click(no_wait_after=True)
        table = staff.get_by_role("table", name=re.compile("Who takes part"))
        return table.locator("tbody td:nth-of-type(1)").all_inner_texts()

    eventually(lambda: counted() == ["2", "2"], seconds=30)  # each look is a reading
    metric = staff.get_by_role("row", name=re.compile("Messages a day"))
    expect(metric).to_contain_text("2 to 2")  # messages each
    expect(staff.get_by_text("not enough yet").first).to_be_visible()

    # Ramped.
    staff.get_by_label("Coverage").select_option("100%")
    staff.get_by_role("button", name="Ramp up").click()
    expect(staff.get_by_text("100 % of its audience")).to_be_visible()

    # Killed: from now on it acts on nobody.
    staff.get_by_role("button", name="Stop: control for everybody").click()
    expect(staff.get_by_text("Stopped by hand.")).to_be_visible()
    guest(1).ask("What is backpressure?", "mock/fast").answered()
    assert counted() == ["2", "2"]
