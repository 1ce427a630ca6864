from pathlib import Path

import pytest

from grump.local.parts import Installation, parts


def names(installation: Installation) -> list[str]:
    return [part.name for part in parts(installation)]


@pytest.fixture
def whole(tmp_path):
    return Installation(var=tmp_path, host="127.0.0.1", port=8000, chat_port=9001, embeddings_port=9002)


def test_the_whole_product_has_seven_processes(whole):
    assert names(whole) == ["valkey", "model", "embeddings", "web", "worker", "fitter", "beat"]


def test_the_web_waits_for_valkey_and_not_for_the_models(whole):
    (web,) = [part for part in parts(whole) if part.name == "web"]
    assert web.needs == ("valkey",)


def test_the_web_stops_first_and_valkey_last(whole):
    order = sorted(parts(whole), key=lambda part: part.stops)
    assert (order[0].name, order[-1].name) == ("web", "valkey")


def test_without_a_local_model_no_model_server_is_started(tmp_path):
    assert names(Installation(tmp_path, "127.0.0.1", 8000)) == ["valkey", "web", "worker", "fitter", "beat"]


def test_a_valkey_of_ones_own_takes_the_embedded_ones_place(tmp_path):
    installation = Installation(tmp_path, "127.0.0.1", 8000, redis_url="redis://cache:6379/0")
    assert names(installation) == ["web", "worker", "fitter", "beat"]
    assert all(not part.needs for part in parts(installation))
    assert installation.environment()["REDIS_URL"] == "redis://cache:6379/0"


def test_the_product_is_told_where_the_models_are(whole):
    told = whole.environment()
    assert told["LOCAL_BASE_URL"] == "http://127.0.0.1:9001/v1"
    assert told["LOCAL_EMBEDDINGS_BASE_URL"] == "http://127.0.0.1:9002/v1"


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
def test_the_server_listens_where_it_is_asked_to(tmp_path, server):
    installation = Installation(tmp_path, "0.0.0.0", 8010, server=server)
    (web,) = [part for part in parts(installation) if part.name == "web"]
    assert {"-m", "grump.serving", server, "0.0.0.0", "8010"} <= set(web.command)
    assert installation.address == "http://127.0.0.1:8010"


def test_an_ipv6_address_is_written_in_brackets():
    assert Installation(Path("/"), "::1", 8000).address == "http://[::1]:8000"


def test_a_fleet_has_several_of_what_carries_it_and_one_beat(tmp_path):
    fleet = Installation(tmp_path, "127.0.0.1", 8000, web_processes=2, workers=2, listening=7)
    assert names(fleet) == ["valkey", "web-1", "web-2", "worker-1", "worker-2", "fitter", "beat"]
    webs = [part for part in parts(fleet) if part.name.startswith("web")]
    assert all(part.descriptors == (7,) and part.overlaps for part in webs)
    assert all(part.command[-2:] == ["--fd", "7"] for part in webs)


def test_a_rolling_restart_renews_the_product_and_leaves_the_embedded_servers(whole):
    renewed = {part.name for part in parts(whole) if part.renewed}
    assert renewed == {"web", "worker", "fitter", "beat"}


def test_a_web_process_has_the_time_that_its_answers_have(tmp_path):
    installation = Installation(tmp_path, "127.0.0.1", 8000, drain_seconds=30)
    (web,) = [part for part in parts(installation) if part.name == "web"]
    assert web.grace > 30
    assert web.environment["DRAIN_SECONDS"] == "30"


def test_what_a_turn_waits_for_has_a_worker_of_its_own(whole):
    queues = {
        part.name: part.command[part.command.index("--queues") + 1]
        for part in parts(whole)
        if "--queues" in part.command
    }
    assert queues == {"worker": "celery", "fitter": "context"}
