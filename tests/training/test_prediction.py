"""The measure of prediction counts keys as a person presses them, and the model is made as it is read."""

import pytest

from chat.prediction.general import Place
from chat.prediction.suggest import Suggestion
from training.prediction.code_lines import count as count_lines
from training.prediction.counting import count
from training.prediction.sources import Prompt, without_twins
from training.prediction.typing import type_all


def offers(at: str, rest: str):
    """Suggests `rest` after `at`, and nothing elsewhere."""
    return lambda _: lambda text: [Suggestion(rest, 0.9, "general")] if text == at else []


def test_a_right_suggestion_costs_one_key_and_brings_its_space():
    result = type_all(["explain it"], offers("exp", "lain"))
    assert (result.characters, result.keys) == (10, 3 + 1 + 2)


def test_without_the_space_it_is_typed():
    assert type_all(["explain it"], offers("exp", "lain"), space=False).keys == 3 + 1 + 3


def test_a_sign_takes_the_spaces_place_and_a_letter_costs_a_key():
    assert type_all(["explain."], offers("exp", "lain")).keys == 3 + 1 + 1
    assert type_all(["explains"], offers("exp", "lain")).keys == 3 + 1 + 1 + 1


def test_a_wrong_suggestion_is_shown_and_not_taken():
    result = type_all(["expect"], offers("exp", "lain"))
    assert (result.keys, result.shown, result.right) == (6, 1, 0)


def test_who_takes_nothing_types_everything():
    result = type_all(["explain"], offers("exp", "lain"), takes=False)
    assert (result.keys, result.right) == (7, 1)


def test_a_model_knows_what_it_has_counted():
    general = count([("tell me more about cats", 3), ("tell me less about dogs", 2)])
    assert Place(general, ["tell", "me"]).best("", 1) == ["more"]
    assert Place(general, ["about"]).best("d", 1) == ["dogs"]
    assert Place(general, ["me"]).probability("more") == pytest.approx(0.45 + 0.3 * 2.25 / 25, abs=0.02)


def test_near_copies_are_left_out_of_a_test():
    words = "one two three four five six seven eight nine"
    known, fresh = Prompt("a", "", f"start {words}"), Prompt("a", "", "quite another thing")
    assert without_twins([Prompt("b", "", f"{words} end"), fresh], [known]) == [fresh]


def test_only_beginnings_whose_number_changes_are_kept():
    begun = count_lines(["import os"] * 20 + ["import sys"] * 15)
    assert begun == [("import ", 35), ("import os", 20), ("import sys", 15)]
