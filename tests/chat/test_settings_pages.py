"""The settings page works without a script, keeps what was chosen, and takes nothing it does not offer."""

import json

import pytest

from chat import preferences
from chat.models import Preferences
from grump.accounts.models import User

pytestmark = pytest.mark.django_db(transaction=True)

CHAT = {"form": "chat", "send_key": "mod+enter", "model": "auto", "preference": "0.25", "prediction": "on"}


@pytest.fixture
def ann(client) -> User:
    user = User.objects.create(username="ann")
    client.force_login(user)
    return user


def patch(client, body: object):
    return client.patch("/api/preferences", json.dumps(body), content_type="application/json")


def test_a_visitor_has_settings_at_once(client):
    page = client.get("/settings/")
    assert page.status_code == 200
    assert 'type="range"' in page.content.decode()
    assert not Preferences.objects.exists()


def test_what_is_chosen_is_kept_for_the_person(client, ann):
    assert client.post("/settings/", CHAT).status_code == 302
    kept = preferences.of(ann.pk)
    assert (kept.send_key, kept.preference, kept.prediction, kept.follow_ups) == (
        "mod+enter",
        0.25,
        True,
        False,
    )
    assert b"Kept." in client.get("/settings/").content


@pytest.mark.parametrize(
    "wrong", [{"send_key": "x"}, {"model": "nobody/nothing"}, {"preference": "2"}, {"preference": "nan"}]
)
def test_what_is_not_offered_is_refused_and_changes_nothing(client, ann, wrong):
    assert client.post("/settings/", CHAT | wrong).status_code == 422
    assert not Preferences.objects.exists()


def test_the_look_is_of_the_browser_and_comes_with_the_first_byte(client, ann):
    client.post("/settings/", {"form": "look", "theme": "dark", "density": "compact"})
    page = client.get("/settings/").content.decode()
    assert 'data-theme="dark" data-density="compact"' in page
    client.post("/settings/", {"form": "look", "theme": "", "density": ""})
    assert "data-density" not in client.get("/settings/").content.decode()
    assert not Preferences.objects.exists()


def test_the_api_changes_what_it_names_and_leaves_the_rest(client, ann):
    assert patch(client, {"preference": 1, "prediction": False}).json() == {
        "send_key": "enter",
        "prediction": False,
        "follow_ups": True,
        "preloading": False,
        "model": "auto",
        "preference": 1.0,
    }
    assert patch(client, {"model": "mock/fast"}).json()["preference"] == 1.0
    assert client.get("/api/preferences").json()["model"] == "mock/fast"


@pytest.mark.parametrize(
    "body",
    [[], {}, {"unknown": 1}, {"preference": "1"}, {"preference": -1}, {"preference": True}, {"prediction": 1},
     {"model": ""}, {"model": "x" * 200}, {"send_key": "space"}, {"send_key": []}],
)  # fmt: skip
def test_the_api_takes_no_nonsense(client, ann, body):
    assert patch(client, body).status_code == 400
    assert not Preferences.objects.exists()


def test_nobody_has_anothers(client, ann):
    bob = User.objects.create(username="bob")
    preferences.change(bob.pk, prediction=False)
    assert client.get("/api/preferences").json()["prediction"] is True
    client.logout()
    assert client.get("/api/preferences").status_code == 404


def test_a_guests_choices_go_on_to_the_account_and_the_accounts_own_are_kept(client):
    from grump.accounts import belongings

    guest, ann = (User.objects.create(username=name) for name in ("guest", "ann"))
    preferences.change(guest.pk, preference=0.9)
    belongings.move(guest, ann)
    assert preferences.of(ann.pk).preference == 0.9
    preferences.change(guest.pk, preference=0.1)
    belongings.move(guest, ann)
    assert preferences.of(ann.pk).preference == 0.9


def test_the_language_is_of_the_browser_unless_another_is_chosen(client, ann):
    german = {"HTTP_ACCEPT_LANGUAGE": "de-AT,de;q=0.9,en;q=0.5"}
    assert '<html lang="de"' in client.get("/settings/", **german).content.decode()
    client.post("/settings/", {"form": "look", "language": "en"}, **german)
    assert '<html lang="en"' in client.get("/settings/", **german).content.decode()
    answer = client.post("/settings/", {"form": "look", "language": "de"}, follow=True).content.decode()
    assert '<html lang="de"' in answer
    assert "In diesem Browser gemerkt." in answer
    assert client.post("/settings/", {"form": "look", "language": "tlh"}).status_code == 422


@pytest.mark.parametrize("path", ["/settings/", "/usage/"])
def test_only_what_was_fetched_ahead_may_be_kept_and_for_its_own_person_alone(client, ann, path):
    assert "no-store" in client.get(path)["Cache-Control"]
    ahead = client.get(path, HTTP_X_FETCHED_AHEAD="1")
    assert ahead["Cache-Control"] == "private, max-age=10"
    assert "Cookie" in ahead["Vary"]
    assert not ahead.has_header("Expires")
    posted = client.post("/settings/", CHAT | {"preference": "2"}, HTTP_X_FETCHED_AHEAD="1")
    assert "no-store" in posted["Cache-Control"]
