"""The container file and the Compose file name what is there, and nothing that is not."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from grump.local.parts import Installation, parts
from tests.documents import first_cells, section

ROOT = Path(__file__).resolve().parents[2]
CONTAINERFILE = (ROOT / "deploy/Containerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
OURS = ["web", "worker", "fitter", "beat", "migrate"]
IGNORED = (ROOT / ".dockerignore").read_text().splitlines()


def _copied() -> list[str]:
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.MULTILINE)
    return [word.removeprefix("./") for line in lines for word in line.split()]


def test_everything_that_is_copied_exists_and_every_package_is_copied():
    sources = _copied()
    assert all((ROOT / source).exists() for source in sources)
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "training"}
    assert packages <= set(sources)


def test_what_is_copied_is_let_into_the_build_and_nothing_else():
    assert IGNORED[1] == "*"
    let_in = {line.removeprefix("!") for line in IGNORED if line.startswith("!")}
    assert let_in == {"deploy/Containerfile", *_copied()}
    assert {"static/dist", "**/__pycache__"} <= set(IGNORED)  # built here, of whatever state this clone is in


def test_what_is_taken_out_of_the_image_is_imported_by_the_embedded_parts_alone():
    (names,) = re.findall(r"uninstall --yes (.+)$", CONTAINERFILE, re.MULTILINE)
    required = re.findall(r"^([\w-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert set(names.split()) <= set(required)
    modules = "|".join(name.replace("-", "_") for name in names.split())
    importing = re.compile(rf"^\s*(?:import|from) (?:{modules})\b", re.MULTILINE)
    packages = [ROOT / source for source in _copied() if (ROOT / source / "__init__.py").exists()]
    found = [
        path for package in packages for path in package.rglob("*.py") if importing.search(path.read_text())
    ]
    assert found
    assert all(path.is_relative_to(ROOT / "grump/local") for path in found), found


def test_a_build_leaves_nothing_of_its_own_in_the_folder_that_is_mounted_over():
    assert "GRUMP_VAR=/tmp/var python manage.py collectstatic" in CONTAINERFILE


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


def test_every_queue_has_a_worker_of_its_own():
    commands = [COMPOSE["services"][name]["command"] for name in ("worker", "fitter")]
    taken = [command[command.index("--queues") + 1] for command in commands]
    assert taken == [queue.name for queue in settings.CELERY_TASK_QUEUES]


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_takes_any_further_variable_from_a_file_that_git_ignores(name):
    (further,) = COMPOSE["services"][name]["env_file"]
    assert further == {"path": "product.env", "required": False}
    assert {".env", "product.env"} <= set((ROOT / ".gitignore").read_text().splitlines())


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
