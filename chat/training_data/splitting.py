"""Who is trained on and who is tested on. Pure. A person is on one side with all they said: a model that has
read somebody would know how they ask."""

from collections.abc import Mapping
from hashlib import blake2b


def for_validation(conversations: Mapping[int, int], share: float, seed: int) -> frozenset[int]:
    """The people that validation gets: in an order by chance, as many as fit into `share` of all
    conversations; the one with the fewest where none does. Nobody, where there is only one person.
    `conversations`: how many each person has. The same people, share and seed give the same answer."""
    if len(conversations) < 2 or share <= 0:
        return frozenset()
    most = share * sum(conversations.values())
    chosen: set[int] = set()
    taken = 0
    for person in sorted(conversations, key=lambda one: _chance(one, seed)):
        if taken + conversations[person] <= most:
            chosen.add(person)
            taken += conversations[person]
    if not chosen:
        chosen = {min(conversations, key=lambda one: (conversations[one], _chance(one, seed)))}
    return frozenset(chosen)


def _chance(person: int, seed: int) -> bytes:
    return blake2b(f"{seed}:{person}".encode(), digest_size=16).digest()
