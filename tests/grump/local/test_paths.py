import socket
from pathlib import Path

from grump.local.paths import free_port, socket_path, var_dir


def test_a_socket_lies_in_its_directory(tmp_path):
    assert socket_path(tmp_path, "valkey.sock") == tmp_path / "valkey.sock"


def test_a_path_too_long_to_bind_becomes_a_short_one_that_stays_the_same():
    deep, other = Path("/" + "d" * 120), Path("/" + "e" * 120)
    short = socket_path(deep, "valkey.sock")
    assert len(str(short).encode()) <= 107
    assert short == socket_path(deep, "valkey.sock") != socket_path(other, "valkey.sock")


def test_the_longest_path_that_binds_is_kept(tmp_path):
    folder = tmp_path / ("x" * (107 - len(str(tmp_path)) - len("/") - len("/valkey.sock")))
    folder.mkdir()
    path = socket_path(folder, "valkey.sock")
    assert path.parent == folder
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def test_a_free_port_can_be_bound():
    with socket.socket() as server:
        server.bind(("127.0.0.1", free_port()))


def test_the_directory_is_the_one_of_the_settings(settings):
    assert var_dir() == settings.VAR_DIR
