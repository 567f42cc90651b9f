"""The gap between returns in both tasks: its interval, and what the page says about it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ttest_ind

from saddlepoint.applications.simulate.planned import Planned, compare_played
from saddlepoint.applications.simulate.playing import Played
from saddlepoint.applications.simulate.settings import Search
from saddlepoint.report.simulation import write_simulation_page


def played(returns: np.ndarray, unusual: float | None = 0.3) -> Played:
    n = len(returns)
    share = None if unusual is None else np.full(n, unusual)
    return Played(returns, np.full(n, 9), np.full(n, 2.0), np.full(n, 1.5), share)


def test_the_gap_of_returns_has_the_interval_of_welch() -> None:
    rng = np.random.default_rng(0)
    real, learnt = rng.normal(3.0, 1.0, 6), rng.normal(5.0, 4.0, 6)
    gap = compare_played("cem", played(real), played(learnt)).return_gap
    expected = ttest_ind(learnt, real, equal_var=False).confidence_interval()
    assert (gap.value, gap.low, gap.high) == pytest.approx((learnt.mean() - real.mean(), expected.low, expected.high))
    same = compare_played("cem", played(np.full(6, 9.0)), played(np.full(6, 9.0))).return_gap
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("shift", "said"), [(9.0, "exploits errors"), (0.0, "No measurable gap"), (-9.0, "earns less")]
)
def test_the_page_says_whether_the_planner_exploits_the_model(shift: float, said: str, tmp_path: Path) -> None:
    real = np.array([1.0, 2.0, 3.0, 4.0])
    found = compare_played("cem", played(real), played(real + shift))
    planned = Planned((found,), "Task-v0", Search(), 2.0)
    assert planned.to_json()["planners"] == [asdict(found)]
    page = write_simulation_page(None, planned.to_json(), tmp_path / "page.html").read_text()
    assert said in page
    assert "30%" in page
    alone = Planned((compare_played("cem", played(real, None), played(real)),), "Task-v0", Search(), 2.0)
    assert "one network" in write_simulation_page(None, alone.to_json(), tmp_path / "page.html").read_text()
