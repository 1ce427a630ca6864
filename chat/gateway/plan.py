"""Whom to ask next after a failure, and when. Pure: the fallback's memory of one request."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chat.gateway.backoff import pause
from chat.gateway.errors import (
    BreakerOpen,
    ContextTooLong,
    GatewayError,
    ModelMissing,
    Overloaded,
    UpstreamRejectedKey,
)
from chat.gateway.routing import Candidate

MOST_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Step:
    candidate: Candidate
    pause_s: float = 0.0


class Plan:
    """`first()`, then `after(candidate, error)` for each failure; None: nobody is left to ask."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        random: Callable[[], float],
        most_attempts: int = MOST_ATTEMPTS,
    ) -> None:
        self._untried = list(candidates)
        self._retryable: list[tuple[Candidate, float | None]] = []  # tried, with its wish to wait
        self._failures: Counter[str] = Counter()  # by provider
        self._random = random
        self._attempts_left = most_attempts

    def first(self) -> Step:
        return Step(self._untried.pop(0))

    def after(self, failed: Candidate, error: GatewayError, *, shown: bool) -> Step | None:
        """`shown`: a part of the answer is on the user's screen, so that who can prefill goes first."""
        self._note(failed, error)
        if self._attempts_left <= 0:
            return None
        if isinstance(error, ContextTooLong):
            self._only_larger(error.window or failed.model.context, failed)
        elif not error.switches:
            return None
        if self._untried:
            return self._switch(shown)
        return self._again()

    def beside(self, suits: Callable[[Candidate], bool]) -> Candidate | None:
        """One to be asked while another still is; to be given back (`put_back`) or reported (`failed`)."""
        if self._attempts_left <= 1:
            return None
        chosen = next((candidate for candidate in self._untried if suits(candidate)), None)
        if chosen is not None:
            self._untried.remove(chosen)
        return chosen

    def put_back(self, candidate: Candidate) -> None:
        """It was asked beside another, who spoke first: nothing speaks against it."""
        self._untried.insert(0, candidate)

    def failed(self, candidate: Candidate, error: GatewayError) -> None:
        """It failed beside another, who is still asked."""
        self._note(candidate, error)

    def _note(self, failed: Candidate, error: GatewayError) -> None:
        if not isinstance(error, BreakerOpen | Overloaded):  # those were not even tried
            self._attempts_left -= 1
        provider = failed.provider.name
        if isinstance(error, UpstreamRejectedKey | BreakerOpen | Overloaded):
            self._untried = [other for other in self._untried if other.provider.name != provider]
        elif not isinstance(error, ModelMissing | ContextTooLong):  # a model's trouble, not its provider's
            self._failures[provider] += 1
        if error.retryable:
            self._retryable.append((failed, error.retry_after_s))

    def _only_larger(self, window: int, failed: Candidate) -> None:
        window = max(window, failed.model.context)
        self._untried = [other for other in self._untried if other.model.context > window]
        self._retryable.clear()

    def _switch(self, shown: bool) -> Step:
        """At once, to the first of another provider; of one that failed already only if there is no other."""

        def order(candidate: Candidate) -> tuple[bool, bool]:
            cannot_prefill = shown and "prefill" not in candidate.model.capabilities
            return self._failures[candidate.provider.name] > 0, cannot_prefill

        chosen = min(self._untried, key=order)
        self._untried.remove(chosen)
        failures = self._failures[chosen.provider.name]
        return Step(chosen, pause(failures, None, self._random) if failures else 0.0)

    def _again(self) -> Step | None:
        if not self._retryable:
            return None
        chosen, wish = self._retryable.pop(0)
        return Step(chosen, pause(self._failures[chosen.provider.name], wish, self._random))
