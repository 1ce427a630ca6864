"""A GRUMP_CATALOG file whose provider `mock` is a fake: model "mock/<scenario>" for every scenario."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tomli_w

from tests.fakes.scenarios import SCENARIOS

TIMEOUTS = {"connect": 2, "first_token": 30, "idle": 15, "total": 120}


def catalogue(
    url: str,
    scenarios: Iterable[str] = SCENARIOS,
    *,
    provider: str = "mock",
    fallback: Mapping[str, list[str]] | None = None,
    timeouts: Mapping[str, float] | None = None,
    max_concurrency: int = 2_000,
    embeddings: bool = False,
) -> dict[str, Any]:
    """The tables of one provider. `fallback` maps a scenario to the names of models, `{"hang":
    ["mock/other"]}`; every other model has none, so that what a test sees is what it asked for.
    `embeddings` adds the model "mock/embed"."""
    fallback = fallback or {}
    embedding = {
        "provider": provider,
        "upstream": "embed",
        "context": 8192,
        "max_output": 8192,
        "price": {"input": 2.0, "output": 0.0},
        "tier": "simple",
        "capabilities": ["embeddings"],
    }
    return {
        "providers": {
            provider: {
                "dialect": "openai",
                "base_url": url,
                "timeouts": {**TIMEOUTS, **(timeouts or {})},
                "max_concurrency": max_concurrency,
            }
        },
        "models": {
            f"{provider}/{name}": {
                "provider": provider,
                "upstream": name,
                "context": 8192,
                "max_output": 2048,
                "price": {"input": 0.10, "output": 0.40, "cached_input": 0.01},
                "tier": "simple",
                "capabilities": ["chat", "prefill"],
                "fallback": fallback.get(name, []),
            }
            for name in scenarios
        }
        | ({f"{provider}/embed": embedding} if embeddings else {}),
    }


def write_catalogue(path: Path, url: str, scenarios: Iterable[str] = SCENARIOS, **options: Any) -> Path:
    """Write the file for GRUMP_CATALOG and return its path."""
    path.write_text(tomli_w.dumps(catalogue(url, scenarios, **options)))
    return path
