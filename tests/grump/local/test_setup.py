import os
import socket
import subprocess
import sys

import pytest

from grump.local import setup
from grump.local.setup import SetupError


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A root of its own for the set-up's functions."""
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "VAR", tmp_path / "var")
    (tmp_path / "var").mkdir()
    return tmp_path


def test_a_step_is_skipped_while_its_inputs_are_the_same(clone):
    done = []
    for inputs in ("a", "a", "b"):
        setup.step("assets", inputs, clone / "stamp", lambda inputs=inputs: done.append(inputs))
    assert done == ["a", "b"]


def test_a_step_that_failed_is_done_again(clone):
    def fail():
        raise SetupError("no network")

    setup.step("assets", "a", clone / "stamp", lambda: None)
    with pytest.raises(SetupError):
        setup.step("assets", "b", clone / "stamp", fail)
    done = []
    setup.step("assets", "a", clone / "stamp", lambda: done.append("again"))
    assert done == ["again"]


def test_a_digest_sees_contents_and_names_and_skips_results(clone):
    (clone / "static/dist").mkdir(parents=True)
    (clone / "static/app.js").write_text("1")
    before = setup.digest("static", skip="static/dist")
    (clone / "static/dist/out.js").write_text("built")
    assert setup.digest("static", skip="static/dist") == before
    (clone / "static/app.js").write_text("2")
    changed = setup.digest("static", skip="static/dist")
    assert changed != before
    (clone / "static/app.js").rename(clone / "static/page.js")
    assert setup.digest("static", skip="static/dist") != changed


def test_a_failing_command_is_one_line_with_its_last_words(clone):
    with pytest.raises(SetupError) as failed:
        setup.command(
            sys.executable, "-c", "print('much'); raise SystemExit('ERROR: no such wheel')", hint="Hint."
        )
    assert str(failed.value).startswith("Hint. ERROR: no such wheel")
    assert "\n" not in str(failed.value)
    assert "much" in (clone / "var/logs/setup.log").read_text()


def test_a_program_that_is_not_there_is_one_line(clone):
    with pytest.raises(SetupError, match="was not found"):
        setup.command("no-such-program-here")


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("door", [[setup.__file__, "run"], ["-m", "grump.local"]])
def test_a_port_in_use_is_one_clear_line(door):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(sys.executable, *door, PORT=str(port))
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"PORT: 127.0.0.1:{port} cannot be used" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("port", ["eighty", "0", "65536"])
@pytest.mark.parametrize("door", [[setup.__file__, "run"], ["-m", "grump.local"]])
def test_a_port_that_is_none_is_one_clear_line(door, port):
    done = run(sys.executable, *door, PORT=port)
    assert done.returncode == 1
    assert done.stderr.startswith("PORT: expected")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("door", [[setup.__file__, "run"], ["-m", "grump.local"]])
def test_a_directory_that_cannot_be_written_is_one_clear_line(door):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = run(sys.executable, *door, GRUMP_VAR="/proc/grump", PORT=str(port))
    assert done.returncode == 1
    assert "/proc/grump" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_second_supervisor_of_one_directory_is_refused(tmp_path):
    import fcntl

    with (tmp_path / "supervisor.lock").open("w") as lock, socket.socket() as free:
        fcntl.flock(lock, fcntl.LOCK_EX)
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        done = run(sys.executable, "-m", "grump.local", GRUMP_VAR=str(tmp_path), PORT=str(port))
    assert done.returncode == 1
    assert "another `make run`" in done.stderr
