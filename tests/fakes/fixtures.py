"""Fixtures: a provider that does as it is told."""

import socket
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.fakes.server import FakeProvider


@pytest_asyncio.fixture
async def fake_provider() -> AsyncIterator[FakeProvider]:
    """On the test's own event loop and a free port; at the end everything it opened is closed."""
    async with FakeProvider() as provider:
        yield provider


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port at which nobody answers: bound, so that nobody else takes it, but not listening."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
