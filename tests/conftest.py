"""Shared fixtures. The environment they live in is made earlier, by tests/environment.py."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings

pytest_plugins = ["tests.fakes.fixtures"]


@pytest.fixture(autouse=True)
def plain_static_files(settings) -> None:
    """Templates name static files as they are: no test needs `collectstatic` to have run."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.WHITENOISE_AUTOREFRESH = True  # else it wants STATIC_ROOT to exist


@pytest.fixture
def valkey() -> Iterator[redis.Redis]:
    """A client of this worker's own Valkey, emptied before and after the test. It waits for as long as a
    crowded machine makes it; of itself it would give up after 5 s."""
    patient: dict[str, Any] = {"socket_timeout": None, "socket_connect_timeout": None}
    client = redis.Redis.from_url(django_settings.REDIS_URL, **patient)
    client.flushall()
    yield client
    client.flushall()
    client.close()
