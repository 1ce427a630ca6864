"""What a long chat costs the browser while an answer comes: elements, memory, and the main thread's time."""

import json

from playwright.sync_api import expect

from tests.browser.test_speed import NOTE_WHEN_UPGRADED, opened

ROWS = 300
DOM_NODES = 15_000
HEAP_MB = 150
BUSY = 0.30
# Over so many words of the answer the main thread's time is taken.
FROM, TO = "word20 ", "word160 "


def seeded(chat, house, rows: int) -> str:
    user = json.loads(chat.page.locator("#boot").text_content())["user"]["id"]
    code = f"from tests.browser.seeding import long_conversation; print(long_conversation({user}, {rows}))"
    return f"/c/{house.manage('shell', '--no-imports', '-c', code).split()[-1]}/"


def test_a_chat_of_three_hundred_rows_stays_small_and_calm_while_an_answer_comes(chat, house):
    chat.open(seeded(chat, house, ROWS))
    for answer in chat.answers.all()[::-5]:
        answer.scroll_into_view_if_needed()
    chat.page.keyboard.press("Control+Shift+ArrowDown")
    session = chat.page.context.new_cdp_session(chat.page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def metrics() -> dict[str, float]:
        return {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}

    chat.ask("Slowly", "mock/slowly").has_begun(FROM)
    before = metrics()
    chat.has_begun(TO)
    after = metrics()
    chat.answered()
    session.send("HeapProfiler.collectGarbage")
    spent = after["TaskDuration"] - before["TaskDuration"]
    # The words come at 60 a second, whatever the machine does meanwhile.
    lasted = (160 - 20) / 60
    figures = {
        "nodes": chat.page.evaluate("document.querySelectorAll('*').length"),
        "heap_mb": round(metrics()["JSHeapUsedSize"] / 2**20, 1),
        "busy": round(spent / lasted, 3),
    }
    assert figures["nodes"] < DOM_NODES, figures
    assert figures["heap_mb"] < HEAP_MB, figures
    assert figures["busy"] < BUSY, figures


def test_ten_thousand_messages_open_in_half_a_second(chat, house):
    address = seeded(chat, house, 10_000)
    chat.page.add_init_script(NOTE_WHEN_UPGRADED)
    times = [opened(chat.page, chat.url + address) for _ in range(6)]
    expect(chat.foot).to_be_in_viewport()
    assert min(times) < 500, times
