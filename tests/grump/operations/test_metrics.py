import os

import pytest

from grump.local import state


def get(client, **headers):
    address = headers.pop("address", "127.0.0.1")
    return client.get("/metrics", REMOTE_ADDR=address, headers=headers).status_code


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_this_machine_may_measure(client, address):
    assert get(client, address=address) == 200


@pytest.mark.parametrize("address", ["10.0.0.7", "203.0.113.9", "", "127.0.0.1.example.com"])
def test_a_stranger_finds_nothing(client, address):
    assert get(client, address=address) == 404


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-Ip", "Forwarded"])
def test_a_proxy_on_this_machine_speaks_for_a_stranger(client, header):
    assert get(client, **{header: "127.0.0.1"}) == 404


def test_behind_a_proxy_only_the_token_counts(client, settings):
    settings.BEHIND_PROXY = True
    settings.METRICS_TOKEN = "let-me-see"
    assert get(client) == 404
    assert get(client, Authorization="Bearer let-me-see") == 200


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", "let-me-see", "Bearer lét-me-see"])
def test_a_wrong_token_finds_nothing(client, settings, given):
    settings.METRICS_TOKEN = "let-me-see"
    assert get(client, address="10.0.0.7", Authorization=given) == 404


def test_an_unset_token_is_nobodys(client, settings):
    settings.METRICS_TOKEN = ""
    assert get(client, address="10.0.0.7", Authorization="Bearer ") == 404


def test_it_is_read_only(client):
    assert client.post("/metrics").status_code == 405


def test_every_queue_and_the_supervised_processes_are_told(client, valkey, monkeypatch):
    child = state.ChildState("web-1", "up", restarts=2, since=0, pid=os.getpid())
    monkeypatch.setattr(state, "read", lambda: {"web-1": child})
    valkey.rpush("celery", "a task", "another")
    valkey.rpush("context", "a task that a turn waits for")
    lines = client.get("/metrics", REMOTE_ADDR="127.0.0.1").content.decode().splitlines()
    told = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert told['grump_queue_length{queue="celery"}'] == "2.0"
    assert told['grump_queue_length{queue="context"}'] == "1.0"
    assert told['grump_process_up{process="web-1"}'] == "1.0"
    assert told['grump_process_restarts_total{process="web-1"}'] == "2.0"
    assert float(told['grump_process_resident_bytes{process="web-1"}']) > 1_000_000
    assert float(told['grump_process_open_files{process="web-1"}']) > 3


def test_a_queue_that_is_away_has_no_length(client, settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    assert b"grump_queue_length{" not in client.get("/metrics", REMOTE_ADDR="127.0.0.1").content
