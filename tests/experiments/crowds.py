"""People by the hundred, exposed and with answers, as no test could ask for one by one."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from chat.models import Conversation, Generation, Message
from experiments.models import Experiment, Exposure
from grump.accounts.models import User

HOUR = timedelta(hours=1)


def exposed(
    experiment: Experiment, counts: dict[str, int], at: datetime | None = None, phase: int = 1
) -> dict[str, list[User]]:
    """So many people of each variant."""
    at = at or timezone.now() - HOUR
    found: dict[str, list[User]] = {}
    for variant, count in counts.items():
        people = User.objects.bulk_create(
            [User(username=f"{variant}-{phase}-{uuid.uuid4().hex}") for _ in range(count)]
        )
        Exposure.objects.bulk_create(
            Exposure(experiment=experiment, phase=phase, owner=one, unit=str(one.pk), variant=variant, at=at)
            for one in people
        )
        found[variant] = people
    return found


def answered(
    people: list[User],
    each: int = 1,
    *,
    ago: timedelta = HOUR / 2,
    values: Callable[[int], dict] = lambda number: {},
) -> None:
    """`each` answered questions of everybody; `values(number)` are the fields of answer `number`."""
    at = timezone.now() - ago
    conversations = Conversation.objects.bulk_create(
        [Conversation(owner=one, title="A chat", updated_at=at) for one in people]
    )
    questions, answers, generations = [], [], []
    for conversation in conversations:
        for _ in range(each):
            question = Message(conversation=conversation, owner=conversation.owner, role="user", text="?")
            answer = Message(
                conversation=conversation,
                owner=conversation.owner,
                role="assistant",
                text="!",
                parent=question,
            )
            questions.append(question)
            answers.append(answer)
            generations.append(
                Generation(
                    owner=conversation.owner,
                    message=answer,
                    heartbeat_at=at,
                    **{
                        "state": Generation.State.COMPLETE,
                        "first_token_ms": 80,
                        "total_ms": 900,
                        **values(len(generations)),
                    },
                )
            )
    Message.objects.bulk_create(questions)
    Message.objects.bulk_create(answers)
    Generation.objects.bulk_create(generations)
    # By their own ids: through a table that PostgreSQL has not analysed yet, the same takes minutes.
    for model, rows in ((Message, [*questions, *answers]), (Generation, generations)):
        model.objects.filter(pk__in=[one.pk for one in rows]).update(created_at=at)
