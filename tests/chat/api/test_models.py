"""`/api/models` and `/api/providers`: what can be chosen, and how those who answer are doing."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from chat.api import models
from chat.gateway.loading import load
from chat.gateway.routing import Health
from chat.gateway.stack import ModelEntry

pytestmark = pytest.mark.django_db(transaction=True)


class FakeGateway:
    """Two providers of the built-in catalogue, in the health it is given."""

    def __init__(self, health: Health) -> None:
        catalogue = load("", {})
        self._entries = [
            ModelEntry(model, catalogue.providers[model.provider], model.provider in health.configured)
            for model in catalogue.models.values()
            if model.provider in ("groq", "mistral", "openai") and "chat" in model.capabilities
        ]
        self._health = health

    def models(self) -> list[ModelEntry]:
        return self._entries

    def health(self) -> Health:
        return self._health


@pytest.fixture
def tell(monkeypatch):
    client = Client()
    client.force_login(get_user_model().objects.create(username="ann"))

    def told(health: Health) -> dict:
        fake = FakeGateway(health)
        monkeypatch.setattr(models, "gateway", lambda: fake)
        found = client.get("/api/providers").json()["providers"]
        return {provider["provider"]: provider for provider in found}

    return told


def test_only_those_that_are_configured_are_told_of(tell):
    assert set(tell(Health({"groq"}))) == {"groq"}


def test_a_provider_rests_when_its_breaker_is_open_and_partly_when_a_models_is(tell):
    one = next(name for name in load("", {}).models if name.startswith("mistral/"))
    told = tell(Health({"groq", "mistral", "openai"}, {"groq", one}))
    assert {name: provider["state"] for name, provider in told.items()} == {
        "groq": "resting",
        "mistral": "partly",
        "openai": "up",
    }


def test_how_soon_it_begins_is_the_quickest_of_its_models(tell):
    times = {name: 0.25 for name in load("", {}).models if name.startswith("groq/")}
    told = tell(Health({"groq", "openai"}, first_token_s=times.get))
    assert told["groq"]["first_token_ms"] == 250
    assert told["openai"]["first_token_ms"] is None


def test_nobody_is_told_nothing(tell):
    assert Client().get("/api/providers").status_code == 404
