"""Clients of Valkey open connections without looking through what is installed."""

import re
from importlib import metadata
from pathlib import Path

import pytest
from django.conf import settings

from grump.lib import clients
from grump.lib.valkey import tight

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def nothing_is_looked_up(monkeypatch):
    def looked_up(name: str) -> str:
        raise AssertionError(f"{name} was looked for among the installed packages")

    monkeypatch.setattr(metadata, "version", looked_up)


@pytest.mark.usefixtures("nothing_is_looked_up")
async def test_a_connection_of_the_event_loop_is_opened_at_once():
    async with clients.on_loop(settings.REDIS_URL, **tight()) as client:
        assert await client.ping()


@pytest.mark.usefixtures("nothing_is_looked_up")
def test_a_connection_of_a_thread_is_opened_at_once():
    with clients.in_thread(settings.REDIS_URL, **tight()) as client:
        assert client.ping()


def test_every_client_is_made_in_one_place():
    parts = ("grump", "chat", "usage", "figures", "experiments", "training")
    files = [path for part in parts for path in (ROOT / part).rglob("*.py")]
    making = {path for path in files if re.search(r"\bfrom_url\(|\bRedis\([^)]*host", path.read_text())}
    assert making == {ROOT / "grump/lib/clients.py"}
