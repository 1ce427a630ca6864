"""Code in colours and formulas as mathematics: loaded when first met, and nothing of them runs."""

from playwright.sync_api import expect

from tests.browser.test_safety import UNHARMED, harm, watched

__all__ = ["watched"]

CODE = '```python\ndef greet(name):\n    return f"Hello {name}"  # politely\n```'
HOSTILE_FORMULAS = [
    r"$\href{javascript:hacked=1}{x}$ $\url{javascript:hacked=1}$",
    r"$\text{<img src=x onerror=hacked=1>}$ $\style{position:fixed;inset:0}{x}$",
    r"$\class{composer}{x}$ $\id{boot}{x}$ $\data{controller=navigation}{x}$",
    r"$\includegraphics{https://evil.example/pixel.png}$",
    "$</math><img src=x onerror=hacked=1>$ $\\text{</mtext></math><script>hacked=1</script>}$",
    r"$$\def\a{\a\a}\a$$ $$\rule{9999em}{9999em}$$",
    "```html\n<script>hacked=1</script><img src=x onerror=hacked=1>\n```",
    '```js"onmouseover="hacked=1\n`${hacked=1}`</span><img src=x onerror=hacked=1>\n```',
]


def scripts(chat) -> list[str]:
    return chat.page.evaluate(
        "performance.getEntriesByType('resource').map((one) => one.name)"
        ".filter((name) => name.endsWith('.js'))"
    )


def test_code_gets_its_colours_and_keeps_its_characters(chat):
    chat.ask(CODE, "mock/verbatim").answered()
    expect(chat.answer.locator(".hljs-keyword").first).to_have_text("def")
    expect(chat.answer.locator("pre")).to_have_text(
        'def greet(name):\n    return f"Hello {name}"  # politely'
    )


def test_a_language_nobody_knows_stays_plain(chat):
    chat.ask("```klingon\nqapla'\n```\n\n" + CODE, "mock/verbatim").answered()
    expect(chat.answer.locator(".hljs-keyword").first).to_be_visible()
    expect(chat.answer.locator("pre").first.locator("span")).to_have_count(0)


def test_formulas_become_mathematics_that_the_browser_draws(chat):
    chat.ask("So $x^2$ and\n\n$$\\frac{a}{b}$$\n\nfor $5 or $6.", "mock/verbatim").answered()
    expect(chat.answer.locator("math")).to_have_count(2)
    expect(chat.answer.locator("math msup")).to_have_count(1)
    expect(chat.answer.locator("math[display=block] mfrac")).to_have_count(1)
    expect(chat.answer).to_contain_text("for $5 or $6.")


def test_what_is_no_formula_after_all_stays_as_it_was_written(chat):
    chat.ask("Not $\\nosuchthing{$ and $x$", "mock/verbatim").answered()
    expect(chat.answer.locator("math")).to_have_count(1)
    expect(chat.answer.locator("code.math")).to_have_text("\\nosuchthing{")


def test_what_there_is_to_do_has_boxes_and_no_dots(chat):
    chat.ask("- [x] **wash** up\n- [ ] dry\n- put away", "mock/verbatim").answered()
    items = chat.answer.locator("li")
    expect(items).to_have_text(["☑ wash up", "☐ dry", "put away"])
    styles = items.evaluate_all("all => all.map((one) => getComputedStyle(one).listStyleType)")
    assert styles == ["none", "none", "disc"]
    chat.page.reload()
    expect(items).to_have_text(["☑ wash up", "☐ dry", "put away"])


def test_a_picture_from_elsewhere_is_seen_after_a_click_by_its_own_tab_alone(chat, context):
    asked = []

    def show(route) -> None:
        asked.append(route.request)
        route.fulfill(content_type="image/svg+xml", body="<svg xmlns='http://www.w3.org/2000/svg'/>")

    context.route("https://pictures.example/**", show)
    chat.ask("![a cat](https://pictures.example/cat.svg?who=me)", "mock/verbatim").answered()
    link = chat.answer.get_by_role("link", name="Image on pictures.example: a cat")
    link.hover()
    chat.page.reload()
    expect(link).to_be_visible()
    assert asked == []
    with context.expect_page() as opened:
        link.click()
    assert opened.value.url == "https://pictures.example/cat.svg?who=me"
    assert opened.value.evaluate("[window.opener, document.referrer]") == [None, ""]
    assert ["referer" in request.headers for request in asked] == [False]


def test_neither_is_loaded_before_it_is_met(chat):
    chat.ask("Plain words", "mock/verbatim").answered()
    before = scripts(chat)
    assert not [name for name in before if "highlight" in name or "mathematics" in name or "temml" in name]
    chat.ask(CODE + "\n\n$x$", "mock/verbatim").answered()
    expect(chat.answer.locator("math")).to_have_count(1)
    assert len(scripts(chat)) > len(before)


def test_nothing_in_code_or_formulas_runs_or_loads(watched, chat):
    requests = []
    watched.on("request", lambda request: requests.append(request.url))
    chat.choose("mock/verbatim")
    for text in HOSTILE_FORMULAS:
        chat.ask(text).answered()
    chat.ask("$z$").answered()  # the worker answers in order: all before it are done
    expect(chat.answer.locator("math")).to_have_count(1)
    assert {**harm(chat.page), "elements": []} == UNHARMED
    assert (
        chat.page.locator(".said math :is(a, img, script, style, [href], [src], [style], [id])").count() == 0
    )
    assert chat.page.locator(".said :is(.composer, script, img, iframe, form)").count() == 0
    assert [url for url in requests if not url.startswith((chat.url, "blob:"))] == []
