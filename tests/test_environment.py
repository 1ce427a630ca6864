"""The world of the tests keeps its own promises."""

import socket

import pytest
from django.conf import settings

from tests.environment import RealNetworkCall


def test_it_refuses_a_connection_to_another_machine():
    with socket.socket() as connection, pytest.raises(RealNetworkCall, match=r"192\.0\.2\.1"):
        connection.connect(("192.0.2.1", 80))


def test_it_refuses_to_look_up_a_strangers_name():
    with pytest.raises(RealNetworkCall, match=r"api\.example\.com"):
        socket.getaddrinfo("api.example.com", 443)


def test_it_lets_loopback_through():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


def test_every_store_points_at_the_valkey_of_this_run(valkey):
    valkey.set("here", "yes")
    assert valkey.get("here") == b"yes"
    assert settings.CACHES["default"]["LOCATION"] == settings.REDIS_URL
    assert settings.REDIS_URL.removeprefix("unix://").startswith(str(settings.VAR_DIR))


def test_the_tests_valkey_is_waited_for_however_crowded_the_machine_is(valkey):
    limits = valkey.get_connection_kwargs()
    assert (limits["socket_timeout"], limits["socket_connect_timeout"]) == (None, None)


@pytest.mark.django_db
def test_the_database_belongs_to_this_run():
    from django.db import connection

    assert connection.vendor == "postgresql" or str(settings.VAR_DIR) in str(connection.settings_dict["NAME"])
