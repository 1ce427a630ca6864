"""One fleet for these tests, started as `make fleet` starts it, with its own PostgreSQL."""

from collections.abc import Iterator

import pytest

from tests.fakes import SCENARIOS, write_catalogue
from tests.fakes.script import Ask, Finish, Paced, Role, Scenario, Steps
from tests.fakes.words import tokens
from tests.integration.processes import Fleet, House, free_port
from tests.integration.provider import ProviderThread


def script(ask: Ask) -> Steps:
    return [Role(), Paced(tokens(250), 25), Finish()]


STEADY = Scenario("steady", "25 tokens a second for ten seconds.", script)


@pytest.fixture(scope="session")
def fleet(tmp_path_factory) -> Iterator[Fleet]:
    var = tmp_path_factory.mktemp("fleet")
    with ProviderThread({**SCENARIOS, "steady": STEADY}) as provider:
        catalogue = write_catalogue(var / "catalogue.toml", provider.url, ["steady", "fast"])
        house = House(var, catalogue, {"GUESTS_PER_ADDRESS": "100000"}, database=False)
        fleet = Fleet(house, "daphne", free_port(), GRUMP_WORKERS="1", DRAIN_SECONDS="30")
        fleet.wait_until_it_answers()
        yield fleet
        took = fleet.terminate()
        house.close()
        assert took < 30
