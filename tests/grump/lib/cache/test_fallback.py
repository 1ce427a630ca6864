"""The cache answers while Valkey is away, and finds it again."""

import pytest
from django.conf import settings

from grump.lib.cache import fallback
from grump.lib.cache.fallback import FallbackCache


@pytest.fixture
def away(tmp_path) -> FallbackCache:
    return FallbackCache(f"unix://{tmp_path}/nobody.sock", {})


def test_with_valkey_there_two_processes_share_what_they_keep(valkey):
    one, other = (FallbackCache(settings.REDIS_URL, {}) for _ in range(2))
    one.set("answer", 42)
    assert other.get("answer") == 42
    assert other.incr("answer") == 43
    assert not one.add("answer", 1)
    assert one.delete("answer")
    assert other.get("answer", "none") == "none"


def test_without_valkey_every_operation_still_works(away):
    away.set("a", 1)
    assert away.get("a") == 1
    assert away.add("b", 2)
    assert not away.add("b", 3)
    assert away.incr("b") == 3
    assert away.touch("b", 10)
    assert away.get_many(["a", "b"]) == {"a": 1, "b": 3}
    assert away.delete("a")
    away.clear()
    assert away.get("b") is None


def test_valkey_is_left_alone_for_a_while_and_then_asked_again(away, monkeypatch, caplog):
    away.get("a")
    away.get("a")
    assert caplog.text.count("away") == 1
    monkeypatch.setattr(fallback.time, "monotonic", lambda: away._away_until + 1)
    away.get("a")
    assert caplog.text.count("away") == 2


def test_logging_in_does_not_need_valkey(db, client, settings, tmp_path):
    settings.CACHES = {
        "default": {
            "BACKEND": "grump.lib.cache.fallback.FallbackCache",
            "LOCATION": f"unix://{tmp_path}/nobody.sock",
        }
    }
    response = client.post("/accounts/login/", {"login": "nobody", "password": "wrong"})
    assert response.status_code == 200
