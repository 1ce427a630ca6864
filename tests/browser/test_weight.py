"""What a long chat costs the browser while an answer comes: elements, memory, and the main thread's time."""

from tests.browser.test_speed import browser_context_args

__all__ = ["browser_context_args"]

DOM_NODES = 15_000
HEAP_MB = 150
BUSY = 0.30
# Over so many words of the answer the main thread's time is taken.
FROM, TO = "word20 ", "word160 "


def test_a_chat_of_three_hundred_rows_stays_small_and_calm_while_an_answer_comes(chat, wrote_much):
    chat.open(wrote_much.addresses["watched"])
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
