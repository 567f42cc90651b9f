"""The benchmark of imputation: shares of hidden cells, what the mechanisms mean, and its page."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.mark.parametrize("mechanism", ["mcar", "mar", "mnar"])
def test_cells_are_hidden_in_the_wanted_share(mechanism: str) -> None:
    from tables.imputation_plan import hide

    x = np.random.default_rng(0).standard_normal((4_000, 6))
    hidden = hide(mechanism, x, 0.3, np.random.default_rng(1))
    seen = 2 if mechanism == "mar" else 0
    shares = hidden.mean(0)
    assert (shares == 0).sum() == seen
    np.testing.assert_allclose(shares[shares > 0], 0.3, atol=0.04)
    moved = np.abs([x[hidden[:, k], k].mean() for k in range(6) if hidden[:, k].any()])
    assert (moved > 0.4).all() if mechanism == "mnar" else (moved < 0.1).all()
    assert not hidden.all(1).any()


def test_the_page_puts_published_numbers_beside_ours() -> None:
    from tables.imputation_page import page
    from tables.imputation_plan import Outcome

    outcomes = [Outcome({"guess": value}, "trees", 1.0) for value in (0.06, 0.08)]
    slopes = [Outcome({"estimate": 1.02, "coverage": 0.95, "width": 0.5, "rmse": 1.0}, "normal", 1.0)] * 2
    text = page({("forest", "iris", "trees"): outcomes, ("slope", "simulation", "normal"): slopes}, ["trees", "normal"])
    assert "| trees | 0.0700 ± 0.0100 |" in text
    assert "| MissForest (published) | 0.072 |" in text
    assert "| normal | 2.0 | 0.9500 ± 0.0000 |" in text
    assert "NaN" not in text


def test_trials_come_in_rounds_of_all_methods() -> None:
    import imputation

    wanted = imputation.trials(["forest", "slope"], ["trees", "mean"], ["iris"], 2, quick=False)
    rows = [(one.protocol, one.method, one.seed) for one in wanted]
    assert rows == [
        (protocol, method, seed)
        for seed in (0, 1)
        for protocol, method in (("forest", "trees"), ("forest", "mean"), ("slope", "mean"))
    ]
    assert len({one.key for one in wanted}) == 6


@pytest.mark.parametrize(("hole", "share"), [("square", 0.25), ("lower half", 0.5), ("half of the pixels", 0.5)])
def test_holes_have_their_size(hole: str, share: float) -> None:
    import torch

    from tables.inpainting import HOLES, known_pixels

    assert hole in HOLES
    known = known_pixels(hole, (200, 1, 8, 8), torch.Generator().manual_seed(0))
    assert float((~known).float().mean()) == pytest.approx(share, abs=0.02)
