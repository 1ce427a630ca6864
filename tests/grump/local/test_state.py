import os

from grump.local import state
from grump.local.state import ChildState


def up(pid: int | None) -> ChildState:
    return ChildState("web", "up", 2, 1_700_000_000.0, pid)


def test_no_file_means_nothing_is_supervised(tmp_path):
    assert state.read(tmp_path / "supervisor.json") == {}


def test_a_broken_file_means_nothing_is_supervised(tmp_path):
    file = tmp_path / "supervisor.json"
    for content in ("", "[]", '{"pid": 1}', '{"pid": 1, "children": [{"nonsense": 1}]}'):
        file.write_text(content)
        assert state.read(file) == {}


def test_what_is_written_is_read(tmp_path):
    state.write([up(os.getpid())], tmp_path / "supervisor.json")
    assert state.read(tmp_path / "supervisor.json") == {"web": up(os.getpid())}


def test_a_child_whose_pid_is_gone_is_down(tmp_path):
    gone = os.fork() or os._exit(0)
    os.waitpid(gone, 0)
    state.write([up(gone)], tmp_path / "supervisor.json")
    found = state.read(tmp_path / "supervisor.json")["web"]
    assert (found.state, found.pid, found.restarts) == ("down", None, 2)
