"""How the page feels is told to the server when it is left, without a person in it."""

import json

from tests.browser.chat_page import ChatPage

# What the page does with the script was asked for before this import, and is done before it.
LISTEN = """async () => {
  window.told = [];
  navigator.sendBeacon = (_, body) => {
    body.text().then((text) => window.told.push(text));
    return true;
  };
  const script = () => performance.getEntriesByType("resource").find((one) => one.name.includes("/timings-"));
  while (!script()) await new Promise((painted) => requestAnimationFrame(painted));
  await import(script().name);
  await new Promise((done) => setTimeout(done));
}"""
PAINTED = """() => new Promise((painted) => {
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(painted)));
})"""
LEAVE = """() => new Promise((told) => {
  Object.defineProperty(document, "hidden", { value: true, configurable: true });
  Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  const look = () => (window.told.length > 0 ? told(window.told) : setTimeout(look, 20));
  look();
})"""
POST = """async (body) => (await fetch("/api/metrics/frontend", { method: "POST", body })).status"""


def test_a_page_that_was_used_tells_its_timings_once_it_is_hidden(chat: ChatPage):
    chat.page.evaluate(LISTEN)
    chat.ask("What is backpressure?", "mock/fast").answered()
    chat.page.evaluate(PAINTED)
    texts = chat.page.evaluate(LEAVE)
    batches = [json.loads(text) for text in texts]
    told = {timing[0]: timing for batch in batches for timing in batch["timings"]}
    assert {"FCP", "TTFB", "INTERACTIVE", "SEND_TO_PAINT", "RECONNECTS", "ERRORS"} <= told.keys()
    assert told["SEND_TO_PAINT"][3] == "mock"
    assert told["ERRORS"][2] == 0
    assert batches[0].keys() == {"page", "device", "timings"}
    assert chat.page.evaluate(POST, texts[0]) == 204
