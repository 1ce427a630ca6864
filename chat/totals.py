"""What turns and calls of the API come to, hour by hour: read from their rows, kept by figures/cells.py.

Counts of "answers": `answers` that ended, by how (`failed`, `interrupted`, `stopped`), `error CODE`, `cached
KIND`, `fell back`, `auto`, tokens, and money in millionths of a dollar: `house` (what providers charge),
`saved by cache`, and for `auto` what the same tokens cost at the reference (`routed`, `at reference`).
Sketches: `first token` and `answer`, in milliseconds.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import get_args

from django.conf import settings
from django.db.models import Count, Max, Min, Sum
from django.utils import timezone

from chat.gateway.catalogue import Catalogue, Model, Tier
from chat.gateway.events import Usage
from chat.gateway.keys import lacks_key
from chat.gateway.loading import load
from chat.gateway.pricing import cost_microusd
from chat.gateway.routing import blended_price
from chat.models import Generation
from figures import browser, feedback, sampling
from figures.cells import ALL, Cells, Cut, Figures, figures_of
from figures.rolling import Source, roll
from grump.lib import env
from usage.models import Entry

ANSWERS, API = "answers", "api"
FIRST_TOKEN, ANSWER_TIME = "first token", "answer"
CUTS = ("provider", "model", "plan", "release", "variant")
UNKNOWN = "unknown"

_COLUMNS = (
    "provider", "model", "plan", "release", "variants", "state", "error_code", "cached", "fell_back",
    "requested_model", "first_token_ms", "total_ms", "input_tokens", "output_tokens", "cached_input_tokens",
    "cost_microusd", "extra_microusd", "saved_microusd",
)  # fmt: skip


def add_up_all(now: datetime | None = None) -> int:
    """Every kind of cells that this package makes; returns how many hours were made."""
    now = now or timezone.now()
    return sum(roll(source, now) for source in SOURCES)


def answers_between(since: datetime, until: datetime) -> Cells:
    """One query. Rows are added up by all that tells them apart, and these sums by cut: a row costs one
    step, however many cuts there are."""
    rows = Generation.objects.filter(ended_at__gte=since, ended_at__lt=until).values_list(*_COLUMNS)
    reference = reference_model(_catalogue())
    apart: dict[tuple[str, ...], Figures] = {}
    for row in rows.iterator(chunk_size=5000):
        key = row[:5]
        if key not in apart:
            apart[key] = Figures()
        _take(apart[key], row)
    cells: Cells = {}
    for key, figures in apart.items():
        if reference is not None and figures["routed"]:
            asked, said, known = (int(figures[f"routed {name}"]) for name in ("input", "output", "known"))
            routed = Usage(asked, said, known)
            figures.count("at reference", cost_microusd(routed, reference.price))
        for cut in _cuts(*key):
            figures_of(cells, cut).merge(figures)
    return cells


def _take(figures: Figures, row: tuple) -> None:
    (_, _, _, _, _, state, error, cached, fell_back, requested, first, total, asked, said, known, cost, extra,
     saved) = row  # fmt: skip
    figures.count("answers")
    if state != Generation.State.COMPLETE:
        figures.count(state)
    if error:
        figures.count(f"error {error}")
    if cached:
        figures.count(f"cached {cached}")
        figures.count("saved by cache", saved)
    if fell_back:
        figures.count("fell back")
    if first is not None:
        figures.note(FIRST_TOKEN, first)
    if total is not None and state == Generation.State.COMPLETE:
        figures.note(ANSWER_TIME, total)
    figures.count("input tokens", asked)
    figures.count("output tokens", said)
    figures.count("house", cost + extra)
    if requested == "auto":
        figures.count("auto")
        if not cached and (asked or said):
            # Only the answer's own cost: what failed attempts cost would have been lost either way.
            figures.count("routed", cost)
            figures.count("routed input", asked)
            figures.count("routed output", said)
            figures.count("routed known", known)


def _cuts(provider: str, model: str, plan: str, release: str, variants: str) -> Iterable[Cut]:
    yield ALL
    yield "provider", provider or UNKNOWN
    yield "model", model or UNKNOWN
    yield "plan", plan or UNKNOWN
    yield "release", release or UNKNOWN
    for variant in variants.split():
        yield "variant", variant


def reference_model(catalogue: Catalogue) -> Model | None:
    """What somebody without a router would have to ask to have every question answered well: the cheapest
    model that can be asked of the highest tier there is. Savings by routing are told against it."""
    environ = env.everything()
    best: Model | None = None
    for model in catalogue.models.values():
        if "chat" not in model.capabilities or not _configured(catalogue, model, environ):
            continue
        if best is None or _rank(model) < _rank(best):
            best = model
    return best


def _rank(model: Model) -> tuple[int, float, str]:
    return -get_args(Tier).index(model.tier), blended_price(model), model.name


def _configured(catalogue: Catalogue, model: Model, environ: dict[str, str]) -> bool:
    provider = catalogue.providers[model.provider]
    return bool(provider.base_url) and not lacks_key(provider, environ)


@cache
def _catalogue() -> Catalogue:
    return load(settings.GRUMP_CATALOG, env.everything())


def calls_between(since: datetime, until: datetime) -> Cells:
    """Calls of the API that were paid for. The ledger knows no times and no failures of them; those are in
    Prometheus's metrics."""
    cells: Cells = {}
    rows = (
        Entry.objects.filter(source="api", at__gte=since, at__lt=until, kind=Entry.Kind.SETTLED)
        .values("provider", "model", "cached")
        .annotate(
            calls=Count("pk"),
            asked=Sum("input_tokens"),
            said=Sum("output_tokens"),
            house=Sum("house_microusd"),
        )
    )
    for row in rows:
        for cut in (ALL, ("provider", row["provider"] or UNKNOWN), ("model", row["model"] or UNKNOWN)):
            figures = figures_of(cells, cut)
            figures.count("answers", row["calls"])
            figures.count("input tokens", row["asked"])
            figures.count("output tokens", row["said"])
            figures.count("house", row["house"])
            if row["cached"]:
                figures.count(f"cached {row['cached']}", row["calls"])
    return cells


def _ended(which: type[Min] | type[Max]) -> datetime | None:
    return Generation.objects.filter(ended_at__isnull=False).aggregate(at=which("ended_at"))["at"]


def _called(which: type[Min] | type[Max]) -> datetime | None:
    return Entry.objects.filter(source="api").aggregate(at=which("at"))["at"]


SOURCES = (
    Source(ANSWERS, lambda: _ended(Min), lambda: _ended(Max), answers_between),
    Source(API, lambda: _called(Min), lambda: _called(Max), calls_between),
    browser.SOURCE,
    feedback.SOURCE,
    sampling.SOURCE,
)
