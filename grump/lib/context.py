"""What the work at hand is about, for log lines: set where it begins, inherited by every task it starts.

Ids and hashes only; never a text, a name or a secret.
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings

_about: ContextVar[Mapping[str, str]] = ContextVar("about", default={})  # noqa: B039 - never changed


def about() -> Mapping[str, str]:
    return _about.get()


def note(**ids: object) -> None:
    """From here on, in this task and those that it starts."""
    _about.set({**_about.get(), **{name: str(value) for name, value in ids.items()}})


@contextmanager
def concerning(**ids: object) -> Iterator[None]:
    token = _about.set({**_about.get(), **{name: str(value) for name, value in ids.items()}})
    try:
        yield
    finally:
        _about.reset(token)


def user_hash(user_id: int) -> str:
    """The same for one user in every line of an installation, and nothing that leads back to them without its
    secret key."""
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, f"log:{user_id}".encode(), hashlib.sha256).hexdigest()[:12]
