"""A chat whose only provider does as it is told."""

from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.db import connections

from chat import protocol
from chat.runtime import Runtime, close_runtime, runtime
from grump.lib.database import close_threads
from tests.fakes.catalogue import write_catalogue
from tests.fakes.server import FakeProvider


@pytest.fixture(scope="session", autouse=True)
def database_threads(django_db_setup) -> Iterator[None]:
    """Work that a cancelled task left in a thread ends before the database goes."""
    yield
    close_threads()


@pytest_asyncio.fixture
async def database(transactional_db) -> AsyncIterator[None]:
    """For tests on an event loop: what Django's own async calls opened in their thread is closed again."""
    yield
    await sync_to_async(connections.close_all)()


@pytest_asyncio.fixture
async def mock(
    fake_provider: FakeProvider, settings, tmp_path, database, valkey
) -> AsyncIterator[FakeProvider]:
    """The fake provider, with a catalogue that points at it: model "mock/<scenario>"."""
    settings.GRUMP_LOCAL_MODEL = False
    settings.GRUMP_CATALOG = str(write_catalogue(tmp_path / "catalogue.toml", fake_provider.url))
    yield fake_provider
    await close_runtime()


@pytest_asyncio.fixture
async def house(mock: FakeProvider) -> Runtime:
    """This test's event loop's own runtime."""
    return runtime()


class QuietLive:
    """Keeps what each user's tabs would have been told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, protocol.ServerFrame]] = []

    def tell_user(self, user_id: int, frame: protocol.ServerFrame) -> None:
        self.told.append((user_id, frame))


@pytest.fixture
def told(monkeypatch) -> list[tuple[int, protocol.ServerFrame]]:
    """For Django's own test client, which has a new event loop for every request: nothing is started."""
    live = QuietLive()
    monkeypatch.setattr("chat.api.conversations.runtime", lambda: SimpleNamespace(live=live))
    return live.told
