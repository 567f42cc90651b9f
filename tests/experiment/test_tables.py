"""Tables that are given in Python: a run keeps their rows, and draws new ones of the same types."""

from __future__ import annotations

from pathlib import Path

import pytest

import saddlepoint as sp
from saddlepoint.errors import SettingError
from tests.data.tabular.people import write_people

pd = pytest.importorskip("pandas")


@pytest.mark.slow
def test_a_frame_is_trained_on_and_rows_are_drawn(tmp_path: Path) -> None:
    frame = pd.read_csv(write_people(tmp_path / "people.csv")).astype({"city": "category"})
    short = {"steps": 1, "checkpoint_every": 1}
    settings = {"model": {"conditional": True}, "training": short, "evaluation": {"samples": 64}, "pictures": False}
    recipe = sp.Recipe.load("gaussian-table").override({"data.target": "sex"})
    run = sp.train(recipe, data=frame, run=tmp_path / "run", **settings)
    rows = run.rows(200, condition="sex=F,income>1500")
    assert (rows.dtypes == frame.drop(columns="note").dtypes).all()
    assert len(rows) == 200
    assert (rows["income"] > 1500).all()
    assert set(rows["sex"]) == {"F"}
    pd.testing.assert_frame_equal(rows, sp.Run(tmp_path / "run").rows(200, condition="sex=F,income>1500"))
    again = sp.train(tmp_path / "run", run=tmp_path / "again", pictures=False)
    pd.testing.assert_frame_equal(again.rows(20), run.rows(20))
    with pytest.raises(SettingError, match="no row can meet"):
        run.rows(5, condition="age<5")
