import pytest

from tests.chat.gateway.fake_time import FakeTimeLoop


@pytest.fixture
def in_fake_time():
    """Run a coroutine on a loop whose clock jumps instead of waiting; gives back its result."""
    loop = FakeTimeLoop()

    def run(coroutine):
        return loop.run_until_complete(coroutine)

    run.loop = loop
    yield run
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
