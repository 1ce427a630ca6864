"""One installation a test run, with two web processes that know each other only through what they share."""

from collections.abc import Iterator

import pytest

from tests.fakes import write_catalogue
from tests.integration.processes import House, Web
from tests.integration.provider import ProviderThread
from tests.integration.tab import a_guest


@pytest.fixture(scope="session")
def provider() -> Iterator[ProviderThread]:
    with ProviderThread() as provider:
        yield provider


@pytest.fixture(scope="session")
def house(provider: ProviderThread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    var = tmp_path_factory.mktemp("house")
    house = House(var, write_catalogue(var / "catalogue.toml", provider.url))
    yield house
    house.close()


@pytest.fixture(scope="session")
def daphne(house: House) -> Web:
    return house.start("daphne")


@pytest.fixture(scope="session")
def uvicorn(house: House) -> Web:
    return house.start("uvicorn")


@pytest.fixture(params=["daphne", "uvicorn"])
def web(request: pytest.FixtureRequest) -> Web:
    """Either server: what is promised holds for both."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def guest(daphne: Web) -> str:
    """The session of a new visitor; every process of the installation knows it."""
    return a_guest(daphne)
