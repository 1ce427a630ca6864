"""Every variable is read strictly: a malformed one stops the start with a line that names it."""

import pytest

from grump.lib import env
from grump.lib.env import EnvError


@pytest.fixture
def set_to(monkeypatch):
    def set_value(value: str | None) -> None:
        if value is None:
            monkeypatch.delenv("KNOB", raising=False)
        else:
            monkeypatch.setenv("KNOB", value)

    return set_value


@pytest.mark.parametrize(
    ("value", "read"), [(None, "default"), ("", "default"), ("  ", "default"), (" a b ", "a b")]
)
def test_text_without_blanks_and_empty_is_unset(set_to, value, read):
    set_to(value)
    assert env.text("KNOB", "default") == read


@pytest.mark.parametrize("value", [None, "", "   "])
def test_a_required_variable_that_is_missing_says_why_it_is_needed(set_to, value):
    set_to(value)
    with pytest.raises(EnvError, match=r"^KNOB: must be set: sessions are signed with it$"):
        env.required("KNOB", "sessions are signed with it")


def test_a_required_variable_is_read(set_to):
    set_to(" secret ")
    assert env.required("KNOB", "because") == "secret"


@pytest.mark.parametrize("value", ["1", "true", "Yes", "ON"])
def test_ways_to_say_on(set_to, value):
    set_to(value)
    assert env.flag("KNOB", False) is True


@pytest.mark.parametrize("value", ["0", "false", "No", "OFF"])
def test_ways_to_say_off(set_to, value):
    set_to(value)
    assert env.flag("KNOB", True) is False


@pytest.mark.parametrize("default", [True, False])
def test_an_unset_flag_is_its_default(set_to, default):
    set_to(None)
    assert env.flag("KNOB", default) is default


@pytest.mark.parametrize("value", ["maybe", "2", "-1", "onn"])
def test_a_flag_that_is_neither_is_refused(set_to, value):
    set_to(value)
    with pytest.raises(EnvError, match=rf"^KNOB: expected on or off, got '{value}'$"):
        env.flag("KNOB", False)


@pytest.mark.parametrize(("value", "read"), [(None, 8), ("1", 1), (" 10 ", 10)])
def test_a_whole_number_within_its_bounds(set_to, value, read):
    set_to(value)
    assert env.integer("KNOB", 8, least=1, most=10) == read


@pytest.mark.parametrize("value", ["eight", "1.5", "1e3", "0x10"])
def test_what_is_no_whole_number_is_refused(set_to, value):
    set_to(value)
    with pytest.raises(EnvError, match=r"^KNOB: expected a whole number"):
        env.integer("KNOB", 8, least=1, most=10)


@pytest.mark.parametrize("value", ["0", "11", "-5"])
def test_a_number_out_of_bounds_is_refused_with_the_bounds(set_to, value):
    set_to(value)
    with pytest.raises(EnvError, match=rf"^KNOB: expected 1 to 10, got {value}$"):
        env.integer("KNOB", 8, least=1, most=10)


def test_a_choice_outside_the_list_is_refused_with_the_list(set_to):
    set_to("apache")
    with pytest.raises(EnvError, match=r"^KNOB: expected one of daphne, uvicorn, got 'apache'$"):
        env.choice("KNOB", "daphne", {"uvicorn", "daphne"})


@pytest.mark.parametrize(("value", "read"), [(None, "daphne"), ("uvicorn", "uvicorn")])
def test_a_choice(set_to, value, read):
    set_to(value)
    assert env.choice("KNOB", "daphne", {"uvicorn", "daphne"}) == read


@pytest.mark.parametrize(("value", "read"), [(None, ["x", "y"]), ("a", ["a"]), (" a , b ,, ", ["a", "b"])])
def test_words_are_separated_by_commas(set_to, value, read):
    set_to(value)
    assert env.words("KNOB", "x, y") == read


def test_an_error_is_an_exit_without_a_traceback(set_to):
    assert issubclass(EnvError, SystemExit)
    assert str(EnvError("KNOB", "is odd")) == "KNOB: is odd"
