"""The trainer of the router's weights, on small data of its own."""

import json
from pathlib import Path

import numpy as np
import pytest

from chat.gateway.difficulty import BUCKETS, SHAPE
from training.router.data import Example, read
from training.router.everyday import FAMILIES, prompts
from training.router.measure import auc, curve, reliability
from training.router.regression import chances, fit, matrix


@pytest.fixture
def data(tmp_path: Path) -> Path:
    question = {
        "subject": "law",
        "prompt": "Who may sue?\nA. Me\nB. You\nC. Both\nD. None\nAnswer:",
        "weak_correct": False,
        "strong_correct": True,
    }
    (tmp_path / "router_mmlu_train.jsonl").write_text(json.dumps(question) + "\n")
    (tmp_path / "arena_hard_v0.1_prompts.jsonl").write_text(
        json.dumps({"cluster": "Code", "prompt": "Write a kernel."}) + "\n"
    )
    return tmp_path


def test_it_reads_three_kinds_and_leaves_the_choices_out(data: Path) -> None:
    first, second, *rest = read(data)
    assert first == Example("measured", "law", "Who may sue?", weak=False, strong=True)
    assert (second.kind, second.text, second.weak) == ("demanding", "Write a kernel.", False)
    assert rest
    assert all(example.kind == "everyday" and example.weak for example in rest)


def test_everyday_prompts_are_many_and_none_is_made_twice() -> None:
    made = [prompt for _, prompt in prompts()]
    assert len(made) > 300
    assert len(set(made)) == len(made)
    assert {family for family, _ in prompts()} == set(FAMILIES)


def test_what_is_learnt_is_what_the_product_computes() -> None:
    """The trainer's matrix and the product's loop are one and the same function."""
    texts = ["hello there", "good morning", "prove the theorem", "prove another theorem"] * 5
    enough = np.array([1.0, 1.0, 0.0, 0.0] * 5)
    rows = matrix(texts)
    assert rows.shape == (20, len(SHAPE) + BUCKETS)
    model = fit(rows, enough, np.full(20, 1 / 20), shrink=1e-4)
    assert model.chance("hello there") > 0.8 > 0.2 > model.chance("prove the theorem")
    for text, chance in zip(texts, chances(model, rows), strict=True):
        assert model.chance(text) == pytest.approx(chance, abs=1e-4)


def test_the_area_is_one_for_a_perfect_order_and_half_for_none() -> None:
    true = np.array([True, True, False, False])
    assert auc(np.array([0.9, 0.8, 0.2, 0.1]), true) == 1.0
    assert auc(np.array([0.1, 0.2, 0.8, 0.9]), true) == 0.0
    assert auc(np.array([0.9, 0.1, 0.8, 0.2]), true) == 0.5


def test_the_curve_runs_from_the_strong_model_alone_to_the_weak_one_alone() -> None:
    examples = [Example("measured", "x", "", weak=number < 5) for number in range(10)]
    points = curve(examples, np.linspace(1, 0, 10))
    assert points[0][1] == 1.0
    assert points[-1][1] == 0.5
    half = next(point for point in points if point[0] == 0.5)
    assert (half[1], half[2]) == (1.0, 0.75)


def test_what_was_said_is_set_beside_what_was_so() -> None:
    said = np.repeat([0.1, 0.9], 5)
    assert reliability(said, said > 0.5, bins=2) == [
        (pytest.approx(0.1), 0.0, 5),
        (pytest.approx(0.9), 1.0, 5),
    ]
