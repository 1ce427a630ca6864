"""A bad catalogue stops the start with one clear line."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[providers.mock", "catalogue.toml"),
        ('[models."a/b"]\nprovider = "local"', "context is missing"),
    ],
)
def test_a_bad_catalogue_stops_the_start_with_one_line(tmp_path, content, says):
    path = tmp_path / "catalogue.toml"
    path.write_text(content)
    started = subprocess.run(
        [sys.executable, "manage.py", "check"],
        env={**os.environ, "GRUMP_CATALOG": str(path)},
        capture_output=True,
        text=True,
    )
    assert started.returncode == 1
    assert len(started.stderr.strip().splitlines()) == 1
    assert "GRUMP_CATALOG" in started.stderr
    assert says in started.stderr
