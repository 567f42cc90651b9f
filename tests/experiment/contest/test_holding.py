"""A contest is paired, seeded and held on the training rows; the simplest recipe that is not shown to be worse is taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pd = pytest.importorskip("pandas")

from saddlepoint.data.tabular.infer import infer_schema  # noqa: E402
from saddlepoint.data.tabular.reading import read_frame  # noqa: E402
from saddlepoint.errors import DataError  # noqa: E402
from saddlepoint.evaluation.statistics.intervals import Interval  # noqa: E402
from saddlepoint.experiment.contest import holding  # noqa: E402
from saddlepoint.experiment.contest.candidates import ORDER, candidates  # noqa: E402
from saddlepoint.experiment.contest.holding import hold_contest  # noqa: E402
from saddlepoint.experiment.contest.outcome import Contest, Entry  # noqa: E402
from saddlepoint.experiment.contest.scoring import Score, score_rows  # noqa: E402
from saddlepoint.experiment.contest.splits import split_rows  # noqa: E402
from saddlepoint.experiment.contest.trials import Trials  # noqa: E402
from saddlepoint.recipe import Recipe, shipped_names  # noqa: E402
from saddlepoint.records.finished_parts import finished_parts  # noqa: E402


def table(n: int = 120) -> Any:
    """Numbers and a category that depend on a target with a rare class."""
    rng = np.random.default_rng(0)
    label = rng.choice(["a", "b", "rare"], n, p=[0.5, 0.4, 0.1])
    x = rng.normal(size=n) + 3 * (label == "a")
    return read_frame({"x": x.round(2), "kind": np.where(rng.random(n) < 0.5, "u", "v"), "label": label})


@pytest.mark.slow
def test_every_recipe_for_tables_takes_part_and_the_simplest_are_first() -> None:
    found = candidates()
    assert set(found) == {name for name in shipped_names() if Recipe.load(name).data.source == "table"}
    assert [name for name in ORDER if name in found] == list(found)


def test_splits_are_seeded_disjoint_and_have_every_class() -> None:
    frame = table()
    schema = infer_schema(frame).model_copy(update={"target": "label"})
    for number in range(3):
        split, again = (split_rows(frame, schema, number, 1) for _ in range(2))
        pd.testing.assert_frame_equal(split.trained, again.trained)
        together = pd.concat([split.trained, split.held_out]).sort_values(["x", "kind", "label"], ignore_index=True)
        pd.testing.assert_frame_equal(together, frame.sort_values(["x", "kind", "label"], ignore_index=True))
        assert len(split.held_out) == len(frame) // 5
        assert set(split.trained["label"]) == set(split.held_out["label"]) == {"a", "b", "rare"}
    assert not split_rows(frame, schema, 0, 1).held_out.equals(split_rows(frame, schema, 1, 1).held_out)


@pytest.mark.slow
def test_real_rows_have_no_loss_and_worse_rows_have_more() -> None:
    frame = table(300)
    schema = infer_schema(frame).model_copy(update={"target": "label"})
    split = split_rows(frame, schema, 0, 0)
    real = score_rows(split.trained, split, schema)
    assert real.loss(real) == 0
    shuffled = split.trained.assign(label=split.trained["label"].sample(frac=1, random_state=0).to_numpy())
    assert score_rows(shuffled, split, schema).loss(real) > 0.1
    assert Score(2.0, 0.45).loss(Score(1.0, 0.9)) == pytest.approx(1.5)
    assert Score(2.0, None).loss(Score(1.0, None)) == pytest.approx(1.0)


def test_the_simplest_that_is_not_shown_to_be_worse_is_taken() -> None:
    better, same, worse = [0.1, 0.12, 0.11, 0.09], [0.12, 0.1, 0.12, 0.1], [0.3, 0.31, 0.32, 0.3]
    assert holding._decide(["simple", "best"], {"simple": same, "best": better})[0] == "simple"
    winner, rival, behind = holding._decide(["simple", "best"], {"simple": worse, "best": better})
    assert (winner, rival) == ("best", "simple")
    assert behind is not None
    assert behind.low > 0
    # The simpler of two equals needs no proof.
    assert holding._decide(["best", "complex"], {"best": better, "complex": same})[0] == "best"
    assert holding._decide(["simple", "best"], {"simple": [0.5], "best": [0.1]})[0] == "simple"
    assert holding._closest(["a", "b", "c"], {"a": [0.1], "b": [0.5], "c": [0.2]}, 0.3, 3) == ["a", "c"]
    assert holding._closest(["a", "b", "c"], {"a": [0.1], "b": [0.3], "c": [0.2]}, 0.3, 2) == ["a", "c"]
    assert holding._closest(["a", "b", "c"], {"a": [0.1], "b": [0.9], "c": [0.8]}, 0.3, 3) == [
        "a",
        "c",
    ]  # two to compare


@pytest.mark.slow
def test_a_contest_repeats_and_says_what_it_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "SPLITS", 2)
    frame = table(40)
    schema = infer_schema(frame)
    recipes = [Recipe.load("gaussian-table"), Recipe.load("mixture-table").override({"training.steps": 1})]
    first, again = (hold_contest(frame, schema, recipes, seed=3) for _ in range(2))
    assert [(e.recipe, e.loss, e.splits) for e in first.entries] == [
        (e.recipe, e.loss, e.splits) for e in again.entries
    ]
    assert {entry.recipe for entry in first.entries} == {"gaussian-table", "mixture-table"}
    assert first.winner in str(first)
    small = hold_contest(frame.head(10), schema, recipes)
    assert (small.winner, small.entries) == ("gaussian-table", ())
    assert "too few" in str(small)


def test_differences_of_losses_are_said_in_percentage_points() -> None:
    entries = tuple(Entry(name, loss, 1.0, None, 5, 1.0) for name, loss in (("b", 0.1), ("a", 0.12)))
    behind = Interval(0.02, -0.01, 0.05)
    found = str(Contest("a", "b", "a", behind, entries, 5, 100, {}, {}, 1.0, 60.0))
    assert "loss 10.0%, 2.0 percentage points less than a (95 % interval -1.0 to 5.0); no difference is shown" in found


def test_without_time_no_slow_recipe_is_tried() -> None:
    frame = table(60)
    slow = Recipe.load("vae-table").override({"training.steps": 10**6})
    with pytest.raises(DataError, match="no recipe could be tried: vae-table: it needs about"):
        hold_contest(frame, infer_schema(frame), [slow], seconds=0.5)


def test_a_contest_that_was_killed_does_not_repeat_finished_trials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame, trained = table(60), list[tuple[str, int]]()
    schema = infer_schema(frame)
    recipes = [Recipe.load("gaussian-table"), Recipe.load("trees-table"), Recipe.load("vae-table")]

    def generate(recipe: Recipe, rows: Any, schema: Any, *, seed: int, seconds: float) -> list[Any]:
        if len(trained) == stop:
            raise KeyboardInterrupt
        trained.append((recipe.name, seed))
        if recipe.name == "vae-table":
            raise DataError("training diverged.")
        return [rows.sample(frac=1, replace=recipe.name == "gaussian-table", random_state=seed, ignore_index=True)]

    def hold() -> Contest:
        with finished_parts(tmp_path / "kept", "test", lambda: "one") as keep:
            return hold_contest(frame, schema, recipes, keep=keep)

    monkeypatch.setattr(holding, "generate_rows", generate)
    monkeypatch.setattr(holding, "SPLITS", 2)
    stop = 4
    with pytest.raises(KeyboardInterrupt):
        hold()
    stop = -1
    found = hold()
    assert trained == [(r.name, 0) for r in recipes] + [("gaussian-table", 1), ("trees-table", 1)]
    trained.clear()
    again = hold()
    assert len(trained) == 5
    assert (again.entries[0].loss, again.failed) == (found.entries[0].loss, found.failed)
    assert found.failed == {"vae-table": "training diverged"}


def test_the_time_of_kept_trials_counts(tmp_path: Path) -> None:
    with finished_parts(tmp_path / "kept", "test", lambda: "one") as keep:
        first = Trials(keep).run("a", 0, lambda: Score(1.0, None))
        assert keep is not None
        keep.write("a-0", np.array([50.0, 1.0, np.nan]))
        again = Trials(keep)
        assert again.run("a", 0, lambda: pytest.fail("trained again")).score == first.score
        assert again.elapsed > 50
