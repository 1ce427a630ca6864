"""One's own prompts: kept, changed, deleted, and nobody else's."""

import uuid

import pytest

from chat import prompts
from chat.models import Prompt
from grump.accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(client) -> User:
    user = User.objects.create(username="ann")
    client.force_login(user)
    return user


def names(client) -> list[str]:
    return [prompt["name"] for prompt in client.get("/api/prompts").json()["prompts"]]


def test_a_visitor_has_the_built_in_ones(client):
    said = client.get("/api/prompts").json()
    assert said["prompts"] == []
    assert {"name": "Summarise", "text": str(prompts.BUILT_IN[1][1])} in said["built_in"]


def test_a_prompt_is_kept_changed_and_deleted(client, ann):
    client.post("/settings/prompts/", {"name": "Greet", "text": "Say hello"})
    prompt = Prompt.objects.get()
    assert names(client) == ["Greet"]
    assert "Say hello" in client.get(f"/settings/prompts/{prompt.id}/").content.decode()
    client.post(f"/settings/prompts/{prompt.id}/", {"name": "Greet all", "text": "Say hello to all"})
    assert names(client) == ["Greet all"]
    client.post(f"/settings/prompts/{prompt.id}/delete")
    assert names(client) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"name": "x"},
        {"name": "", "text": "x"},
        {"name": "x" * 81, "text": "x"},
        {"name": "x", "text": "x" * 8001},
        {"name": "x", "text": "a\0"},
    ],
)
def test_what_is_no_prompt_is_refused(client, ann, wrong):
    assert client.post("/settings/prompts/", wrong).status_code == 422
    assert not Prompt.objects.exists()


def test_there_is_an_end_to_how_many_one_keeps(client, ann, monkeypatch):
    monkeypatch.setattr(prompts, "PROMPTS_MOST", 1)
    for status in (302, 422):
        assert client.post("/settings/prompts/", {"name": "x", "text": "y"}).status_code == status
    assert Prompt.objects.count() == 1


@pytest.mark.parametrize("missing", [True, False], ids=["missing", "somebody else's"])
def test_a_missing_prompt_and_anothers_look_alike(client, ann, missing):
    theirs = prompts.keep(User.objects.create(username="bob").pk, "Secret", "Secret")
    at = f"/settings/prompts/{uuid.uuid4() if missing else theirs.id}/"
    assert names(client) == []
    assert client.get(at).status_code == 404
    assert client.post(at, {"name": "x", "text": "y"}).status_code == 404
    assert client.post(f"{at}delete").status_code == 404
    assert Prompt.objects.get().name == "Secret"


def test_a_name_is_text_on_the_page(client, ann):
    prompts.keep(ann.pk, "<script>x</script>", "<img onerror=1>")
    page = client.get("/settings/prompts/").content.decode()
    assert "<script>x" not in page
    assert "<img onerror" not in page
