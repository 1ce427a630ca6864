"""Prompts that are written into the box again: one's own, and a few that everybody has. Synchronous."""

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chat.history import NotFound
from chat.models import Prompt

NAME_MOST = 80
TEXT_MOST = 8_000  # characters
PROMPTS_MOST = 200  # a person

BUILT_IN = (
    (_("Explain it simply"), _("Explain this to somebody who is new to it, with one example:\n\n")),
    (_("Summarise"), _("Summarise the following in five points, the most important first:\n\n")),
    (_("Proofread"), _("Correct spelling and grammar, nothing else, and list what you changed:\n\n")),
    (_("Translate"), _("Translate the following into English. Keep its tone:\n\n")),
    (_("Review code"), _("Review this code: bugs first, then what is hard to read:\n\n```\n\n```")),
    (_("Weigh it up"), _("List what speaks for it and against it, and say what you would do and why:\n\n")),
)  # fmt: skip


class TooManyPrompts(Exception):
    """As many as a person may keep."""


def of(user_id: int) -> list[Prompt]:
    return list(Prompt.objects.filter(owner=user_id))


def keep(user_id: int, name: str, text: str, prompt_id: UUID | None = None) -> Prompt:
    """A new one, or another name and text for one of theirs. Raises NotFound and TooManyPrompts."""
    if prompt_id is None:
        if Prompt.objects.filter(owner=user_id).count() >= PROMPTS_MOST:
            raise TooManyPrompts
        return Prompt.objects.create(owner_id=user_id, name=name, text=text)
    prompt = get(user_id, prompt_id)
    prompt.name, prompt.text = name, text
    prompt.save(update_fields=["name", "text"])
    return prompt


def get(user_id: int, prompt_id: UUID) -> Prompt:
    prompt = Prompt.objects.filter(owner=user_id, id=prompt_id).first()
    if prompt is None:
        raise NotFound
    return prompt


def remove(user_id: int, prompt_id: UUID) -> None:
    if not Prompt.objects.filter(owner=user_id, id=prompt_id).delete()[0]:
        raise NotFound
