"""What the models of the browser tests say: the shared scenarios, and a few that are about looks."""

from tests.fakes import SCENARIOS, Ask, Scenario
from tests.fakes.script import Finish, Hang, Paced, Role, Say, Steps

TOUR = """\
**Backpressure** is a slow reader telling a fast writer to wait. Without it, the writer does not notice, \
and everything it wrote piles up in between until memory runs out.

Think of a kitchen with one dishwasher:

1. Plates arrive faster than they are washed.
2. The counter fills up. That counter is your *queue*.
3. Either somebody tells the waiters to slow down, or plates hit the floor.

In code it is one bounded queue:

```python
queue = asyncio.Queue(maxsize=100)

async def produce(rows):
    async for row in rows:
        await queue.put(row)  # waits here while the queue is full
```

| strategy | what happens when full | good for |
|:---------|:-----------------------|:---------|
| block    | the writer waits       | jobs, imports |
| drop     | the newest is lost     | metrics |
| shed     | the caller hears `429` | public APIs |

> Choose on purpose. An unbounded queue has chosen for you.
"""


def pieces(text: str, size: int = 6) -> tuple[str, ...]:
    return tuple(text[start : start + size] for start in range(0, len(text), size))


def tour(ask: Ask) -> Steps:
    return [Role(), Paced(pieces(TOUR), 400), Finish()]


def half_a_tour(ask: Ask) -> Steps:
    half = pieces(TOUR[: TOUR.index("async def produce") + 60])
    return [Role(), *map(Say, half), Hang()]


def verbatim(ask: Ask) -> Steps:
    """The last user message, torn into pieces that a stream would have."""
    return [Role(), *map(Say, pieces(ask.prompt, 7)), Finish()]


def slowly(ask: Ask) -> Steps:
    """Long enough for a person to act in the middle of it."""
    words = [f"word{number} " for number in range(1, 241)]
    return [Role(), Paced(tuple(words), 60), Finish()]


SLOWLY = "".join(f"word{number} " for number in range(1, 241)).strip()

OURS = {
    name: Scenario(name, (script.__doc__ or name).strip(), script)
    for name, script in {
        "tour": tour,
        "half-a-tour": half_a_tour,
        "verbatim": verbatim,
        "slowly": slowly,
    }.items()
}
ALL = {**SCENARIOS, **OURS}
