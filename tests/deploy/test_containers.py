"""The container file and the Compose file name what is there, and nothing that is not."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from grump.local.parts import Installation, parts
from tests.documents import first_cells, section

ROOT = Path(__file__).resolve().parents[2]
CONTAINERFILE = (ROOT / "deploy/Containerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
OURS = ["web", "worker", "beat", "migrate"]


def test_everything_that_is_copied_exists_and_every_package_is_copied():
    sources = [
        word
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.MULTILINE)
        for word in line.split()
    ]
    assert all((ROOT / source).exists() for source in sources)
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "training"}
    assert packages <= set(sources)


def test_the_image_is_not_root_and_its_packages_are_pinned():
    assert re.search(r"^USER 10001$", CONTAINERFILE, re.MULTILINE)
    assert "--require-hashes" in CONTAINERFILE


def test_the_image_starts_a_web_process_as_the_supervisor_does():
    (command,) = re.findall(r"^CMD (\[.+\])$", CONTAINERFILE, re.MULTILINE)
    web = next(part for part in parts(Installation(Path("/v"), "h", 1)) if part.name == "web")
    assert web.command[1:3] == yaml.safe_load(command)[1:3] == ["-m", "grump.serving"]


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_is_read_only_and_told_known_variables(name):
    service = COMPOSE["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    known = set(first_cells(section("README.md", "## Settings")))
    assert set(service["environment"]) <= known


def test_services_need_and_mount_what_there_is():
    for service in COMPOSE["services"].values():
        assert set(service.get("depends_on", ())) <= set(COMPOSE["services"])
        for volume in service.get("volumes", ()):
            assert volume.partition(":")[0] in COMPOSE["volumes"]


def test_web_has_the_time_to_leave():
    assert int(COMPOSE["services"]["web"]["stop_grace_period"].rstrip("s")) >= 30 + 12


def test_valkey_evicts_nothing():
    command = COMPOSE["services"]["valkey"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"


def test_nim_reserves_a_gpu_and_keeps_its_weights():
    nim = COMPOSE["services"]["nim"]
    (device,) = nim["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])
    assert nim["environment"]["NIM_CACHE_PATH"] in nim["volumes"][0]
    assert nim["profiles"] == ["nim"]


def test_no_secret_is_written_down():
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"KEY|PASSWORD|TOKEN", name):
                assert str(value).startswith("${"), name
