"""Augmentation: what is drawn, filtered, split and concluded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from saddlepoint.applications.augment import classifiers, drawing, filtering
from saddlepoint.applications.augment.alternatives.classical import rotate
from saddlepoint.applications.augment.alternatives.situation import Situation
from saddlepoint.applications.augment.drawing import draw_examples
from saddlepoint.applications.augment.examples import Examples, Images, Rows
from saddlepoint.applications.augment.filtering import REASONS, SampleFilter
from saddlepoint.applications.augment.generators import choose_recipe, fit_generator
from saddlepoint.applications.augment.measuring import Plan, measure
from saddlepoint.applications.augment.settings import ALTERNATIVES, REAL, alternative, alternatives_for
from saddlepoint.applications.augment.sources import read_examples
from saddlepoint.applications.augment.splits import Scenario, split_examples
from saddlepoint.applications.augment.start import augment
from saddlepoint.data.event import Event
from saddlepoint.errors import SettingError
from saddlepoint.evaluation.tables.classifiers import DOWNSTREAM

pytest.importorskip("pandas")


def table(seed: int = 0, n: int = 90) -> dict[str, Any]:
    """Two classes that overlap, a third of the rows in the second."""
    rng = np.random.default_rng(seed)
    label = np.arange(n) % 3 == 0
    x = rng.normal(size=n) + 2.0 * label
    return {"x": x, "y": rng.normal(size=n) - x, "kind": np.where(label, "rare", "common")}


@pytest.fixture
def rows() -> Examples:
    return read_examples(table(), target="kind")


@pytest.mark.slow
def test_what_is_left_out_is_said() -> None:
    words = [f"some words of row {number}" for number in range(90)]
    kinds = np.where(np.arange(90) < 4, None, table()["kind"])
    done = augment(
        {**table(), "text": words, "kind": kinds}, target="kind", per_class=2, measured=False, progress=False
    )
    assert done.notes[:2] == ("free text is not learnt and left out: text", "4 rows without a class in kind left out")
    assert done.to_json()["notes"] == list(done.notes)


@pytest.mark.slow
def test_names_and_sizes_need_not_be_texts_and_lists(rows: Rows, one_classifier: None) -> None:
    import pandas as pd

    frame = pd.DataFrame(dict(enumerate(table().values())))
    done = augment(frame, target=2, per_class=2, splits=2, sizes=20, imbalance=1, progress=False)  # type: ignore[arg-type]
    assert list(done.frame.columns) == ["0", "1", "2"]
    assert done.measured is not None
    assert [result.n for result in done.measured.scenarios] == [20]
    with pytest.raises(SettingError, match=r"Schema\.read"):
        augment(frame, target="2", schema="schema.yaml")  # type: ignore[arg-type]


@pytest.fixture
def images() -> Images:
    """Bright upper halves and bright lower halves, 8x8."""
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(60) % 2
    x = torch.randint(0, 60, (60, 1, 8, 8), generator=generator)
    x[y == 0, :, :4] += 150
    x[y == 1, :, 4:] += 150
    return Images(x.to(torch.uint8), y, Event((1, 8, 8), "image", "uint8", 0.0, 255.0, class_names=("up", "down")))


@pytest.fixture
def one_classifier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filtering, "TREES", 10)
    monkeypatch.setattr(classifiers, "LEAST_STEPS", 4)
    monkeypatch.setattr(classifiers, "MOST_STEPS", 4)
    for name in set(DOWNSTREAM) - {"logistic"}:
        monkeypatch.delitem(DOWNSTREAM, name)


def plan(examples: Examples, splits: int = 2) -> Plan:
    return Plan(choose_recipe(examples), 20, splits, (Scenario(), Scenario(None, 5)))


@pytest.mark.parametrize("scenario", [Scenario(), Scenario(31), Scenario(None, 10), Scenario(40, 4)])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_split_is_disjoint_nested_and_by_class(scenario: Scenario, seed: int) -> None:
    labels = np.repeat([0, 1, 2], [60, 30, 9])
    whole, part = split_examples(labels, seed, Scenario()), split_examples(labels, seed, scenario)
    assert not set(part.train) & set(part.test)
    assert set(part.train) <= set(whole.train)
    assert set(part.test) == set(whole.test)
    assert sorted({*whole.train, *whole.test}) == list(range(99))
    counts = np.bincount(labels[part.train], minlength=3)
    assert counts.min() >= 2
    if scenario.imbalance == 1:
        assert counts.sum() == (66 if scenario.n is None else scenario.n)
    else:
        before = np.bincount(labels[split_examples(labels, seed, Scenario(scenario.n)).train], minlength=3)
        assert counts[1] == min(before[1], max(2, before[0] // scenario.imbalance))
        assert counts[0] == before[0]


def test_the_generator_sees_its_training_rows_alone(rows: Rows) -> None:
    """Other values, ranges and missing cells in the test rows change no draw."""
    parts = split_examples(rows.labels, 3, Scenario())
    frame = rows.frame.copy()
    frame.loc[parts.test, "x"] = 1e6
    frame.loc[parts.test[:5], "y"] = np.nan
    poisoned = read_examples(frame, target="kind")
    labels = np.arange(40) % 2
    drawn = [
        fit_generator(choose_recipe(one), one.take(parts.train), 0).draw(labels, 1).frame  # type: ignore[attr-defined]
        for one in (rows, poisoned)
    ]
    assert drawn[0].equals(drawn[1])
    assert list(drawn[0]["kind"]) == [rows.names[label] for label in labels]


def test_drawn_rows_have_the_types_of_the_table() -> None:
    """Identifiers stay whole numbers, and categorical columns keep the categories that the training rows lack."""
    import pandas as pd

    colours = pd.Categorical(["red", "blue"] * 44 + ["green"] * 2, ["red", "green", "blue"])
    rows = read_examples(pd.DataFrame(table() | {"row_id": np.arange(90), "colour": colours}), target="kind")
    assert isinstance(rows, Rows)
    part = rows.take(np.arange(80))
    drawn = fit_generator(choose_recipe(rows), part, 0).draw(np.arange(40) % 2, 1)
    assert isinstance(drawn, Rows)
    assert drawn.frame.dtypes.equals(rows.frame.dtypes)
    assert part.join(drawn).frame.dtypes.equals(rows.frame.dtypes)
    assert set(drawn.frame["colour"]) <= {"red", "blue"}


@pytest.mark.slow
def test_counts_are_exact_and_the_same_seed_draws_the_same(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "MOST_ROUNDS", 3)
    generator = fit_generator(choose_recipe(rows), rows, 0)
    accept = SampleFilter(rows, 0)
    first, second = (draw_examples(generator, [7, 33], 5, accept) for _ in range(2))
    assert first.examples.counts.tolist() == [7, 33]
    assert first.examples.digest == second.examples.digest
    assert accept.judge(first.examples).accepted.all()
    with pytest.raises(SettingError, match=r"only 0 of the 7 examples of class common passed .*copy"):
        draw_examples(_Copies(rows), [7, 3], 0, accept)  # type: ignore[arg-type]
    filled = draw_examples(_Copies(rows), [7, 3], 0, accept, fill=True)  # type: ignore[arg-type]
    assert filled.examples.counts.tolist() == [7, 3]
    assert filled.unfiltered == 10


class _Copies:
    """Draws real rows."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def draw(self, labels: Any, seed: int) -> Rows:
        return self.rows.take([np.flatnonzero(self.rows.labels == label)[0] for label in labels])


def test_the_filter_rejects_copies_outliers_and_wrong_classes(rows: Rows) -> None:
    accept = SampleFilter(rows, 0)
    assert set(accept.judge(rows).reasons.tolist()) <= {0, REASONS.index("copy of a real example")}
    far = Rows(rows.frame.assign(x=rows.frame["x"] * 20), rows.schema)
    assert accept.judge(far).rejected["far from all real examples"] > 45
    others = read_examples(table(1, 300), target="kind")
    assert accept.judge(others).accepted.mean() > 0.8
    clear = others.take(np.flatnonzero((others.labels == 1) & (others.frame["x"] > 3)))  # type: ignore[attr-defined]
    wrong = Rows(clear.frame.assign(kind="common"), rows.schema)  # type: ignore[attr-defined]
    assert accept.judge(wrong).rejected["another class"] > 0.8 * len(wrong)


@pytest.mark.parametrize("name", ALTERNATIVES)
def test_every_alternative_adds_what_is_asked(name: str, rows: Rows, images: Images) -> None:
    for real in (rows, images):
        if name not in alternatives_for(real.kind):
            continue
        added = np.array([3, 11])
        more = real.take(np.concatenate([np.flatnonzero(real.labels == 0)[:12], np.flatnonzero(real.labels == 1)[:20]]))
        small = more.take(np.concatenate([np.arange(9), np.arange(12, 21)]))  # 9 of each class
        generated = more.take(np.concatenate([np.arange(12), np.arange(12, 32)]))  # 9 + 3 and 9 + 11
        made = alternative(name)(Situation(small, added, lambda generated=generated: generated, 0))  # type: ignore[misc]
        adds = name not in (REAL, "class weights")
        assert made.examples.counts.tolist() == ([12, 20] if adds else [9, 9])
        assert made.weights is None  # of equal classes


def test_weights_give_every_class_the_same_total(rows: Rows) -> None:
    made = alternative("class weights")(Situation(rows, np.array([0, 0]), lambda: rows, 0))
    totals = np.bincount(rows.labels, made.weights)
    assert totals[0] == pytest.approx(totals[1])
    assert made.weights.mean() == pytest.approx(1)


@pytest.mark.slow
def test_rotations() -> None:
    x = torch.rand(3, 2, 7, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    turned = rotate(x, torch.tensor([0.0, 90.0, 180.0], dtype=torch.float64))
    torch.testing.assert_close(turned, torch.stack([x[0], x[1].rot90(1, (1, 2)), x[2].rot90(2, (1, 2))]))


@pytest.mark.slow
@pytest.mark.usefixtures("one_classifier")
def test_a_resumed_measurement_equals_an_uninterrupted_one(rows: Rows, tmp_path: Path) -> None:
    measure(rows, plan(rows, 1), tmp_path / "kept")
    (path, *_) = sorted((tmp_path / "kept").iterdir())
    path.write_text(path.read_text()[:-9])  # as if it were damaged
    steps: list[str] = []
    resumed = measure(rows, plan(rows), tmp_path / "kept", lambda what, share: steps.append(what))
    assert len(steps) == 3  # of four, one was kept
    whole = measure(rows, plan(rows))
    for scenario, found in whole.items():
        assert [one.scores for one in found] == [one.scores for one in resumed[scenario]]
    balanced = whole[Scenario(None, 5)]
    assert all(sum(one.added) > 0 for one in balanced)


@pytest.mark.slow
def test_the_manifest_says_what_the_data_are(rows: Rows) -> None:
    done = augment(rows.frame, target="kind", per_class=11, measured=False)
    manifest = done.manifest()
    assert manifest["synthetic"]
    assert manifest["counts"] == {"common": 11, "rare": 11}
    assert manifest["source"]["sha256"] == rows.digest
    assert manifest["content_sha256"] == Rows(done.frame, rows.schema).digest
    assert list(done.frame.columns) == list(rows.frame.columns)
    assert list(done.frame.dtypes) == list(rows.frame.dtypes)
    other = rows.frame.copy()
    other.loc[3, "x"] += 1e-9
    assert Rows(other, rows.schema).digest != rows.digest


@pytest.mark.slow
@pytest.mark.usefixtures("one_classifier")
def test_images_are_augmented(images: Images) -> None:
    done = augment((images.x, images.y), per_class=5, filtered=False, splits=2, imbalance=1, sizes=[20])
    assert done.x.shape == (10, 1, 8, 8)
    assert done.x.dtype == torch.uint8
    assert done.y.tolist() == [0] * 5 + [1] * 5
    assert done.measured is not None
    assert [one.alternative for one in done.measured.scenarios[0].comparisons] == list(alternatives_for("images"))
