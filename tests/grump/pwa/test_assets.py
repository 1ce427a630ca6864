import json

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.template import Context, Template

from grump.pwa import assets


def render(source: str) -> str:
    return Template("{% load assets %}" + source).render(Context())


def test_it_names_the_hashed_file():
    file = json.loads(assets.MANIFEST.read_text())["assets"]["app.css"]["file"]
    assert render("{% asset 'app.css' %}") == f"/static/dist/{file}"


def test_it_fetches_a_modules_chunks_beside_it():
    html = render("{% script 'chat.js' %}")
    for chunk in assets.chunks("chat.js"):
        assert f'<link rel="modulepreload" href="{chunk}" fetchpriority="low">' in html
    # Behind the styles: what is read first comes first.
    assert html.endswith(
        f'<script type="module" src="{assets.asset("chat.js")}" fetchpriority="low"></script>'
    )


def test_a_module_can_hold_back_the_first_paint():
    assert 'blocking="render"' in render("{% script 'chat.js' before_paint=True %}")
    assert "blocking" not in render("{% script 'chat.js' before_paint='' %}")


def test_an_unknown_name_is_a_mistake_in_the_template():
    with pytest.raises(ImproperlyConfigured, match="browser asset"):
        assets.asset("nothing.js")


def test_missing_assets_say_how_to_build_them(monkeypatch, tmp_path):
    monkeypatch.setattr(assets, "MANIFEST", tmp_path / "manifest.json")
    with pytest.raises(ImproperlyConfigured, match="npm run build"):
        assets.asset("app.css")


def test_a_new_build_is_seen_at_once(monkeypatch, tmp_path):
    manifest = tmp_path / "manifest.json"
    monkeypatch.setattr(assets, "MANIFEST", manifest)
    manifest.write_text('{"version": "1", "assets": {"app.css": {"file": "app-1.css"}}}')
    assert assets.asset("app.css").endswith("app-1.css")
    manifest.unlink()
    manifest.write_text('{"version": "2", "assets": {"app.css": {"file": "app-2.css"}}}')
    assert assets.asset("app.css").endswith("app-2.css")
