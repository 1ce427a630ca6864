"""Find the data and programs that come as wheels."""

import importlib.util
from pathlib import Path


class PartMissing(Exception):
    """An embedded part's wheel is not installed; the message names it and says what to do."""


def folder(module: str, wheel: str, instead: str) -> Path:
    """The installed package's directory, found without importing it. `instead` is how to do without."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise PartMissing(f"{wheel} is not installed: run `make run`, or {instead}")
    return Path(spec.origin).parent
