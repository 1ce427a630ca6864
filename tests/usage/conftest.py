import pytest

from grump.accounts.models import User


@pytest.fixture
def ann(db) -> User:
    return User.objects.create(username="ann")


@pytest.fixture
def bob(db) -> User:
    return User.objects.create(username="bob")
