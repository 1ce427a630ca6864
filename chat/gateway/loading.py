"""The catalogue as it is read: the built-in file, GRUMP_CATALOG merged over it, the environment over both.

A bad entry is refused with its file, table and reason. Tables are merged key by key, so that one line
changes one price; a list or a value replaces what was there.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from chat.gateway import entries
from chat.gateway.catalogue import Catalogue, Model, Provider

BUILT_IN = Path(__file__).with_name("catalog.toml")
DEFAULT_MAX_OUTPUT = 4096  # tokens, or the window where that is smaller

Tables = dict[str, dict[str, Any]]
Refuse = Callable[[str, str], "CatalogueError"]


class CatalogueError(ValueError):
    """`str()` is the one line that whoever wrote the entry needs."""

    def __init__(self, file: str, table: str, reason: str) -> None:
        super().__init__(f"{file}: {table}: {reason}" if table else f"{file}: {reason}")
        self.file = file
        self.table = table
        self.reason = reason


def load(extra_path: str | Path, environ: Mapping[str, str]) -> Catalogue:
    """`extra_path` is GRUMP_CATALOG's value, empty for none. Reads files; raises CatalogueError."""
    sources = [(BUILT_IN.name, _with_keys(_read(BUILT_IN)))]
    if extra_path:
        sources.append((str(extra_path), _read(Path(extra_path))))
    return assemble(sources, environ)


def assemble(sources: Sequence[tuple[str, Mapping[str, Any]]], environ: Mapping[str, str]) -> Catalogue:
    """Pure: parsed files, each with its name, to a catalogue. Later files win."""
    providers: Tables = {}
    models: Tables = {}
    written_in: dict[str, str] = {}  # which file spoke last of a table
    for file, tables in sources:
        for kind in tables:
            if kind not in ("providers", "models"):
                raise CatalogueError(file, kind, "only [providers.…] and [models.…] are known")
        for kind, merged in (("providers", providers), ("models", models)):
            for name, table in _tables(file, kind, tables.get(kind, {})):
                _check_alone(file, kind, name, table)
                merged[name] = _merged(merged.get(name, {}), table)
                written_in[f"{kind}.{name}"] = file
    refuse = partial(_refuse, written_in)
    found = {name: _provider(name, table, environ, refuse) for name, table in providers.items()}
    catalogue = Catalogue(
        providers=found, models={name: _model(name, table, refuse) for name, table in models.items()}
    )
    _check_references(catalogue, refuse)
    return catalogue


def _refuse(written_in: Mapping[str, str], table: str, reason: str) -> CatalogueError:
    return CatalogueError(written_in[table], table, reason)


def variable(provider: str, suffix: str) -> str:
    """`nim`, `API_KEY` → `NIM_API_KEY`."""
    return f"{provider.upper().replace('-', '_')}_{suffix}"


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogueError(str(path), "", f"cannot be read: {error.strerror}") from None
    except ValueError as error:  # not TOML, or not UTF-8
        raise CatalogueError(str(path), "", f"is not TOML: {error}") from None


def _with_keys(built_in: dict[str, Any]) -> dict[str, Any]:
    for name, table in built_in["providers"].items():
        table.setdefault("api_key_env", variable(name, "API_KEY"))
    return built_in


def _tables(file: str, kind: str, tables: Any) -> Iterable[tuple[str, dict[str, Any]]]:
    if not isinstance(tables, dict):
        raise CatalogueError(file, kind, "must be tables")
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise CatalogueError(file, f"{kind}.{name}", "must be a table")
        yield name, table


def _check_alone(file: str, kind: str, name: str, table: dict[str, Any]) -> None:
    """What can be said of one file's table without the others: so the right file is named."""
    checks = entries.PROVIDER if kind == "providers" else entries.MODEL
    whole_table = dict(table)
    if isinstance(table.get("price"), dict):  # it may complete a price of an earlier file
        whole_table["price"] = {"input": 0, "output": 0, **table["price"]}
    try:
        (entries.provider_name if kind == "providers" else entries.model_name)(name)
        entries.fields(whole_table, checks)
    except ValueError as reason:
        raise CatalogueError(file, f"{kind}.{name}", str(reason)) from None


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        before = merged.get(key)
        merged[key] = (
            _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
        )
    return merged


def _provider(name: str, table: Mapping[str, Any], environ: Mapping[str, str], refuse: Refuse) -> Provider:
    where = f"providers.{name}"
    if "dialect" not in table:
        raise refuse(where, "dialect is missing")
    given = _checked(where, table, entries.PROVIDER, refuse)
    override = environ.get(variable(name, "BASE_URL"), "").strip()
    if override:
        try:
            # Several, with commas between: one provider with as many servers.
            given["base_url"], *further = [entries.url(one.strip()) for one in override.split(",")]
            given["replicas"] = tuple(further)
        except ValueError as reason:
            raise CatalogueError("environment", variable(name, "BASE_URL"), str(reason)) from None
    return Provider(name=name, **{"base_url": "", **given})


def _model(name: str, table: Mapping[str, Any], refuse: Refuse) -> Model:
    where = f"models.{name}"
    for key in ("provider", "context", "price", "tier"):
        if key not in table:
            raise refuse(where, f"{key} is missing")
    given = _checked(where, table, entries.MODEL, refuse)
    given.setdefault("upstream", name.rpartition("/")[2])
    given.setdefault("max_output", min(DEFAULT_MAX_OUTPUT, given["context"]))
    if given["max_output"] > given["context"]:
        raise refuse(where, "max_output is larger than the context")
    return Model(name=name, **given)


def _checked(
    where: str, table: Mapping[str, Any], checks: Mapping[str, entries.Check], refuse: Refuse
) -> dict[str, Any]:
    try:
        return entries.fields(table, checks)
    except ValueError as reason:
        raise refuse(where, str(reason)) from None


def _check_references(catalogue: Catalogue, refuse: Refuse) -> None:
    for model in catalogue.models.values():
        where = f"models.{model.name}"
        if model.provider not in catalogue.providers:
            raise refuse(where, f"names a provider that does not exist: {model.provider}")
        for other in model.fallback or ():
            if other not in catalogue.models:
                raise refuse(where, f"falls back to a model that does not exist: {other}")
        # Two models may name each other: a list is walked once, and the lists of those on it are not.
        if model.name in (model.fallback or ()):
            raise refuse(where, "falls back to itself")
