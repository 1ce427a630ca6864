import json
import re
import struct
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from grump.pwa import assets

PAGES = ("/offline/", "/offline/elsewhere/")


def shell_of(text: str) -> dict:
    found = re.match(r"self\.SHELL = (\{.*\});\n", text)
    assert found
    return json.loads(found.group(1))


def test_the_manifest_can_be_installed(client: Client):
    response = client.get("/manifest.webmanifest")
    manifest = response.json()
    assert response["Content-Type"] == "application/manifest+json"
    assert manifest["id"] == manifest["start_url"] == manifest["scope"] == "/"
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}


def size_of(picture: dict) -> str:
    """As the file itself says, if it is a PNG (PNG, 11.2.2: width and height begin at byte 16)."""
    path = finders.find(picture["src"].removeprefix("/static/"))
    assert path, picture
    if picture["sizes"] == "any":
        return "any"
    return "x".join(map(str, struct.unpack(">II", Path(path).read_bytes()[16:24])))


def test_every_picture_of_the_manifest_exists_and_is_as_large_as_it_says(client: Client):
    manifest = client.get("/manifest.webmanifest").json()
    for picture in manifest["icons"] + manifest["screenshots"]:
        assert size_of(picture) == picture["sizes"]


def test_the_manifest_offers_what_can_be_done_at_once(client: Client):
    manifest = client.get("/manifest.webmanifest").json()
    assert {shot["form_factor"] for shot in manifest["screenshots"]} == {"wide", "narrow"}
    assert [shortcut["url"] for shortcut in manifest["shortcuts"]] == ["/", "/usage/"]
    assert manifest["share_target"]["action"] == "/share/"


def test_what_is_shared_goes_behind_the_sign_that_no_server_is_told(client: Client):
    response = client.get("/share/", {"text": "a & b", "url": "https://example.org/"})
    assert response["Location"] == "/#text=a+%26+b&url=https%3A%2F%2Fexample.org%2F"


def test_the_service_worker_keeps_only_hashed_files_and_two_pages(client: Client):
    response = client.get("/service-worker.js")
    shell = shell_of(response.text)
    assert response["Content-Type"].startswith("text/javascript")
    assert "no-cache" in response["Cache-Control"]
    assert (shell["app"], shell["elsewhere"]) == PAGES
    assert assets.asset("chat.js") in shell["files"]
    assert all(re.fullmatch(r"/static/dist/.+-[0-9A-Z]{8}\.\w+", url) for url in shell["files"])


def test_every_file_the_service_worker_wants_exists(client: Client):
    for url in shell_of(client.get("/service-worker.js").text)["files"]:
        assert finders.find(url.removeprefix("/static/")), url


def test_the_service_worker_changes_with_the_build(client: Client, monkeypatch):
    before = client.get("/service-worker.js").text
    another = {**assets.manifest(), "version": "another"}
    monkeypatch.setattr(assets, "manifest", lambda: another)
    assert client.get("/service-worker.js").text != before


@pytest.mark.parametrize("path", PAGES)
def test_the_kept_pages_know_nobody(client: Client, path):
    client.cookies["theme"] = "dark"
    response = client.get(path)
    assert response.status_code == 200
    assert not re.search(r"data-(theme|user)", response.text.partition(">")[0])
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")


def test_the_kept_app_begins_with_nothing(client: Client):
    assert '{"user":null,"conversation":null,"models":[],"flags":{}' in client.get("/offline/").text


@pytest.mark.parametrize("path", PAGES)
def test_the_kept_pages_obey_the_policy(client: Client, path):
    text = client.get(path).text
    assert not re.search(r"<script(?![^>]*\b(src=|type=\"application/json\"))", text)
    assert "style=" not in text
    assert "<style" not in text


def test_the_favicon_leads_to_an_icon(client: Client):
    assert client.get("/favicon.ico")["Location"] == assets.asset("icons/icon-192.png")


def test_they_answer_to_reading_only(client: Client):
    for path in ("/manifest.webmanifest", "/service-worker.js", *PAGES, "/share/", "/favicon.ico"):
        assert client.post(path).status_code == 405
