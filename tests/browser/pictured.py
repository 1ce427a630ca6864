"""What the pictures of docs/gallery show that nobody did: days of use, figures, a crowd in an experiment.

Runs inside the installation: `manage.py shell -c`. The dice are the same each time.
"""

import random
import uuid
from datetime import timedelta

from django.utils import timezone

PASSWORD = "a long password"
# Messages of a guest's thirty: 79, 80 and 100 %.
USED = {"below": 23, "nearly": 24, "quite": 30}
MODELS = ("atlas/swift", "atlas/swift", "atlas/steady", "mock/fast")


def days_of_use(user_id: int, today: int) -> None:
    """Of the last four weeks; and so many messages today, of which one at least was asked."""
    from usage.models import Day, Entry

    dice = random.Random(7)
    now = timezone.now()
    days, entries = [], []
    for ago in range(1, 28):
        at = now - timedelta(days=ago)
        asked = dice.choice((0, 2, 5, 9, 14))
        sizes = [(dice.randint(40, 400), dice.randint(80, 700)) for _ in range(asked)]
        days.append(
            Day(
                owner_id=user_id,
                date=at.date(),
                ends_at=at,
                requests=asked,
                tokens=sum(map(sum, sizes)),
                cost_microusd=sum(map(sum, sizes)) // 10,
            )
        )
        entries += [
            Entry(
                key=uuid.uuid4(),
                owner_id=user_id,
                date=at.date(),
                kind=Entry.Kind.SETTLED,
                requests=1,
                input_tokens=known,
                output_tokens=said,
                tokens=known + said,
                cost_microusd=(known + said) // 10,
                source="chat",
                provider="atlas",
                model=dice.choice(MODELS),
                at=at,
            )
            for known, said in sizes
        ]
    Day.objects.filter(owner=user_id).update(requests=today)
    Day.objects.bulk_create(days)
    Entry.objects.bulk_create(entries)


def a_day_of_figures() -> None:
    from chat.totals import ANSWER_TIME, ANSWERS, FIRST_TOKEN
    from figures.browser import BROWSER
    from figures.cells import ALL, Figures, hour_of, replace_hour
    from figures.feedback import RATINGS

    dice = random.Random(7)
    now = timezone.now()
    for ago in range(24):
        hour = hour_of(now) - timedelta(hours=ago)
        answers, browser, ratings = Figures(), Figures(), Figures()
        count = dice.randint(60, 240)
        for _ in range(count):
            answers.note(FIRST_TOKEN, dice.lognormvariate(4.3, 0.5))
            answers.note(ANSWER_TIME, dice.lognormvariate(7.4, 0.4))
            browser.note("FCP", dice.lognormvariate(6.2, 0.3))
            browser.note("INP", dice.lognormvariate(4, 0.4))
            browser.note("SEND_TO_PAINT", dice.lognormvariate(4.8, 0.4))
        by_variant = {}
        for variant, middle in (("control", 6.2), ("warmer", 6.25)):
            by_variant["variant", f"colours:{variant}"] = timed = Figures()
            for name in ("LCP", "FCP", "TTFB") * (count // 4):
                timed.note(name, dice.lognormvariate(middle - 0.4 * (name != "LCP"), 0.3))
        for name, number in {
            "answers": count, "auto": count, "failed": int(dice.random() < 0.2), "cached exact": count // 9,
            "house": count * 180, "routed": count * 160, "at reference": count * 640,
            "saved by cache": count * 20,
        }.items():  # fmt: skip
            answers.count(name, number)
        for name, number in {"thumbs": 12, "thumbs up": 11, "scores": 4, "stars": 19}.items():
            ratings.count(name, number)
        cells = {ALL: answers, ("model", "atlas/swift"): answers}
        for kind, made in (
            (ANSWERS, cells),
            (BROWSER, {ALL: browser, **by_variant}),
            (RATINGS, {ALL: ratings}),
        ):
            replace_hour(kind, hour, made, now)


def an_experiment() -> int:
    """One that acts on nothing, with people in it, read; returns its key."""
    from chat.models import Generation
    from experiments import conduct
    from experiments.models import Experiment, Guardrail, Variant
    from experiments.readings import take
    from tests.experiments.crowds import answered, exposed

    made = Experiment.objects.create(
        key="colours",
        title="A warmer paper",
        hypothesis="People read longer on warmer paper, and nothing fails more often for it.",
        primary="error_rate",
        metrics="first_token messages_a_day stop_rate",
        coverage=0.5,
    )
    for position, key in enumerate(("control", "warmer")):
        Variant.objects.create(experiment=made, key=key, position=position)
    Guardrail.objects.create(experiment=made, metric="first_token_p95", tolerance=0.1)
    conduct.start(made)
    made.phases.update(began_at=timezone.now() - timedelta(days=2))
    dice = random.Random(7)
    crowd = exposed(made, {"control": 130, "warmer": 128})
    for variant, failing in (("control", 0.3), ("warmer", 0.12)):

        def values(_: int, failing: float = failing) -> dict:
            failed = {"state": Generation.State.FAILED} if dice.random() < failing else {}
            return {"first_token_ms": dice.randint(50, 180), **failed}

        answered(crowd[variant], 4, values=values)
    take(made)
    return made.pk


def a_draft() -> int:
    """One that has not begun, with what it would take; returns its key."""
    from experiments.forecast import take
    from experiments.models import Experiment, Guardrail, Variant

    made = Experiment.objects.create(
        key="headings",
        title="Shorter headings",
        hypothesis="People ask more where headings are shorter.",
        primary="error_rate",
        coverage=0.5,
        least_effect=0.5,
    )
    for position, key in enumerate(("control", "short")):
        Variant.objects.create(experiment=made, key=key, position=position)
    Guardrail.objects.create(experiment=made, metric="first_token_p95", tolerance=0.1)
    take(made)
    return made.pk


def flags() -> None:
    from datetime import date

    from experiments.models import Flag

    rows = (
        ("new_palette", "The palette finds prompts as well", Flag.State.ON, 100, -40),
        ("wide_tables", "Tables wider than the text", Flag.State.SOME, 20, 30),
        ("voice", "Questions that are spoken", Flag.State.OFF, 100, 60),
    )
    for name, about, state, percentage, days in rows:
        Flag.objects.create(
            name=name,
            about=about,
            state=state,
            percentage=percentage,
            responsible="mira",
            expires_on=date.today() + timedelta(days=days),
        )


def looked_ahead(user_id: int) -> None:
    """Of one person: what was made and offered before anybody asked."""
    from chat.models import Conversation, FollowUps, Heeded, Message, Preload

    dice = random.Random(7)
    conversation = Conversation.objects.filter(owner_id=user_id).first()
    for number in range(60):
        Preload.objects.create(
            owner_id=user_id,
            conversation=conversation,
            kind=Preload.Kind.ANSWER,
            subject=uuid.uuid4().hex,
            cost_microusd=140,
            first_token_ms=400,
            won_ms=dice.randint(300, 900) if number % 3 == 0 else None,
        )
    for number, message in enumerate(Message.objects.filter(owner_id=user_id, role="assistant")):
        # A worker that runs beside has perhaps asked for some already.
        FollowUps.objects.update_or_create(
            message=message,
            defaults={
                "owner_id": user_id,
                "questions": ["And then?"],
                "chosen": 0 if number % 2 else None,
            },
        )
    for kind, shown, right, taken in (("next", 840, 310, 190), ("said", 120, 77, 52), ("typo", 64, 60, 41)):
        Heeded.objects.create(
            owner_id=user_id, kind=kind, shown=shown, right=right, taken=taken, expected=right * 1.04
        )


def everything(asked: int, **used: int) -> None:
    """`asked`: a guest with a few chats. `used`: who has used how many messages of the day, by name."""
    from grump.accounts.models import User

    User.objects.create_superuser("mira", "mira@example.org", PASSWORD)
    for name, user_id in used.items():
        days_of_use(user_id, USED[name])
    a_day_of_figures()
    flags()
    looked_ahead(asked)
    print("experiments", an_experiment(), a_draft())
