"""What says who somebody is does not leave, and the rest stays as it was."""

import socket
from pathlib import Path

import pytest
import spacy

from chat.training_data.cleaning import Cleaner, NoModel


@pytest.fixture(scope="module")
def cleaner() -> Cleaner:
    return Cleaner()


def clean(cleaner: Cleaner, text: str, *names: str) -> str:
    return cleaner.conversation([text], names)[0][0]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("peter.mueller@example.com", "EMAIL_ADDRESS"),
        ("+49 170 1234567", "PHONE_NUMBER"),
        ("(415) 555-2671", "PHONE_NUMBER"),
        ("DE89 3704 0044 0532 0130 00", "IBAN_CODE"),
        ("4111 1111 1111 1111", "CREDIT_CARD"),
        ("192.168.1.20", "IP_ADDRESS"),
        ("2001:db8::1", "IP_ADDRESS"),
        ("sk-abcdefghijklmnopqrst", "SECRET"),
        ("AKIAIOSFODNN7EXAMPLE", "SECRET"),
    ],
)
def test_it_is_found_in_a_sentence_and_the_sentence_stays(cleaner, text, kind):
    mark = f"<{kind}>" if kind == "SECRET" else f"<{kind}_1>"
    assert clean(cleaner, f"Please use {text} from now on.") == f"Please use {mark} from now on."


@pytest.mark.parametrize(
    "text",
    [
        "The speed of light is 299792458 m/s, and pi begins with 3.14159265358979.",
        "Sort it with `sorted(rows, key=lambda row: row.at)`, then set max_tokens=2048.",
        "On 2026-11-25 the tide was 10,000 times what one expects; see https://example.org/a/B.",
        "How do I reset my password, and what is an API key?",
        "token = tokenizer.encode(text)\nfor part in token: print(part)",
    ],
)
def test_what_says_nothing_of_anybody_stays_word_for_word(cleaner, text):
    assert clean(cleaner, text) == text


def test_one_thing_has_one_mark_in_a_conversation_and_is_counted_each_time(cleaner):
    texts, found = cleaner.conversation(
        ["I am a@example.org.", "Hello A@example.org, is b@example.org there?", "a@example.org only"]
    )
    assert texts == [
        "I am <EMAIL_ADDRESS_1>.",
        "Hello <EMAIL_ADDRESS_1>, is <EMAIL_ADDRESS_2> there?",
        "<EMAIL_ADDRESS_1> only",
    ]
    assert found == {"EMAIL_ADDRESS": 4}


def test_what_the_account_calls_its_owner_is_replaced_in_any_case_and_as_a_whole_word(cleaner):
    said = clean(cleaner, "I'm Mira, MIRA will do; a miracle, mira_k.", "Mira", "mira_k")
    assert said == "I'm <ACCOUNT_NAME_1>, <ACCOUNT_NAME_1> will do; a miracle, <ACCOUNT_NAME_2>."


def test_a_key_block_and_a_told_password_go_and_the_line_around_them_stays(cleaner):
    block = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----"
    assert clean(cleaner, f"Is this right?\n{block}\nThanks") == "Is this right?\n<SECRET>\nThanks"
    assert clean(cleaner, "My password is hunter2, ok?") == "My password is <SECRET>, ok?"


@pytest.fixture
def model_of_names(tmp_path: Path) -> str:
    """A spaCy model that knows one person and one place, stored as real ones are."""
    model = spacy.blank("en")
    model.add_pipe("entity_ruler").add_patterns(
        [{"label": "PERSON", "pattern": "Grace Hopper"}, {"label": "GPE", "pattern": "Arlington"}]
    )
    model.to_disk(tmp_path / "names")
    return str(tmp_path / "names")


def test_with_a_model_names_of_people_and_places_are_replaced_and_without_one_they_stay(
    cleaner, model_of_names
):
    text = "Grace Hopper is buried at Arlington."
    assert clean(Cleaner(model_of_names), text) == "<PERSON_1> is buried at <LOCATION_1>."
    assert clean(cleaner, text) == text


def test_a_model_that_is_not_there_is_not_fetched(no_network):
    with pytest.raises(NoModel):
        Cleaner("en_core_web_sm")
    assert clean(Cleaner(), "To a@example.co.uk") == "To <EMAIL_ADDRESS_1>"


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("it went to the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
