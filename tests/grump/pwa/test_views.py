import json
import re

from django.contrib.staticfiles import finders
from django.test import Client

from grump.pwa import assets


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


def test_every_icon_of_the_manifest_exists(client: Client):
    for icon in client.get("/manifest.webmanifest").json()["icons"]:
        assert finders.find(icon["src"].removeprefix("/static/"))


def test_the_service_worker_keeps_only_hashed_files_and_the_offline_page(client: Client):
    response = client.get("/service-worker.js")
    shell = shell_of(response.text)
    assert response["Content-Type"].startswith("text/javascript")
    assert "no-cache" in response["Cache-Control"]
    assert shell["offline"] == "/offline/"
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


def test_the_offline_page_knows_nobody(client: Client):
    client.cookies["theme"] = "dark"
    response = client.get("/offline/")
    assert response.status_code == 200
    assert "No connection" in response.text
    assert "data-theme" not in response.text
    assert not response.cookies


def test_the_offline_page_obeys_the_policy(client: Client):
    text = client.get("/offline/").text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert "style=" not in text
    assert "<style" not in text


def test_the_favicon_leads_to_an_icon(client: Client):
    assert client.get("/favicon.ico")["Location"] == assets.asset("icons/icon-192.png")


def test_they_answer_to_reading_only(client: Client):
    for path in ("/manifest.webmanifest", "/service-worker.js", "/offline/", "/favicon.ico"):
        assert client.post(path).status_code == 405
