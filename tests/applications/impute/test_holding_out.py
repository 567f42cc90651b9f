"""The contest of methods: which cells are held out, what the scores are, and that the right method wins where it is known."""

from __future__ import annotations

import numpy as np
import pytest

from saddlepoint.applications.impute import holding_out
from saddlepoint.applications.impute.holding_out import hold_contest, hold_out_cells


def test_held_out_cells_are_observed_ones_in_the_same_share_of_every_column() -> None:
    rng = np.random.default_rng(0)
    missing = rng.random((200, 3)) < [0.0, 0.5, 0.98]
    held = hold_out_cells(missing, rng)
    assert not (held & missing).any()
    assert held.sum(0).tolist()[:2] == [20, round(0.1 * (~missing[:, 1]).sum())]
    assert held[:, 2].sum() <= max(0, (~missing[:, 2]).sum() - 5)


def test_the_method_that_suits_the_data_wins() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, 300)
    linear = np.stack([x, 3 * x, 1 - x], 1) + 0.05 * rng.standard_normal((300, 3))
    linear[rng.random(linear.shape) < 0.1] = np.nan
    contest = hold_contest(linear, (0, 0, 0), "prediction", rng, ["mean", "iterative"])
    assert contest is not None
    assert contest.winner == "iterative"
    assert 0 < contest.low < contest.less < contest.high
    assert "less than mean" in str(contest)
    assert "no difference" not in str(contest)
    assert contest.to_json()["winner"] == "iterative"


def test_for_inference_only_methods_that_draw_are_tried() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((60, 2))
    matrix[rng.random(matrix.shape) < 0.2] = np.nan
    contest = hold_contest(matrix, (0, 0), "inference", rng, ["mean", "normal", "matching"])
    assert contest is not None
    assert {score.method for score in contest.scores} == {"normal", "matching"}
    assert all(score.coverage is not None and 0 <= score.coverage <= 1 for score in contest.scores)


def test_small_tables_hold_no_contest() -> None:
    rng = np.random.default_rng(0)
    assert hold_contest(rng.standard_normal((10, 3)), (0, 0, 0), "prediction", rng) is None


def test_a_column_with_few_values_does_not_prevent_the_contest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding_out, "MOST_ROWS", 50)  # a sample that lacks the column's only value
    matrix = np.random.default_rng(0).standard_normal((2_000, 3))
    matrix[1:, 1] = np.nan
    contest = hold_contest(matrix, (0, 0, 0), "prediction", np.random.default_rng(1), ["mean", "iterative"])
    assert contest is not None
    assert not contest.failed
