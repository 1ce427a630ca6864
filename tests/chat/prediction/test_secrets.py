"""What is never learnt."""

import pytest

from chat.prediction.personal import Counts
from chat.prediction.secrets import learnable

SECRETS = [
    "my password is hunter2 and it works",
    "the PIN of my card: four zero one two",
    "OPENAI_API_KEY=sk-abcdefghijklmnop1234567890",
    "use ghp_0123456789abcdefABCDEF0123456789abcd",
    "AKIAIOSFODNN7EXAMPLE is the key",
    "Authorization: Bearer abcdef0123456789",
    "pay with 4111 1111 1111 1111 please",
    "card 5500-0000-0000-0004 expires soon",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "postgres://app:tr0ub4dor@db/app",
    "write to anna.schmidt@example.org",
    "seed phrase: apple river stone cloud",
    "token Zx81Kq92Lm03Pp77Rt55Vw",
]


@pytest.mark.parametrize("line", SECRETS)
def test_a_line_with_a_secret_is_left_out_whole(line):
    kept = learnable(f"Look at this\n{line}\nWhat is wrong?")
    assert kept == "Look at this\nWhat is wrong?"


def test_a_private_key_is_left_out_with_all_its_lines():
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabcdef\n-----END RSA PRIVATE KEY-----"
    assert "MIIE" not in learnable(f"before\n{key}\nafter")


@pytest.mark.parametrize(
    "line",
    [
        "Explain 1234567890123 as a number",
        "see https://docs.python.org/3/library/asyncio-task.html",
        "What is antidisestablishmentarianism?",
        "Why is user_account_settings_page slow?",
    ],
)
def test_what_is_no_secret_is_learnt(line):
    assert learnable(line) == line


def test_nothing_with_a_digit_has_a_form_to_be_kept_in():
    own = Counts()
    own.add("room 4711 and code a1b2c3d4")
    assert not any(character.isdigit() for word in own.words for character in word)
