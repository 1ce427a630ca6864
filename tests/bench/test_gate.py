"""The gate fails for what grew beyond its noise, and for nothing else."""

import random

import pytest

from tests.bench import gate


def results(ours: list[float], theirs: list[float]) -> gate.Results:
    return {
        "flood": {
            "grump, daphne": [{"cpu_ms_per_1000_tokens": one} for one in ours],
            "barest batch, daphne": [{"cpu_ms_per_1000_tokens": one} for one in theirs],
        }
    }


NAME = "CPU of 1,000 tokens, flat out, daphne"
QUIET = [2.0, 2.02, 1.98, 2.01, 1.99, 2.0, 2.03, 1.97, 2.0, 2.01]
NOISY = [2.0, 2.6, 1.5, 2.3, 1.8, 2.9, 1.4, 2.1, 1.9, 2.5]


def test_a_ratio_is_of_figures_of_the_same_round():
    assert gate.ratios(results([10, 30], [5, 10]), ["daphne", "uvicorn"]) == {NAME: [2.0, 3.0]}


def test_what_was_not_measured_is_no_ratio():
    assert gate.ratios(results([10], [0]), ["daphne"]) == {}


@pytest.mark.parametrize(("now", "worse"), [(2.0, False), (2.15, False), (2.4, True)])
def test_a_quiet_figure_fails_a_fifth_above_its_baseline(now, worse):
    [verdict] = gate.compare({NAME: [now] * 5}, {NAME: QUIET}, ["daphne"])
    assert verdict.worse is worse


def test_a_noisy_figure_is_given_the_room_that_its_noise_wants():
    [verdict] = gate.compare({NAME: [2.4] * 5}, {NAME: NOISY}, ["daphne"])
    assert verdict.tolerance > 0.2
    assert not verdict.worse
    [verdict] = gate.compare({NAME: [4.0] * 5}, {NAME: NOISY}, ["daphne"])
    assert verdict.worse


def test_more_rounds_want_less_room():
    assert gate.tolerance(NOISY, 20) < gate.tolerance(NOISY, 3)


def test_rounds_like_the_baselines_own_hardly_ever_fail():
    dice = random.Random(3)
    allowed = gate.tolerance(NOISY, 5)
    failed = sum(
        gate.Verdict(NAME, 2.05, sorted(dice.choices(NOISY, k=5))[2], allowed).worse for _ in range(1000)
    )
    assert failed < 10


def test_what_became_cheaper_is_said_and_passes(capsys, monkeypatch):
    monkeypatch.setattr(gate, "read", lambda: {NAME: QUIET})
    assert gate.judge(results([5, 5, 5], [5, 5, 5]), ["daphne"]) == 0
    assert "make the baseline anew" in capsys.readouterr().out


def test_what_grew_is_named_and_fails(capsys, monkeypatch):
    monkeypatch.setattr(gate, "read", lambda: {NAME: QUIET})
    assert gate.judge(results([15, 15, 15], [5, 5, 5]), ["daphne"]) == 1
    assert f"1 worse, 0 better: {NAME}" in capsys.readouterr().out


def test_the_committed_baseline_knows_nothing_that_is_not_measured():
    known = gate.read()
    assert known
    assert set(known) <= {f"{name}, {server}" for name in gate.RATIOS for server in gate.SERVERS}
    assert all(len(rounds) >= 4 for rounds in known.values())


def test_what_was_not_measured_does_not_pass(capsys, monkeypatch):
    monkeypatch.setattr(gate, "read", lambda: {NAME: QUIET, NAME.replace("daphne", "uvicorn"): QUIET})
    assert gate.judge({}, ["daphne"]) == 1
    assert "NOT MEASURED" in capsys.readouterr().out
    assert gate.judge(results([5], [5]), []) == 0


def test_a_baseline_is_read_as_it_was_written_and_only_whole(tmp_path):
    whole = {f"{name}, {server}": [2.0, 2.125] for name in gate.RATIOS for server in gate.SERVERS}
    gate.write(whole, tmp_path / "baseline.json")
    assert gate.read(tmp_path / "baseline.json") == whole
    with pytest.raises(SystemExit, match="not measured"):
        gate.write({NAME: [2.0]}, tmp_path / "other.json")
