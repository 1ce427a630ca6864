"""What leaves for training: of whom, what, how often, and always the same bytes."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from chat.models import Conversation, Generation
from chat.training_data import gathering
from grump.accounts.leaving import erase
from grump.accounts.models import User
from grump.audit.models import AuditEntry
from tests.chat.training_data.people import LONG, person, says

pytestmark = pytest.mark.django_db

FILES = ("training/training.jsonl", "validation/validation.jsonl", "documents.jsonl", "card.md")


def export(directory: Path, *options: str) -> str:
    said = StringIO()
    call_command("export_training_data", str(directory), "--without-names", *options, stdout=said)
    return said.getvalue()


def lines(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def documents(directory: Path) -> list[dict]:
    return lines(directory / "documents.jsonl")


def questions(directory: Path) -> set[str]:
    return {row["messages"][0]["content"] for row in documents(directory)}


def test_only_who_agreed_is_in_it_and_each_line_is_a_chat(tmp_path):
    ann, bob = person("ann"), person("bob", agrees=False)
    talk = says(ann, "How do tides work?", instructions="Be brief.", thumb=True)
    says(ann, "And neap tides?", after=talk)
    says(bob, "What did Bob ask?")
    export(tmp_path / "out")
    [line] = lines(tmp_path / "out/training/training.jsonl")
    assert set(line) == {"messages"}
    assert [message["role"] for message in line["messages"]] == [
        "system", "user", "assistant", "user", "assistant",
    ]  # fmt: skip
    assert line["messages"][:2] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "How do tides work?"},
    ]
    [document] = documents(tmp_path / "out")
    assert (document["turns"], document["thumbs_up"], document["models"]) == (2, 1, ["nim/nemotron"])
    for name in FILES:
        assert "Bob" not in (tmp_path / "out" / name).read_text()
        assert (tmp_path / "out" / name).stat().st_mode & 0o777 == 0o600


def test_who_took_their_word_back_left_or_was_suspended_is_not_in_it(tmp_path):
    for name in ("stays", "takes it back", "leaves", "suspended"):
        says(person(name), f"What about {name}?")
    User.objects.filter(username="takes it back").update(shares_for_training=False)
    User.objects.filter(username="suspended").update(is_active=False)
    erase(User.objects.get(username="leaves"))
    export(tmp_path / "out")
    assert questions(tmp_path / "out") == {"What about <ACCOUNT_NAME_1>?"}
    assert "1 conversations of 1 people" in (tmp_path / "out/card.md").read_text()


def test_whoever_takes_it_back_while_it_runs_is_not_in_it_either(tmp_path, monkeypatch):
    for name in ("stays", "wavers"):
        says(person(name), f"How does a {name[0]} sound?")
    real = gathering.talks

    def interrupted():
        yield from real()
        User.objects.filter(username="wavers").update(shares_for_training=False)

    monkeypatch.setattr(gathering, "talks", interrupted)
    assert "no longer agreed to: 1" in export(tmp_path / "out")
    assert questions(tmp_path / "out") == {"How does a s sound?"}


def test_what_is_in_the_bin_or_was_brought_along_is_not_in_it(tmp_path):
    ann = person("ann")
    binned, brought = says(ann, "Thrown away?"), says(ann, "Written elsewhere?")
    says(ann, "Kept and mine?")
    Conversation.objects.filter(pk=binned.pk).update(deleted_at=timezone.now())
    Generation.objects.filter(message__conversation=brought).update(process="")
    export(tmp_path / "out")
    assert questions(tmp_path / "out") == {"Kept and mine?"}


def test_a_conversation_ends_before_its_first_bad_answer(tmp_path):
    ann = person("ann")
    talk = says(ann, "The first?")
    says(ann, "The second?", after=talk, thumb=False)
    says(ann, "The third?", after=talk)
    assert "cut, thumb down: 1" in export(tmp_path / "out")
    [document] = documents(tmp_path / "out")
    assert [message["content"] for message in document["messages"][::2]] == ["The first?"]


def test_what_is_the_same_or_nearly_is_there_once_and_the_better_liked(tmp_path):
    answer = " ".join(f"word{number}" for number in range(120))
    says(person("ann"), "What is a list of words?", answer)
    says(person("bob"), "What  is a LIST of words?", answer)
    says(person("cem"), "What is a list of words?", f"{answer} more", thumb=True)
    said = export(tmp_path / "out")
    assert "the same as another: 1" in said
    assert "nearly the same as another: 1" in said
    [document] = documents(tmp_path / "out")
    assert document["thumbs_up"] == 1
    assert document["text"].endswith("more")


def test_nobody_is_on_both_sides(tmp_path):
    owners = [person(f"user-{number:02}") for number in range(10)]
    for owner in owners:
        for subject in ("tides", "bees", "glass"):
            says(owner, f"Tell number {owner.pk} about {subject}", f"To {owner.pk} of {subject}." + LONG * 2)
    export(tmp_path / "out", "--validation", "0.3", "--alike", "1")
    sides: dict[str, set[str]] = {"training": set(), "validation": set()}
    for document in documents(tmp_path / "out"):
        sides[document["split"]].add(document["messages"][0]["content"].split()[2])
    assert len(sides["validation"]) == 3
    assert len(sides["training"]) == 7
    assert not sides["training"] & sides["validation"]
    assert len(lines(tmp_path / "out/validation/validation.jsonl")) == 9
    assert len(lines(tmp_path / "out/training/training.jsonl")) == 21


def test_the_same_database_gives_the_same_bytes_and_another_seed_another_split(tmp_path):
    for number in range(12):
        says(person(f"user-{number}"), f"What is {number} times {number}, and why?")
    for name, seed in (("one", "1"), ("again", "1"), ("other", "2")):
        export(tmp_path / name, "--seed", seed, "--validation", "0.4")
    read = {
        name: [(tmp_path / name / file).read_bytes() for file in FILES] for name in ("one", "again", "other")
    }
    assert read["one"] == read["again"]
    assert read["one"][1] != read["other"][1]


def test_a_dry_run_counts_the_same_and_writes_nothing(tmp_path):
    for number in range(3):
        says(person(f"user-{number}"), f"Mail {number} to someone@example.org, will you?")
    said = StringIO()
    call_command("export_training_data", "--dry-run", "--without-names", stdout=said)
    assert list(tmp_path.iterdir()) == []
    assert not AuditEntry.objects.exists()
    assert said.getvalue() + f"{tmp_path / 'out'}: written\n" == export(tmp_path / "out")
    assert "replaced, EMAIL_ADDRESS: 6" in said.getvalue()


def test_an_export_is_in_the_audit_log_with_the_hash_of_its_file(tmp_path):
    import hashlib

    says(person("ann"), "How do tides work?")
    export(tmp_path / "out")
    entry = AuditEntry.objects.get()
    digest = hashlib.sha256((tmp_path / "out/training/training.jsonl").read_bytes()).hexdigest()
    assert entry.action == "exported for training"
    assert entry.note == f"1 conversations; training/training.jsonl {digest}"
    assert digest in (tmp_path / "out/card.md").read_text()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ((), "Name a directory"),
        (("out",), "--without-names"),
        (("out", "--names", "no_such_model"), "no such spaCy model"),
        (("out", "--without-names", "--alike", "2"), "a share is a number"),
        (("", "--without-names"), "exists"),
    ],
)
def test_what_is_asked_for_wrongly_is_refused_in_words(tmp_path, options, why):
    given = [str(tmp_path / option) if option in ("out", "") else option for option in options]
    with pytest.raises(CommandError, match=why):
        call_command("export_training_data", *given)
    assert list(tmp_path.iterdir()) == []


def test_chosen_models_and_liked_answers_alone_where_that_is_asked_for(tmp_path):
    ann = person("ann")
    says(ann, "By the house's own model?", thumb=True)
    says(ann, "By the house's own model, and not liked?")
    says(ann, "By somebody else's model?", thumb=True, model="acme/best")
    export(tmp_path / "out", "--liked", "--model", "nim/*")
    assert questions(tmp_path / "out") == {"By the house's own model?"}


def test_more_conversations_take_no_query_each(django_assert_max_num_queries):
    ann = person("ann")
    for number in range(25):
        says(ann, f"What is {number}?")
    with django_assert_max_num_queries(9):  # people twice, conversations thrice, and two pages of theirs
        assert len(list(gathering.talks())) == 25
