"""`/admin/experiments/experiment/<id>/results/`: what staff see of an experiment, and do with it."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from experiments import conduct, forcing
from experiments.models import Experiment, Reading

RAMPS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0)
WIDTH, MIDDLE = 160, 80  # of the picture of a lift, in its own units
WIDEST = 0.5  # lifts beyond are drawn at its edge


@require_http_methods(["GET", "POST"])
def results(request: HttpRequest, pk: int) -> HttpResponse:
    """Only who may change experiments may do anything; who may see them sees the page."""
    if not request.user.has_perm("experiments.view_experiment"):
        raise PermissionDenied
    experiment = get_object_or_404(Experiment, pk=pk)
    may_change = request.user.has_perm("experiments.change_experiment")
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        _do(request, experiment)
        return redirect("admin:experiments_experiment_results", pk=pk)
    newest = experiment.readings.filter(phase=experiment.phase).order_by("-at").first()
    # What is kept under no phase is what was reckoned before the start.
    reading, forecast = (newest, None) if experiment.phase else (None, newest)
    page = {
        **admin.site.each_context(request),
        "title": experiment.title,
        "experiment": experiment,
        "opts": Experiment._meta,
        "may_change": may_change,
        "percent": experiment.coverage * 100,
        "phase": experiment.phases.last(),
        "ramps": [(part, f"{part:.0%}") for part in RAMPS if part > experiment.coverage],
        "variants": [
            (variant, request.build_absolute_uri(forcing.link_to(experiment, variant.key)))
            for variant in experiment.variants.all()
        ],
        "reading": reading,
        "result": reading.result if reading else None,
        "lines": _lines(reading, experiment) if reading else [],
        "vitals": _vitals(reading) if reading else [],
        "forecast": forecast,
        "effect": f"{forecast.result.get('effect', 0) * 100:.3g} %" if forecast else "",
    }
    return render(request, "admin/experiments/results.html", page)


def _do(request: HttpRequest, experiment: Experiment) -> None:
    actor: Any = request.user
    wish = request.POST.get("do", "")
    try:
        match wish:
            case "start":
                conduct.start(experiment, actor)
            case "ramp":
                conduct.ramp(experiment, _part(request.POST.get("coverage", "")), actor)
            case "stop":
                conduct.stop(experiment, "Stopped by hand.", actor=actor)
            case "ship":
                conduct.stop(experiment, "Shipped.", ship=request.POST.get("variant", ""), actor=actor)
            case "forecast":
                _forecast(experiment)
            case "read":
                _read(experiment)
            case _:
                raise conduct.Refused("There is nothing of this kind to do.")
    except conduct.Refused as refused:
        messages.error(request, str(refused))


def _part(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise conduct.Refused("Coverage is a number from 0 to 1.") from None


def _read(experiment: Experiment) -> None:
    from experiments.guardrails import watch  # SciPy, which the web process loads only here
    from experiments.readings import take

    if not experiment.phase:
        raise conduct.Refused("It has not started yet: there is nothing to read.")
    watch(experiment, take(experiment))


def _forecast(experiment: Experiment) -> None:
    from experiments.forecast import take  # as above

    if experiment.phase:
        raise conduct.Refused("It has started: its readings say how long it takes still.")
    take(experiment)


# --- What is shown


@dataclass(frozen=True, slots=True)
class Line:
    """One variant by one metric. `picture`: the ends and the middle of the lift's interval, drawn."""

    metric: str
    first: bool
    rows: int
    deciding: bool
    guards: bool
    variant: str
    units: int
    figure: str
    interval: str
    lift: str = ""
    lift_interval: str = ""
    p: str = ""
    verdict: str = ""
    picture: dict[str, int] | None = None


def _lines(reading: Reading, experiment: Experiment) -> list[Line]:
    guarded = set(experiment.guardrails.values_list("metric", flat=True))
    lines = []
    for metric in reading.result["metrics"]:
        for number, shown in enumerate(metric["variants"]):
            lines.append(
                Line(
                    metric=metric["title"],
                    first=number == 0,
                    rows=len(metric["variants"]),
                    deciding=metric["name"] == experiment.primary,
                    guards=metric["name"] in guarded,
                    variant=shown["key"],
                    units=shown["units"],
                    **_figures(metric, shown, control=number == 0),
                )
            )
    return lines


def _figures(metric: dict[str, Any], shown: dict[str, Any], control: bool) -> dict[str, Any]:
    if "value" not in shown:
        return {"figure": "–", "interval": "", "verdict": "" if control else "not enough yet"}
    unit = metric["unit"]
    told: dict[str, Any] = {
        "figure": _in_unit(shown["value"], unit),
        "interval": f"{_in_unit(shown['low'], unit)} to {_in_unit(shown['high'], unit)}",
    }
    if control:
        return told | {"verdict": "control"}
    if "lift" not in shown:
        return told | {"verdict": "not enough yet"}
    low, high = shown["lift_low"], shown["lift_high"]
    sure = shown["p_adjusted"] < 0.05 and not low <= 0 <= high
    better = (shown["lift"] < 0) == (metric["better"] == "lower")
    return told | {
        "lift": f"{shown['lift']:+.1%}",
        "lift_interval": f"{low:+.1%} to {high:+.1%}",
        "p": "< 0.001" if shown["p_adjusted"] < 0.001 else f"{shown['p_adjusted']:.3f}",
        "verdict": ("better" if better else "worse") if sure else "no difference yet",
        "picture": {"low": _x(low), "middle": _x(shown["lift"]), "high": _x(high)},
    }


VITALS = {
    "LCP": "Largest contentful paint",
    "INP": "Interaction to next paint",
    "CLS": "Layout shift",
    "FCP": "First contentful paint",
    "TTFB": "First byte",
    "SEND_TO_PAINT": "From sending to the first words",
}


def _vitals(reading: Reading) -> list[tuple[str, list[tuple[str, int]]]]:
    """A title, and of each variant the figure and how many timings are behind it."""

    def shown(name: str, p75: float | None) -> str:
        if p75 is None:
            return "–"
        return f"{p75:.3f}" if name == "CLS" else _in_unit(p75, "ms")

    return [
        (
            VITALS.get(one["name"], one["name"]),
            [(shown(one["name"], variant["p75"]), variant["count"]) for variant in one["variants"]],
        )
        for one in reading.result.get("vitals", [])
    ]


def _x(lift: float) -> int:
    return round(MIDDLE + max(-WIDEST, min(WIDEST, lift)) / WIDEST * (MIDDLE - 6))


def _in_unit(value: float, unit: str) -> str:
    match unit:
        case "ms":
            return f"{value:,.0f} ms"
        case "share":
            return f"{value:.2%}"
        case "usd":
            return f"${value:,.5f}"
        case _:
            return f"{value:,.3g}"
