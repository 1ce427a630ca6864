"""The units and the proxy of one machine start what the supervisor starts, and know only what there is."""

import re
import shlex
from pathlib import Path

import pytest
from django.conf import settings

from grump.local.parts import Installation, parts
from tests.documents import first_cells, section

ROOT = Path(__file__).resolve().parents[2]
UNITS = {path.name: path.read_text() for path in (ROOT / "deploy/systemd").glob("grump-*")}
VARIABLES = (ROOT / "deploy/systemd/grump.env").read_text()
PROXY = (ROOT / "deploy/nginx.conf").read_text()
SUPERVISED = {part.name: part.command for part in parts(Installation(Path("/v"), "h", 1, drain_seconds=30))}


def value(unit: str, key: str) -> str:
    (found,) = re.findall(rf"^{key}=(.*)$", UNITS[unit], re.MULTILINE)
    return found


def option(command: list[str], name: str) -> str:
    return command[command.index(name) + 1]


@pytest.mark.parametrize(("unit", "part"), [("grump-worker@", "worker"), ("grump-fitter", "fitter")])
def test_each_worker_takes_the_queue_that_it_takes_under_the_supervisor(unit, part):
    command = shlex.split(value(f"{unit}.service", "ExecStart"))
    for name in ("--queues", "--concurrency"):
        assert option(command, name) == option(SUPERVISED[part], name)
    assert {"--without-gossip", "--without-mingle"} <= set(command)


def test_every_queue_has_its_worker():
    taken = {
        option(shlex.split(value(unit, "ExecStart")), "--queues")
        for unit in ("grump-worker@.service", "grump-fitter.service")
    }
    assert taken == {queue.name for queue in settings.CELERY_TASK_QUEUES}


def test_a_web_process_accepts_on_the_socket_and_has_the_time_to_leave():
    assert value("grump-web@.service", "ExecStart").endswith("-m grump.serving --fd 3")
    assert value("grump-web@.service", "Sockets") == "grump-web.socket"
    assert int(value("grump-web@.service", "TimeoutStopSec")) >= 30 + 12
    assert value("grump-web@.service", "KillMode") == "mixed"  # SIGTERM to the process alone


@pytest.mark.parametrize("unit", [name for name in UNITS if name.endswith(".service")])
def test_no_process_is_root_or_writes_elsewhere(unit):
    assert value(unit, "User") == "grump"
    assert value(unit, "ProtectSystem") == "strict"
    assert value(unit, "NoNewPrivileges") == "yes"


def test_every_variable_of_the_example_is_in_the_table():
    known = {
        name
        for cell in first_cells(section("README.md", "## Settings"))
        for name in re.findall(r"[A-Z][A-Z0-9_]+", cell)
    }
    assert set(re.findall(r"^([A-Z][A-Z0-9_]*)=", VARIABLES, re.MULTILINE)) <= known


def test_the_proxy_says_who_came_and_keeps_sockets_open():
    assert "X-Forwarded-For $remote_addr" in PROXY  # a visitor's own is not passed on
    assert "X-Forwarded-Proto $scheme" in PROXY
    assert "Upgrade $http_upgrade" in PROXY
    assert "proxy_buffering off" in PROXY
    assert f"client_max_body_size {settings.MAX_IMPORT_BYTES // 1024 // 1024}m" in PROXY
