"""Questions whose answer is another one tomorrow, or for somebody else: no cache answers them. Pure."""

import re

_SOON_OLD = (
    "today|tonight|tomorrow|yesterday|now|nowadays|currently|current|latest|newest|recent|recently|"
    "this (?:week|month|year|morning|evening|weekend)|(?:last|next) (?:week|month|year)|so far|news|weather|"
    "up to date|right now|at the moment|what time|what date|price of|stock price|score of|"
    "heute|morgen|gestern|aktuell|aktuelle|jetzt|aujourd'hui|demain|hier|maintenant|actuel|hoy|ahora|ayer|actual"
)
_SOMEBODYS = (
    "my|mine|our|ours|i'm|i am|i've|i have|we're|we are|mein|meine|unser|mon|ma|mes|notre|mi|mis|nuestro"
)
_BY_CHANCE = "random|randomly|surprise me|another|different one|pick (?:a|one)|roll|shuffle|again"
_VOLATILE = re.compile(rf"\b(?:{_SOON_OLD}|{_BY_CHANCE})\b", re.IGNORECASE)
_PERSONAL = re.compile(rf"\b(?:{_SOMEBODYS})\b", re.IGNORECASE)


def volatile(text: str) -> bool:
    """Whether the words depend on the day, or ask for something new each time."""
    return bool(_VOLATILE.search(text.replace("’", "'")))


def personal(text: str) -> bool:
    """Whether the words speak of whoever asks: the very same question may be answered from before, one
    like it may not."""
    return bool(_PERSONAL.search(text.replace("’", "'")))
