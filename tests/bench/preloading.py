"""What it is worth to make things before they are asked for: `python -m tests.bench preloading`.

Some days of some people, played through the product's own decisions and its own database, seeded and the
same each time. What is scripted: the clock, the provider (how long to a first word, what it costs), how long
a fit, a vector and a page take, and the people. Of them some do the same every day, some do now and then, and
some never do anything twice; nobody knows beforehand who is who.

The table is of the last day, when the product knows what it will know; what it took until a kind was stopped
is of all days.
"""

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from random import Random
from statistics import mean
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from tests.bench.quota import start_django
from tests.bench.report import number, table

BEGINS = datetime(2026, 3, 2, tzinfo=UTC)
# Milliseconds. First words as a small hosted model has them; the others as measured here (docs/context.md).
FIRST_TOKEN, FIRST_TOKEN_SPREAD = 700.0, 0.35
FOUND = 15  # an answer from the cache
FIT, VECTOR, PAGE, PAGE_WORK = 150, 12, 110, 9
CHEAP = (0.10, 0.40)  # dollars for a million tokens, in and out
DEAR = (2.50, 10.00)
ANSWER_TOKENS = 320
WINDOW = 8_192


@dataclass(frozen=True, slots=True)
class Character:
    """How somebody lives. Shares are of 1."""

    routines: int  # things done every day at about the same time
    kept: float  # of the days on which one is done
    goes_on: float  # from one question of a routine to the next
    takes_offered: float  # of the questions under an answer
    visits: int  # others, in a day
    goes_back: float  # of those: to an old conversation, whichever


HABIT = Character(3, 0.9, 0.85, 0.35, 2, 0.2)
SOMETIMES = Character(2, 0.5, 0.6, 0.12, 4, 0.3)
NEVER = Character(0, 0.0, 0.0, 0.02, 6, 0.3)
PEOPLE = 6


@dataclass(frozen=True, slots=True)
class Installation:
    title: str
    characters: tuple[Character, ...]
    price: tuple[float, float] = CHEAP
    people: int = PEOPLE
    until: int = 0  # from this day on they never do anything twice; 0: they stay as they are


INSTALLATIONS = (
    Installation("people of habit", (HABIT,)),
    Installation("people who never do anything twice", (NEVER,)),
    Installation("people of habit who give up theirs after three days", (HABIT,), until=3),
    Installation("a third of each", (HABIT, SOMETIMES, NEVER)),
    Installation("people of habit, a model 25 times dearer", (HABIT,), DEAR),
)


class Clock:
    """The only clock there is. `worked`: seconds that a processor was busy."""

    def __init__(self) -> None:
        self.at = BEGINS
        self.worked = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - BEGINS).total_seconds()

    def process_time(self) -> float:
        return self.worked

    def passes(self, milliseconds: float, work: float = 0.0) -> None:
        self.at += timedelta(milliseconds=milliseconds)
        self.worked += work / 1000


class House:
    """The scripted provider, and what was made ready: found by the very keys that a turn looks for."""

    def __init__(self, clock: Clock, price: tuple[float, float], dice: Random) -> None:
        self.clock, self.price, self.dice = clock, price, dice
        self.answers: set[str] = set()
        self.fits: set[tuple[Any, ...]] = set()
        self.vectors: set[str] = set()

    def window(self, model: str) -> int:
        return WINDOW

    def families(self, model: str) -> tuple[str, ...]:
        return ()

    def start(self) -> None:
        """Nothing is to be started."""

    async def close(self) -> None:
        """Nothing is to be closed."""

    def first_token(self) -> float:
        return FIRST_TOKEN * self.dice.lognormvariate(0, FIRST_TOKEN_SPREAD)

    async def stream(self, request: Any) -> Any:
        from chat.gateway.answers import cacheable, key_of
        from chat.gateway.counting import count_tokens
        from chat.gateway.events import Finished, Text, Usage

        sent = sum(count_tokens(message.text) for message in request.messages)
        asks_for_questions = request.max_output == 120
        self.clock.passes(self.first_token(), work=3)
        yield Text(questions_about(request.messages[0].text) if asks_for_questions else "An answer.")
        said = 60 if asks_for_questions else ANSWER_TOKENS
        if not asks_for_questions and cacheable(request, False):
            self.answers.add(key_of(request, False))
        cost = round(sent * self.price[0] + said * self.price[1])
        yield Finished("stop", Usage(sent, said, cost_microusd=cost))

    def fit(self, before: Any, question: str, wish: Any) -> Any:
        from chat.prediction.makers import Made

        self.clock.passes(FIT, work=FIT * 0.8)
        self.fits.add((before.id, question))
        return Made(FIT)

    def vector(self, before: Any, question: str, wish: Any) -> Any:
        from chat.prediction.makers import Made

        if question in self.vectors:
            return None
        self.clock.passes(VECTOR, work=VECTOR * 0.8)
        self.vectors.add(question)
        return Made(VECTOR)


def questions_about(prompt: str) -> str:
    """Three questions on the matter, as `follow_ups.read` wants them."""
    subject = subject_of(prompt)
    return "\n".join(
        (
            f"How does matter {subject} grow within years?",
            f"Which risks has matter {subject} for beginners?",
            f"Where was matter {subject} first described?",
        )
    )


def subject_of(text: str) -> str:
    return text.rsplit("matter ", 1)[-1].split()[0].strip(".?,:")


@dataclass(slots=True)
class Routine:
    hour: float
    chain: tuple[str, ...]
    is_one_conversation: bool  # gone on with every day, or begun anew
    conversation: Any = None


@dataclass(slots=True)
class Person:
    user: Any
    character: Character
    dice: Random
    routines: list[Routine]
    talks: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class Day:
    turns: int = 0
    waited: list[float] = field(default_factory=list)  # milliseconds to a first word
    would_have: list[float] = field(default_factory=list)


class Life:
    """One installation, played."""

    def __init__(self, plan: Installation, days: int, seed: int) -> None:
        self.plan, self.days = plan, days
        self.clock = Clock()
        self.dice = Random(seed)
        self.house = House(self.clock, plan.price, Random(seed + 1))
        self.numbers = 0
        self.by_day: dict[int, Day] = defaultdict(Day)

    def play(self) -> None:
        people = [
            self._person(character, number)
            for character in self.plan.characters
            for number in range(self.plan.people // len(self.plan.characters))
        ]
        for day in range(self.days):
            if self.plan.until and day == self.plan.until:
                for person in people:
                    person.character, person.routines = NEVER, []
            visits = sorted(
                (visit for person in people for visit in self._visits(person, day)), key=lambda one: one[0]
            )
            for at, person, routine in visits:
                self.clock.at = max(self.clock.at, at)
                self._visit(person, routine, self.by_day[day])

    def _person(self, character: Character, number: int) -> Person:
        from chat import preferences
        from grump.accounts.models import User

        user = User.objects.create(username=f"{id(self)}-{id(character)}-{number}")
        preferences.change(user.pk, preloading=True)
        dice = Random(self.dice.random())
        routines = [
            Routine(
                dice.uniform(7, 20),
                tuple(
                    f"Routine {place}.{step} of person {number}: tell me of matter {self._new()}."
                    for step in range(3)
                ),
                dice.random() < 0.5,
            )
            for place in range(character.routines)
        ]
        return Person(user, character, dice, routines)

    def _new(self) -> str:
        self.numbers += 1
        return blake2b(str(self.numbers).encode(), digest_size=5).hexdigest()

    def _visits(self, person: Person, day: int) -> Iterator[tuple[datetime, Person, Routine | None]]:
        midnight = BEGINS + timedelta(days=day)
        for routine in person.routines:
            if person.dice.random() < person.character.kept:
                yield midnight + timedelta(hours=routine.hour + person.dice.gauss(0, 0.3)), person, routine
        for _ in range(person.character.visits):
            yield midnight + timedelta(hours=person.dice.uniform(7, 22)), person, None

    # --- What a person does ---

    def _visit(self, person: Person, routine: Routine | None, day: Day) -> None:
        conversation, texts = self._opened(person, routine)
        self._arrives(person, conversation)
        answer = self._leaf(conversation)
        for text in texts:
            answer = self._turn(person, conversation, answer, text, day)
            takes = person.character.takes_offered
            while (offered := self._offered(answer)) and person.dice.random() < takes:
                chosen = person.dice.choices(offered, (60, 25, 15)[: len(offered)])[0]
                answer = self._turn(person, conversation, answer, chosen, day)

    def _opened(self, person: Person, routine: Routine | None) -> tuple[Any, list[str]]:
        dice, character = person.dice, person.character
        if routine is not None:
            texts = [routine.chain[0]]
            for text in routine.chain[1:]:
                if dice.random() >= character.goes_on:
                    break
                texts.append(text)
            if not routine.is_one_conversation or routine.conversation is None:
                routine.conversation = self._talk(person)
            return routine.conversation, texts
        goes_back = person.talks and dice.random() < character.goes_back
        conversation = dice.choice(person.talks) if goes_back else self._talk(person)
        asked = range(dice.randrange(1, 4))
        return conversation, [f"Something new about matter {self._new()}, please." for _ in asked]

    def _talk(self, person: Person) -> Any:
        from chat.models import Conversation

        talk = Conversation.objects.create(owner=person.user, updated_at=self.clock.at)
        person.talks.append(talk)
        return talk

    def _arrives(self, person: Person, conversation: Any) -> None:
        """The page is loaded, has nothing to do, and then something is opened."""
        from chat.prediction import ahead, preloading, records

        likely = preloading.likely_pages(person.user.pk, "UTC")
        for id in likely:
            self.clock.passes(0, work=PAGE_WORK)
            records.fetched(person.user.pk, id, PAGE_WORK)
        if likely and (leaf := self._leaf_of(likely[0])) is not None:
            ahead.look_ahead(str(leaf), False)
        self.clock.passes(5_000)
        if conversation.leaf_id is not None:
            records.opened(person.user.pk, conversation.id, PAGE)

    def _turn(self, person: Person, conversation: Any, before: Any, text: str, day: Day) -> Any:
        from chat.gateway.counting import count_tokens
        from chat.models import Generation, Message
        from chat.prediction import ahead

        self.clock.passes(person.dice.uniform(8_000, 60_000))  # reads, thinks, writes
        cached, context, waited, without = self._served(person, conversation, before, text)
        day.turns += 1
        day.waited.append(waited)
        day.would_have.append(without)
        owned = {"conversation": conversation, "owner": person.user, "created_at": self.clock.at}
        asked = Message.objects.create(
            **owned,
            role="user",
            text=text,
            parent=before,
            tokens=count_tokens(text),
        )
        self.clock.passes(waited)
        owned["created_at"] = self.clock.at
        answer = Message.objects.create(
            **owned, role="assistant", text=self._answer_to(text), parent=asked,
            tokens=ANSWER_TOKENS,
        )  # fmt: skip
        Generation.objects.create(
            owner=person.user, message=answer, state="complete", heartbeat_at=self.clock.at, cached=cached,
            first_token_ms=round(waited), context=context,
        )  # fmt: skip
        conversation.leaf_id, conversation.updated_at = answer.id, self.clock.at
        conversation.save()
        ahead.look_ahead(str(answer.id))
        return answer

    def _answer_to(self, text: str) -> str:
        """Another one each day: no answer is found that was made for yesterday."""
        return f"On {self.clock.at:%A, %d %B} this is known about matter {subject_of(text)}: nothing new."

    def _served(self, person: Person, conversation: Any, before: Any, text: str) -> tuple[Any, ...]:
        """cached, context, milliseconds to the first word, and the same without anything made ready."""
        from chat.gateway.answers import key_of
        from chat.gateway.request import ChatMessage, ChatRequest
        from chat.history import branch

        asking = self.house.first_token()
        lines = branch(before.id, 10_000) if before is not None else []
        messages = (*(ChatMessage(line.role, line.text) for line in lines), ChatMessage("user", text))
        request = ChatRequest(messages=messages, model="auto", party=str(person.user.pk), preference=0.5)
        is_long = sum(line.tokens for line in lines) > WINDOW * 3 // 4
        if not is_long and key_of(request, False) in self.house.answers:
            return "exact", None, FOUND, asking
        if not is_long:
            return "", None, asking, asking
        if (before.id, text) in self.house.fits:
            return "", {"way": "cache", "waited_ms": 5}, asking + 5, asking + FIT
        if text in self.house.vectors:
            return "", {"way": "worker", "vector": "kept"}, asking + FIT - VECTOR, asking + FIT
        return "", {"way": "worker"}, asking + FIT, asking + FIT

    def _leaf(self, conversation: Any) -> Any:
        from chat.models import Message

        return Message.objects.filter(id=conversation.leaf_id).first() if conversation.leaf_id else None

    def _leaf_of(self, conversation_id: Any) -> Any:
        from chat.models import Conversation

        return Conversation.objects.get(id=conversation_id).leaf_id

    def _offered(self, answer: Any) -> list[str]:
        from chat.models import FollowUps

        offered = FollowUps.objects.filter(message=answer).first()
        return offered.questions if offered else []


@contextmanager
def scripted(life: Life) -> Iterator[None]:
    """This life's clock, provider and makers in the place of the real ones."""
    from django.utils import timezone

    from chat.models import Preload
    from chat.prediction import ahead, background, makers, preloading

    clock, house = life.clock, life.house
    made = {
        Preload.Kind.ANSWER: makers.answer,
        Preload.Kind.FIT: house.fit,
        Preload.Kind.VECTOR: house.vector,
    }
    with ExitStack() as stack:
        for where, name, instead in (
            (timezone, "now", clock.now),
            (background, "monotonic", clock.monotonic),
            (background, "installed_gateway", lambda: house),
            (makers, "_known", lambda: house),
            (makers, "ALL", made),
            (preloading, "time", SimpleNamespace(process_time=clock.process_time)),
            (preloading, "random", life.dice),
            (ahead, "call", lambda *_, **__: None),
        ):
            stack.enter_context(patch.object(where, name, instead))
        yield


@dataclass(frozen=True, slots=True)
class Row:
    """One kind in one installation."""

    last: Any  # paying.Record of the last day
    all: Any  # … of all days
    since: Any  # … of the days since they have changed, or of all
    stopped_for: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Played:
    rows: dict[str, Row]
    first: Day
    last: Day
    follow_ups_usd: float


def played(plan: Installation, days: int, seed: int) -> Played:
    from django.db.models import Sum

    from chat.models import Conversation, FollowUps, Preload
    from chat.prediction import records
    from chat.prediction.paying import Record
    from grump.accounts.models import User

    for model in (Preload, FollowUps, Conversation, User):
        model.objects.all().delete()
    life = Life(plan, days, seed)
    with scripted(life):
        life.play()
        whole = _records(timedelta(days=days + 1))
        last = _records(life.clock.at - (BEGINS + timedelta(days=days - 1)))
        since = _records(life.clock.at - (BEGINS + timedelta(days=plan.until)))
        stopped = records.stopped_for()
    rows = {
        kind: Row(
            last.get(kind, Record()),
            whole.get(kind, Record()),
            since.get(kind, Record()),
            stopped.get(kind, (0, 0)),
        )
        for kind in Preload.Kind.values
    }
    asked = FollowUps.objects.aggregate(sum=Sum("cost_microusd"))["sum"] or 0
    return Played(rows, life.by_day[0], life.by_day[days - 1], asked / 1e6)


def _records(over: timedelta) -> Any:
    from chat.prediction import records

    with patch.object(records, "JUDGED_OVER", over):
        return records.of_everybody()


def lines(result: Played) -> Iterator[list[str]]:
    for kind, row in result.rows.items():
        last = row.last
        won = last.won_ms / last.used if last.used else float("nan")
        stopped, people = row.stopped_for
        yield [
            kind,
            str(last.made),
            f"{last.hit_rate:.0%}" if last.made else "–",
            number(won, 0),
            f"{last.cost_microusd / 1e6:.4f}",
            number(last.work_ms / 1000, 1),
            f"{last.gain_microusd / 1e6:+.4f}",
            f"{row.since.made} / {row.since.cost_microusd / 1e6:.4f} / {row.since.gain_microusd / 1e6:+.4f}",
            f"{stopped} of {people}",
        ]


TITLES = [
    "kind",
    "made",
    "used",
    "sooner by, ms",
    "spent, $",
    "processor, s",
    "worth it by, $",
    "all days: made / $ / worth it by $",
    "people it stopped for",
]


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench preloading", description=__doc__)
    parser.add_argument("--days", type=int, default=8)
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="grump-bench-") as directory:
        start_django(Path(directory), False)
        for plan in INSTALLATIONS:
            result = played(plan, options.days, options.seed)
            sys.stdout.write(f"\n{plan.title}: {summary(result)}\n\n{table(TITLES, lines(result))}\n")
            sys.stdout.flush()


def summary(result: Played) -> str:
    waited, without = mean(result.last.waited), mean(result.last.would_have)
    return (
        f"{result.last.turns} turns on the last day, first word after {waited:.0f} ms on average instead of"
        f" {without:.0f}; questions under answers cost ${result.follow_ups_usd:.4f} in all"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
