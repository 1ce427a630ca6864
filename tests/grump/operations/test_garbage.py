"""The collector leaves alone what was loaded at the start."""

import gc
import subprocess
import sys

import pytest

from grump.operations import garbage


@pytest.fixture
def collector():
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.mark.usefixtures("collector")
def test_what_was_loaded_is_not_looked_through_and_what_comes_later_is():
    loaded = [[]]
    garbage.keep_what_is_loaded()
    assert not any(one is loaded for one in gc.get_objects())
    later: list[object] = []
    later.append(later)
    assert any(one is later for one in gc.get_objects())
    assert gc.get_threshold() == garbage.THRESHOLDS


def test_the_web_process_does_so_once_all_is_imported():
    code = "import gc, grump.asgi; print(gc.get_freeze_count())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(said) > 50_000
