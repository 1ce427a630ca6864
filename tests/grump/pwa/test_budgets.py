"""What a page may weigh, held on the built files: kilobytes as they travel, with Brotli."""

import brotli

from grump.pwa import assets

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
