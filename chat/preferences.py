"""How a person wants the chat to be. Synchronous; every look-up begins at the owner."""

from typing import Any

from chat.models import Preferences

NAMES = ("send_key", "prediction", "follow_ups", "preloading", "model", "preference")


def of(user_id: int) -> Preferences:
    """The person's, or, unsaved, what everybody begins with."""
    return Preferences.objects.filter(owner=user_id).first() or Preferences(owner_id=user_id)


def change(user_id: int, **values: Any) -> Preferences:
    """Keep what is named, leave the rest. The values are checked by whoever took them in."""
    kept, _ = Preferences.objects.update_or_create(owner_id=user_id, defaults=values)
    return kept


def shape(preferences: Preferences) -> dict[str, Any]:
    """As the page sees them."""
    return {name: getattr(preferences, name) for name in NAMES}
