"""DATABASE_URL → Django's settings of a database, with what either kind needs to serve many at once."""

from pathlib import Path
from typing import Any

import dj_database_url

SQLITE_OPTIONS = {
    # IMMEDIATE takes the write lock at BEGIN: a transaction never fails half-way with
    # "database is locked" because another writer came between its read and its write.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "cached_statements": 100,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
        "PRAGMA mmap_size=134217728; PRAGMA cache_size=-16000;"
        # Pages of its log after which a commit folds it into the file; grump/lib/folding.py does so
        # long before, in nobody's time.
        "PRAGMA wal_autocheckpoint=8000"
    ),
}


def settings_from(url: str, pool_size: int, tests: Path) -> dict[str, Any]:
    """An entry of DATABASES; `tests` is the folder of the file that a test run uses. ValueError says what is
    wrong with the URL."""
    try:
        database: dict[str, Any] = dict(dj_database_url.parse(url))
    except (ValueError, dj_database_url.UnknownSchemeError) as error:
        raise ValueError(str(error).splitlines()[0]) from None
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database["OPTIONS"] = SQLITE_OPTIONS
        # A file, so that the threads of one test process see one database.
        database["TEST"] = {"NAME": str(tests / "test.sqlite3")}
        tests.mkdir(parents=True, exist_ok=True)
    elif database["ENGINE"] == "django.db.backends.postgresql":
        # Persistent connections leak under ASGI; psycopg's pool is the supported way.
        database["CONN_MAX_AGE"] = 0
        database["OPTIONS"] = {
            **database.get("OPTIONS", {}),
            "pool": {"min_size": 1, "max_size": pool_size, "timeout": 10},
        }
    else:
        raise ValueError("expected sqlite:// or postgres://")
    return database
