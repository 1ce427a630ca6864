"""A task of the worker has an event loop of its own, and leaves nothing of it behind."""

import gc
from collections.abc import Iterator

import pytest
from django.core.cache import caches

from grump.lib import loops


@pytest.fixture
def nothing_is_collected() -> Iterator[None]:
    """What a loop left open would else be closed by chance, whenever the collector comes by."""
    gc.disable()
    yield
    gc.enable()


async def kept_and_read(number: int) -> int:
    await caches["default"].aset(f"context:loops:{number}", number, 60)
    await caches["default"].aadd(f"rates:loops:{number}", 1, 60)
    return number


@pytest.mark.usefixtures("nothing_is_collected")
def test_no_connection_outlives_its_loop(valkey):
    loops.run(kept_and_read(0))  # what a process opens once is open
    before = len(valkey.client_list())
    assert [loops.run(kept_and_read(number)) for number in range(5)] == [0, 1, 2, 3, 4]
    assert len(valkey.client_list()) == before


@pytest.mark.usefixtures("nothing_is_collected")
def test_nor_one_that_failed(valkey):
    async def broken() -> None:
        await kept_and_read(0)
        raise LookupError

    before = len(valkey.client_list())
    for _ in range(3):
        with pytest.raises(LookupError):
            loops.run(broken())
    assert len(valkey.client_list()) <= before + 1  # the watch of this process may begin here
