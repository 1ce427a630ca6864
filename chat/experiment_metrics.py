"""What experiments are measured by in a chat. One place: a further metric is a function and a line."""

from typing import Any

from django.db.models import Case, Exists, F, FloatField, OuterRef, Q, QuerySet, Value, When

from chat.models import Generation, Message
from experiments.metrics import DAY, Metric, register
from figures.models import Satisfaction, Thumb
from usage.models import Entry

ONE = Value(1.0, output_field=FloatField())


def _share(condition: Q | Exists) -> Case:
    return Case(When(condition, then=ONE), default=Value(0.0), output_field=FloatField())


def _ended() -> QuerySet[Any]:
    return Generation.objects.exclude(state=Generation.State.RUNNING)


def _share_of_answers(condition: Q) -> Any:
    return lambda: _ended().annotate(value=_share(condition), of=ONE)


def _timed(field: str) -> Any:
    timed = _ended().filter(**{f"{field}__isnull": False})
    return lambda: timed.annotate(value=F(field))


def _regenerated() -> QuerySet[Any]:
    """An answer to a question that had been answered before."""
    earlier = Message.objects.filter(
        parent_id=OuterRef("message__parent_id"),
        role=Message.Role.ASSISTANT,
        created_at__lt=OuterRef("message__created_at"),
    )
    return _ended().annotate(value=_share(Exists(earlier)), of=ONE)


def _asked() -> QuerySet[Any]:
    return Message.objects.filter(role=Message.Role.USER).annotate(value=ONE)


def _charged() -> QuerySet[Any]:
    return Entry.objects.annotate(value=F("house_microusd"))


def _thumbs() -> QuerySet[Any]:
    return Thumb.objects.annotate(value=_share(Q(up=True)), of=ONE)


def _scores() -> QuerySet[Any]:
    return Satisfaction.objects.filter(score__isnull=False).annotate(value=F("score"), of=ONE)


_State = Generation.State

METRICS = (
    Metric(
        "first_token",
        "First token, median",
        "quantile",
        "lower",
        _timed("first_token_ms"),
        unit="ms",
        quantile=0.5,
    ),
    Metric(
        "first_token_p95",
        "First token, P95",
        "quantile",
        "lower",
        _timed("first_token_ms"),
        unit="ms",
        quantile=0.95,
    ),
    Metric(
        "answer_time",
        "Whole answer, median",
        "quantile",
        "lower",
        _timed("total_ms"),
        unit="ms",
        quantile=0.5,
    ),
    Metric(
        "answer_time_p95",
        "Whole answer, P95",
        "quantile",
        "lower",
        _timed("total_ms"),
        unit="ms",
        quantile=0.95,
    ),
    Metric(
        "error_rate",
        "Answers that failed",
        "ratio",
        "lower",
        _share_of_answers(Q(state=_State.FAILED)),
        unit="share",
    ),
    Metric(
        "stop_rate",
        "Answers that were stopped",
        "ratio",
        "lower",
        _share_of_answers(Q(state=_State.STOPPED)),
        unit="share",
    ),
    Metric("regenerate_rate", "Answers asked for again", "ratio", "lower", _regenerated, unit="share"),
    Metric(
        "fallback_rate",
        "Answers from a fallback",
        "ratio",
        "lower",
        _share_of_answers(Q(fell_back=True)),
        unit="share",
    ),
    Metric("messages_a_day", "Messages a day", "mean", "higher", _asked, a_day=True, past=True),
    Metric(
        "next_day",
        "Back on the next day",
        "mean",
        "higher",
        _asked,
        unit="share",
        once=True,
        within=(DAY, 2 * DAY),
    ),
    Metric(
        "cost", "Our cost a person", "mean", "lower", _charged, at="at", unit="usd", past=True, scale=1e-6
    ),
    Metric("thumbs_up", "Thumbs up, of all", "ratio", "higher", _thumbs, at="at", unit="share"),
    Metric("satisfaction", "Satisfaction, of 5", "ratio", "higher", _scores, at="answered_at"),
)


def register_all() -> None:
    register(*METRICS)
