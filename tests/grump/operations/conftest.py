import pytest


@pytest.fixture(autouse=True)
def _doors(settings):
    settings.ROOT_URLCONF = "tests.grump.operations.doors"
