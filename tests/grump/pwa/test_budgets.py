"""What a page may weigh, held on the built files: kilobytes as they travel, with Brotli."""

import gzip

import brotli
from django.template.loader import render_to_string

from grump.pwa import assets
from grump.pwa.views import NOBODY

SCRIPT_KB = 60
STYLE_KB = 20


def weight(url: str) -> float:
    return len(brotli.compress((assets.MANIFEST.parent / url.rpartition("/")[2]).read_bytes())) / 1024


def first_scripts() -> set[str]:
    return {url for name in ("shell.js", "chat.js") for url in (assets.asset(name), *assets.chunks(name))}


def test_the_script_before_the_first_interaction_is_light():
    assert sum(map(weight, first_scripts())) <= SCRIPT_KB


def test_the_styles_are_light():
    assert weight(assets.asset("app.css")) <= STYLE_KB


def test_every_other_script_of_some_weight_waits_until_it_is_needed():
    first = {url.rpartition("/")[2] for url in first_scripts()}
    heavy = {
        path.name
        for path in assets.MANIFEST.parent.glob("*.js")
        if len(brotli.compress(path.read_bytes())) > 20 * 1024
    }
    named = {entry["file"] for entry in assets.manifest()["assets"].values()}
    assert heavy - first, "mathematics at least is heavier than that"
    assert not (heavy - first) & named


def test_a_first_page_with_its_styles_in_it_fits_into_what_a_server_sends_without_being_acknowledged():
    """Ten segments (RFC 6928): one byte more, and the first paint waits for another round trip."""
    page = render_to_string("chat/page.html", {**NOBODY, "styles": assets.inlined("chat.css")})
    headers, models = 1_100, 2_000
    assert len(gzip.compress(page.encode())) + headers + models <= 10 * 1460
