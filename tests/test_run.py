"""The closing count is what people and pipelines read, so it has tests of its own."""

import subprocess
import sys

import pytest

from tests import run
from tests.run import Count, read_junit, read_node


def closing_line(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.run", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout.splitlines()[-1]


@pytest.fixture
def suite(tmp_path):
    def write(text: str) -> list[str]:
        (tmp_path / "test_given.py").write_text(text)
        return [
            str(tmp_path),
            "--rootdir",
            str(tmp_path),
            "-c",
            "/dev/null",
            "-p",
            "no:django",
            "-p",
            "no:asyncio",
        ]

    return write


def test_it_adds_up_what_passed_failed_and_was_skipped(suite):
    given = suite(
        "import pytest\n"
        "def test_good(): pass\n"
        "def test_bad(): assert 0\n"
        "def test_left(): pytest.skip()\n"
        "@pytest.fixture\n"
        "def broken(): raise OSError\n"
        "def test_error(broken): pass\n"
    )
    assert closing_line(*given) == (1, "1 passed, 2 failed, 1 skipped")


def test_all_passed_is_success(suite):
    assert closing_line(*suite("def test_good(): pass\n")) == (0, "1 passed, 0 failed, 0 skipped")


def test_no_tests_at_all_is_failure(suite):
    code, line = closing_line(*suite(""))
    assert code == 1
    assert line.startswith("0 passed")


def test_a_crash_without_a_report_is_a_failure(suite):
    code, line = closing_line(*suite("import os\ndef test_crash(): os._exit(0)\n"))
    assert (code, line) == (1, "0 passed, 1 failed, 0 skipped")


def test_a_missing_report_is_a_failure(tmp_path):
    assert read_junit(tmp_path / "none.xml") == Count(failed=1)


@pytest.mark.parametrize("mark", ["#", "ℹ"])
def test_node_counts_are_read_from_either_reporter(mark):
    lines = ["tests 6", "pass 3", "fail 1", "cancelled 1", "skipped 1", "todo 0", "duration_ms 10"]
    assert read_node("\n".join(f"{mark} {line}" for line in lines)) == Count(3, 2, 1)


def test_on_a_fleet_every_suite_is_told_so_and_a_lost_answer_fails_the_run(monkeypatch):
    asked = []

    def suite(title: str, paths: list[str], **environment: str) -> Count:
        asked.append((paths, environment))
        return Count(passed=2)

    monkeypatch.setattr(run, "pytest", suite)
    monkeypatch.setattr(run.chromium, "find", lambda: "chromium")
    monkeypatch.setattr(run, "run", lambda command, environment: int(command[-1] == "tests.load"))
    fleet = {"GRUMP_TEST_FLEET": "1", "GRUMP_TEST_DATABASE": "postgres"}
    assert run.on_a_fleet() == Count(passed=4, failed=1)
    assert asked == [(["tests/integration", "tests/fleet"], fleet), (["tests/browser"], fleet)]
