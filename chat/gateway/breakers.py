"""Which trouble opens whose breaker: one for each provider, and one for each model of it.

A host that refuses connections or keys is of no use for any of its models; a model that hangs or fails
says nothing about its neighbours. A call needs both breakers' leave, and reports to both.
"""

from collections.abc import Collection

from chat.gateway.errors import (
    BreakerOpen,
    ConnectFailed,
    ContentFiltered,
    ContextTooLong,
    FirstTokenTimeout,
    GarbledStream,
    IdleTimeout,
    ModelMissing,
    Truncated,
    UpstreamFailed,
    UpstreamRateLimited,
    UpstreamRejectedKey,
)
from grump.lib.breaker import Admission, Breaker, LocalStore, Outcome, State, Store, show

_PROVIDER_SICK = (ConnectFailed, UpstreamRejectedKey)
_MODEL_SICK = (FirstTokenTimeout, IdleTimeout, Truncated, GarbledStream, UpstreamFailed, ModelMissing)
_WELL = (UpstreamRateLimited, ContextTooLong, ContentFiltered)  # refused, and thereby alive


def verdict(error: BaseException | None, *, answered: bool, slow: bool = False) -> tuple[Outcome, Outcome]:
    """What the end of a call says about its provider and about its model. Pure. `error` None: it was read
    to its end, or left by who had asked; the user's own error and a deadline say nothing. `slow`: its first
    event came far later than the model's do."""
    if isinstance(error, _PROVIDER_SICK):
        return Outcome.FAILURE, Outcome.ABANDONED
    if isinstance(error, FirstTokenTimeout):
        return Outcome.ABANDONED, Outcome.FAILURE
    if isinstance(error, _MODEL_SICK):
        return Outcome.SUCCESS, Outcome.FAILURE
    if answered and slow:
        return Outcome.SUCCESS, Outcome.SLOW
    if answered or isinstance(error, _WELL):
        return Outcome.SUCCESS, Outcome.SUCCESS
    return Outcome.ABANDONED, Outcome.ABANDONED


class Breakers:
    def __init__(self, store: Store | None = None) -> None:
        self._store = store or LocalStore()
        self._breakers: dict[str, Breaker] = {}

    async def admit(self, provider: str, model: str) -> "Leave":
        """Raises BreakerOpen."""
        of_provider, of_model = self._breaker(provider), self._breaker(model)
        first = await of_provider.admit()
        if not first.allowed:
            raise BreakerOpen("The provider has been failing.", retry_after_s=first.retry_after)
        second = await of_model.admit()
        if not second.allowed:
            await of_provider.record(Outcome.ABANDONED, first)
            raise BreakerOpen("The model has been failing.", retry_after_s=second.retry_after)
        return Leave((of_provider, first), (of_model, second))

    def resting(self) -> Collection[str]:
        """Names of providers and models that are left alone for now, also where another process found out."""
        return [name for name, state in self._store.resting().items() if state is State.OPEN]

    def _breaker(self, name: str) -> Breaker:
        if name not in self._breakers:
            self._breakers[name] = Breaker(name, self._store)
            _show(self._breakers[name])
        return self._breakers[name]


class Leave:
    """To be reported back, whatever happens."""

    __slots__ = ("_held",)

    def __init__(self, *held: tuple[Breaker, Admission]) -> None:
        self._held = held

    async def report(self, error: BaseException | None, *, answered: bool, slow: bool = False) -> None:
        outcomes = verdict(error, answered=answered, slow=slow)
        for (breaker, admission), outcome in zip(self._held, outcomes, strict=True):
            await breaker.record(outcome, admission)
            _show(breaker)


def _show(breaker: Breaker) -> None:
    show(breaker.name, breaker.state)
