"""`auto-table` in augment: the winner of the contest generates, and a call that is interrupted after the contest keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saddlepoint.applications.augment import contest, start
from saddlepoint.applications.augment.augmented import CHOSEN_ON_ALL
from saddlepoint.applications.augment.start import augment
from saddlepoint.errors import DataError, SettingError
from saddlepoint.experiment.contest import holding

pytest.importorskip("pandas")


def test_the_winner_generates_and_a_finished_contest_outlives_an_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    label = np.arange(60) % 3 == 0
    table = {"x": rng.normal(size=60) + 2 * label, "kind": np.where(label, "rare", "common")}
    trained: list[str] = []

    def generate(recipe: Any, rows: Any, schema: Any, *, seed: int, seconds: float) -> list[Any]:
        trained.append(recipe.name)
        if recipe.name == "gaussian-table":
            raise DataError("training diverged")
        return [rows.sample(frac=1, random_state=seed, ignore_index=True)]

    def interrupt(*arguments: Any, **more: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(contest, "candidates", lambda: ("gaussian-table", "trees-table"))
    monkeypatch.setattr(holding, "generate_rows", generate)
    monkeypatch.setattr(holding, "SPLITS", 2)

    def call() -> Any:
        keep = tmp_path / "kept"
        return augment(
            table, target="kind", per_class=3, model="auto-table", measured=False, filtered=False, keep=keep, progress=False
        )  # fmt: skip

    with monkeypatch.context() as patched:
        patched.setattr(start, "draw_examples", interrupt)
        with pytest.raises(KeyboardInterrupt):
            call()
    assert len(trained) == 3
    done = call()
    assert len(trained) == 3
    assert done.recipe.name == done.model == "trees-table"
    assert done.drawn.examples.counts.tolist() == [3, 3]
    assert done.contest.winner == done.manifest()["contest"]["winner"] == "trees-table"
    assert CHOSEN_ON_ALL in done.notes
    assert not (tmp_path / "kept" / "contest").exists()


def test_images_have_no_contest() -> None:
    pair = (np.zeros((12, 8, 8), np.uint8), np.arange(12) % 2)
    with pytest.raises(SettingError, match="these are images"):
        augment(pair, model="auto-table", measured=False, progress=False)
