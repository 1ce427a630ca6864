"""What a model says is text: nothing of it runs, loads, or points into the product."""

import json
import re

import pytest
from playwright.sync_api import FilePayload, expect

HOSTILE = [
    "<script>window.hacked = 'script'</script>",
    "<img src=x onerror=\"window.hacked = 'img'\">",
    '<svg onload="window.hacked = \'svg\'"><animate onbegin="window.hacked = 1" dur=1s></svg>',
    "<iframe srcdoc=\"<script>parent.hacked = 'iframe'</script>\"></iframe>",
    "<body onload=\"window.hacked = 'body'\">",
    "<details open ontoggle=\"window.hacked = 'details'\"><summary>x</summary></details>",
    "<input autofocus onfocus=\"window.hacked = 'focus'\">",
    "<style>body { display: none }</style>",
    "<link rel=stylesheet href=//evil.example/x.css><meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example/><form action=/accounts/logout/ method=post><button>Free</button></form>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=hacked=1&gt;">',
    '<noscript><p title="</noscript><img src=x onerror=hacked=1>">',
    "<template><img src=x onerror=hacked=1></template><object data=javascript:hacked=1></object>",
    "[press](javascript:window.hacked='link') [or](JaVaScRiPt:hacked=1) [or](java\tscript:hacked=1)",
    "[press](data:text/html,<script>hacked=1</script>) [vb](vbscript:hacked=1) [file](file:///etc/passwd)",
    "[press](&#106;avascript:hacked=1) [press](&#x6A;avascript&colon;hacked=1) <javascript:hacked=1>",
    "[here](/accounts/logout/) [there](//evil.example/x) [up](../../admin/)",
    '![x](x"onerror="hacked=1) ![x](javascript:hacked=1) ![track](https://evil.example/pixel.png)',
    '[x]: javascript:hacked=1\n\n[x] and [a](https://ok.example "title\\" onmouseover=hacked=1")',
    "```\"><img src=x onerror=hacked=1>\n<script>hacked = 'code'</script>\n```",
    "`<img src=x onerror=hacked=1>` **<img src=x onerror=hacked=1>** ~~<b onclick=hacked=1>~~",
    "| <img src=x onerror=hacked=1> | b |\n|---|---|\n| <script>hacked=1</script> | [](javascript:1) |",
    '<a href="javascript:hacked=1" style="position:fixed;inset:0" onclick=hacked=1>x</a>',
    '<div data-controller="navigation" data-action="click:stop" id="boot">{}</div>',
    "</div></article><script>hacked=1</script>{% csrf_token %}{{ settings.SECRET_KEY }}<!--",
]


@pytest.fixture
def watched(page, server):
    """A page that notes violations of the policy before any of its own scripts run."""
    page.add_init_script(
        "window.violations = [];"
        "addEventListener('securitypolicyviolation', (e) => violations.push(e.violatedDirective))"
    )
    return page


def harm(page) -> dict:
    """What of the answers has taken effect."""
    return page.evaluate(
        """() => ({
            hacked: window.hacked ?? null,
            violations: window.violations,
            elements: [...document.querySelectorAll(
                '.messages :is(script, img, svg, iframe, style, link, meta, base, form, input, object, math),'
                + ':is(h1, .list, .panel, .notices) :is(script, img, iframe, style, link, meta, base, object)'
            )].filter((e) => !e.closest('.foot button')).map((e) => e.outerHTML), // their icons are ours
            handlers: [...document.querySelectorAll('.said *')].flatMap((e) => [...e.attributes])
                .map((a) => a.name).filter((name) => /^on|^style$|^id$|^data-controller$/.test(name)),
            links: [...document.querySelectorAll('.said a[href]')].map((e) => e.href)
                .filter((href) => !/^(https?|mailto):/.test(href) || href.startsWith(location.origin)),
        })"""
    )


UNHARMED = {"hacked": None, "violations": [], "elements": [], "handlers": [], "links": []}


def test_nothing_that_a_model_says_runs_or_loads(watched, chat):
    requests = []
    watched.on("request", lambda request: requests.append(request.url))
    chat.choose("mock/verbatim")
    for text in HOSTILE:
        chat.ask(text).answered()
    expect(chat.answers).to_have_count(len(HOSTILE))
    for link in chat.page.locator(".said a[href]").all():
        assert link.get_attribute("target") == "_blank"
        assert "noopener" in (link.get_attribute("rel") or "")
    assert harm(chat.page) == UNHARMED
    # The same once more, as the server draws it and the page takes it over.
    chat.page.reload()
    chat.connected()
    for answer in chat.answers.all():
        answer.scroll_into_view_if_needed()
        expect(answer.locator(".plain")).to_have_count(0)
    assert harm(chat.page) == UNHARMED
    assert [url for url in requests if not url.startswith(chat.url)] == []


def test_a_title_is_text(watched, chat):
    title = "</title><script>hacked=1</script>"
    chat.ask(title, "mock/fast").answered()
    expect(chat.lines.first).to_have_text(title)
    chat.page.reload()
    expect(chat.lines.first).to_have_text(title)
    expect(chat.page).to_have_title(re.compile(re.escape(title)))
    assert harm(chat.page) == UNHARMED


def test_nothing_that_is_imported_runs_or_loads(watched, chat):
    """Each of them as the title, the texts, the instructions and the makers of a conversation, and as the
    name of the file that it comes in."""
    requests = []
    watched.on("request", lambda request: requests.append(request.url))
    chat.page.goto(f"{chat.url}/settings/")
    for number, text in enumerate(HOSTILE):
        chat.page.get_by_label("Bring conversations back").set_input_files(exported(text, number))
        with chat.page.expect_event("load"):
            chat.page.get_by_role("button", name="Import").click()
        expect(chat.page.get_by_role("status")).to_have_text("1 conversation imported.")
    assert harm(chat.page) == UNHARMED
    chat.open()
    newest_first = HOSTILE[::-1]
    expect(chat.lines).to_have_text(newest_first)
    for number, text in enumerate(newest_first):
        chat.lines.nth(number).click()
        expect(chat.page.locator("h1")).to_have_text(text)
        expect(chat.questions).to_have_text([text])
        expect(chat.answers).to_have_count(1)
        expect(chat.answers.locator(".plain")).to_have_count(0)
        assert harm(chat.page) == UNHARMED
    chat.page.reload()  # one as the server draws it
    chat.connected()
    expect(chat.page).to_have_title(re.compile(re.escape(HOSTILE[0])))
    chat.page.get_by_label("Search conversations").fill("hacked")
    expect(chat.page.locator(".list .snippet").first).to_be_visible()
    assert harm(chat.page) == UNHARMED
    assert [url for url in requests if not url.startswith(chat.url)] == []


def exported(text: str, number: int) -> FilePayload:
    """A file such as an export makes, with this text wherever a text can be."""
    at = f"2020-01-01T00:00:{number:02}+00:00"
    question = {"id": "q", "parent_id": None, "role": "user", "text": text, "created_at": at}
    answer = {
        "id": "a", "parent_id": "q", "role": "assistant", "text": text, "created_at": at, "state": "complete",
        "model": text[:120], "provider": text[:60], "reasoning": text, "finish_reason": text[:20],
    }  # fmt: skip
    told = {
        "format": "grump-conversation", "version": 1, "title": text, "instructions": text, "created_at": at,
        "updated_at": at, "titled_by_user": True, "shown": "a", "messages": [question, answer],
    }  # fmt: skip
    return {"name": f"{text}.json", "mimeType": "application/json", "buffer": json.dumps(told).encode()}


def test_the_first_data_of_the_page_cannot_end_its_own_script(watched, chat):
    chat.ask("</script><script>hacked=1</script><!--<script>", "mock/verbatim").answered()
    chat.page.reload()
    chat.connected()
    boot = json.loads(chat.page.locator("#boot").text_content())
    assert boot["conversation"]["title"] == "</script><script>hacked=1</script><!--<script>"
    expect(chat.questions).to_have_text(["</script><script>hacked=1</script><!--<script>"])
    assert harm(chat.page) == UNHARMED
