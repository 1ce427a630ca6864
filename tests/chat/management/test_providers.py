"""manage.py providers: what an operator is told."""

import asyncio
import threading
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
import tomli_w
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.fakes import FakeProvider
from tests.fakes.catalogue import catalogue


@pytest.fixture
def served() -> Iterator[FakeProvider]:
    """A fake on a loop and thread of its own: the command runs a loop itself."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    fake = FakeProvider()
    asyncio.run_coroutine_threadsafe(fake.__aenter__(), loop).result(5)
    yield fake
    asyncio.run_coroutine_threadsafe(fake.__aexit__(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def listed(settings, monkeypatch, path: Path, *providers: dict, probe: bool = False) -> str:
    tables: dict = {"providers": {}, "models": {}}
    for given in providers:
        for kind, entries in given.items():
            tables[kind] |= entries
    path.write_text(tomli_w.dumps(tables))
    settings.GRUMP_CATALOG = str(path)
    for name in ("LOCAL_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    out = StringIO()
    try:
        call_command("providers", probe=probe, stdout=out)
    except CommandError as error:
        out.write(str(error))
    return out.getvalue()


def test_it_says_who_is_configured_and_what_the_others_lack(settings, monkeypatch, tmp_path: Path) -> None:
    told = listed(
        settings, monkeypatch, tmp_path / "c.toml", catalogue("http://127.0.0.1:1/v1", ["fast", "other"])
    )
    lines = {line.split()[0]: line for line in told.splitlines()}
    assert lines["mock"].endswith("2 models, configured")
    assert lines["openai"].endswith("not configured: OPENAI_API_KEY is not set")
    assert lines["local"].endswith("not configured: LOCAL_BASE_URL is not set")


def test_a_probe_asks_each_one_that_is_configured_for_one_token(
    settings, monkeypatch, tmp_path: Path, served: FakeProvider
) -> None:
    sick = catalogue(served.url, ["server-error"], provider="sick")
    told = listed(
        settings, monkeypatch, tmp_path / "c.toml", catalogue(served.url, ["fast"]), sick, probe=True
    )
    lines = {line.split()[0]: line for line in told.splitlines()}
    assert "mock/fast answered after 0." in lines["mock"]
    assert "sick/server-error failed: " in lines["sick"]
    assert told.endswith("No answer from sick.")
    assert {stream.scenario for stream in served.ledger.streams} == {"fast", "server-error"}
    assert {stream.request["max_tokens"] for stream in served.ledger.streams} == {1}


def test_it_names_what_a_server_serves_beside_the_catalogue(
    settings, monkeypatch, tmp_path: Path, served: FakeProvider
) -> None:
    tables = catalogue(served.url, ["other"])
    tables["providers"]["mock"]["discover"] = True
    away = catalogue("http://127.0.0.1:1/v1", ["fast"], provider="away")
    away["providers"]["away"]["discover"] = True
    told = listed(settings, monkeypatch, tmp_path / "c.toml", tables, away)
    assert "mock/fast, found on the server" in told
    assert "mock/other, found on the server" not in told
    assert "its list of models cannot be read" in told
