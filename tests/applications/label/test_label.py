"""Laws of labelling: what methods may read, what stays unchanged, and what is found where the answer is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from saddlepoint.applications.label import start
from saddlepoint.applications.label.examples import Examples
from saddlepoint.applications.label.hiding import Experiment, hide_labels
from saddlepoint.applications.label.known_labels import as_text
from saddlepoint.applications.label.method import Task
from saddlepoint.applications.label.methods import supervised
from saddlepoint.applications.label.settings import METHODS, make_method
from saddlepoint.applications.label.sources import read_examples
from saddlepoint.applications.label.start import label, label_examples
from saddlepoint.data import from_array
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.missing_labels import MISSING
from saddlepoint.experiment import in_memory


@pytest.fixture(autouse=True)
def quick_tuning(monkeypatch: pytest.MonkeyPatch) -> None:
    """All kinds of classifiers, with one setting of each number."""
    usual = supervised.candidates

    def few(features: np.ndarray, seed: int) -> list[tuple[str, Any, dict[str, list[float]]]]:
        return [
            (name, model, {key: values[-1:] for key, values in grid.items()})
            for name, model, grid in usual(features, seed)
        ]

    monkeypatch.setattr(supervised, "candidates", few)
    monkeypatch.setattr(supervised, "TREES", 3)
    monkeypatch.setattr(supervised, "FOLDS", 2)


def blobs(n: int = 90, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Three clusters in the plane, 8 standard deviations apart, in turn."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    centres = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]])
    return centres[y] + rng.normal(size=(n, 2)), y


def missing(y: np.ndarray, share: float = 0.7, seed: int = 1) -> np.ndarray:
    """The same labels with -1 in place of a share of them; the first nine stay."""
    hidden = np.random.default_rng(seed).random(len(y)) < share
    hidden[:9] = False
    return np.where(hidden, MISSING, y)


@pytest.fixture
def examples() -> Examples:
    x, y = blobs()
    return read_examples(x, y)


@pytest.mark.parametrize("method", METHODS)
def test_hidden_labels_are_never_read(method: str, examples: Examples, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other labels in the place of all hidden ones and of those of the test change the scores alone."""

    def poisoned(given: Examples, per_class: int, seed: int) -> Experiment:
        own = hide_labels(given, per_class, seed)
        seen = own.visible.labels != MISSING
        truth = np.where(seen, own.truth, (own.truth + 1) % 3)
        return replace(own, truth=truth, test=own.test.with_labels((own.test.labels + 1) % 3))

    arguments = {"method": method, "per_class": 3, "steps": 3, "folds": 2}
    before = label_examples(examples, **arguments)  # type: ignore[arg-type]
    monkeypatch.setattr(start, "hide_labels", poisoned)
    after = label_examples(examples, **arguments)  # type: ignore[arg-type]
    assert np.array_equal(before.probabilities, after.probabilities)
    assert before.temperature == after.temperature
    assert [one.accuracy for one in before.scores] == [one.accuracy for one in after.scores]
    assert before.tested is not None
    assert before.tested != after.tested


@pytest.mark.parametrize("method", METHODS)
def test_labels_of_a_fold_are_missing_while_it_is_predicted(method: str, examples: Examples) -> None:
    """Predictions of examples do not depend on labels that are left out."""
    task = Task(examples.x, examples.event, examples.labels, examples.names, steps=3)
    other = replace(task, labels=np.where(np.arange(90) < 30, (examples.labels + 1) % 3, examples.labels))
    hidden = np.arange(30)
    found = []
    for one in (task, other):
        fitted = make_method(method)
        fitted.fit(one.without(hidden))
        found.append(fitted.posterior(examples.x[:30]))
    assert np.array_equal(*found)


@pytest.mark.parametrize("method", METHODS)
def test_probabilities_sum_to_one_and_the_same_seed_gives_the_same(method: str, examples: Examples) -> None:
    task = Task(examples.x, examples.event, missing(examples.labels), examples.names, seed=3, steps=5)
    found = []
    for _ in range(2):
        fitted = make_method(method)
        fitted.fit(task)
        found.append(fitted.posterior(examples.x))
        np.testing.assert_allclose(found[-1].sum(1), 1, atol=1e-5)
        assert found[-1].min() >= 0
        whole = fitted.posterior_of_task()
        assert whole is None or whole.shape == (90, 3)
    assert np.array_equal(*found)


@pytest.mark.parametrize("method", [name for name, entry in METHODS.items() if entry.contest])
def test_clear_classes_are_found(method: str) -> None:
    x, y = blobs()
    done = label(x, missing(y), method=method, folds=2, progress=False)
    assert done.labels == [str(code) for code in y]
    assert done.filled > 40
    assert f"{done.filled} missing labels" in done.headline


def test_known_labels_are_never_changed() -> None:
    """Also where they are wrong."""
    x, y = blobs()
    given = missing(y)
    given[:2] = [2, 0]
    done = label(x, given, method="gaussians", progress=False)
    known = given != MISSING
    assert [name for name, kept in zip(done.labels, known, strict=True) if kept] == [str(code) for code in given[known]]
    assert done.probabilities[known].max(1).tolist() == [1.0] * int(known.sum())


def test_auto_says_what_it_chose_and_between_what(examples: Examples) -> None:
    done = label_examples(examples.with_labels(missing(examples.labels)), folds=2)
    assert [one.method for one in done.scores] == [name for name, entry in METHODS.items() if entry.contest]
    assert done.method in {one.method for one in done.scores if one.accuracy.value == 1}
    assert "chosen by cross-validation" in done.choice
    assert len(done.headline.split()) <= 12


@pytest.mark.parametrize("seed", range(3))
def test_an_experiment_keeps_few_labels_of_each_class_and_holds_out_a_third(examples: Examples, seed: int) -> None:
    own = hide_labels(examples, 4, seed)
    assert own.visible.counts.tolist() == [4, 4, 4]
    assert len(own.test) == 30
    assert np.bincount(own.test.labels).tolist() == [10, 10, 10]
    assert sorted([*own.kept, *own.tested]) == list(range(90))
    assert len(own.hidden) == 60 - 12
    assert np.array_equal(own.truth, examples.labels[own.kept])
    assert own.visible.event.mean != examples.event.mean  # statistics of what is learnt from


def test_an_experiment_reports_both_scores_beside_the_baseline(examples: Examples) -> None:
    done = label_examples(examples, method="spreading", per_class=3)
    assert done.tested is not None
    assert done.tested.inductive.value == done.tested.transductive.value == done.tested.baseline.value == 1  # type: ignore[union-attr]
    assert (done.tested.examples, done.tested.hidden) == (30, 51)
    assert "a choice by class" in done.choice
    assert done.headline == "spreading: 0.0 % test error with 3 labels a class"
    assert done.labels == [str(code) for code in examples.labels]


@pytest.mark.parametrize("method", ["auto", "spreading"])
def test_a_stopped_call_goes_on_and_equals_one_that_was_not(method: str, examples: Examples, tmp_path: Path) -> None:
    arguments = {"method": method, "per_class": 3, "seed": 2, "folds": 2}
    whole = label_examples(examples, **arguments)  # type: ignore[arg-type]
    said: list[str] = []

    def stopping(what: str, done: float) -> None:
        if what == "fitting spreading" or (method == "auto" and what.startswith("validating gaussians, fold 2")):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        label_examples(examples, keep=tmp_path / "kept", report=stopping, **arguments)  # type: ignore[arg-type]
    resumed = label_examples(
        examples, keep=tmp_path / "kept", report=lambda what, done: said.append(what), **arguments  # type: ignore[arg-type]
    )  # fmt: skip
    assert np.array_equal(whole.probabilities, resumed.probabilities)
    assert resumed.tested == whole.tested
    assert not any(what.startswith("validating spreading") for what in said)
    assert not (tmp_path / "kept").exists()


def test_labels_belong_to_examples_in_their_own_order(tmp_path: Path) -> None:
    """Files, arrays and built-in data are read in the order in which labels are given."""
    from sklearn.datasets import load_digits

    x, y = blobs()
    given = missing(y).astype(np.float64)
    given[given == MISSING] = np.nan
    np.savez(tmp_path / "data.npz", x=x, y=given)
    np.save(tmp_path / "x.npy", x)
    (tmp_path / "labels.txt").write_text("".join("\n" if np.isnan(one) else f"{one:.0f}\n" for one in given))
    for source, labels in (
        (tmp_path / "data.npz", None),
        (tmp_path / "x.npy", tmp_path / "labels.txt"),
        (torch.tensor(x), list(given)),
        ((x, given), None),
    ):
        found = read_examples(source, labels)
        torch.testing.assert_close(found.x, torch.tensor(x).float())
        assert found.labels.tolist() == missing(y).tolist()
    digits = read_examples("digits", load_digits().target)
    assert torch.equal(digits.x[:, 0].double(), torch.tensor(load_digits().images))
    assert digits.labels.tolist() == read_examples("digits").labels.tolist()


def test_images_of_a_folder_are_labelled_by_name(tmp_path: Path) -> None:
    from PIL import Image

    rng = np.random.default_rng(0)
    brightness = {}
    for number in range(12):
        name = f"{'b' if number % 2 else 'a'}/{number}.png"
        brightness[name] = 60 * (number % 4) + int(rng.integers(20))
        (tmp_path / "pictures" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 4), brightness[name], dtype=np.uint8)).save(tmp_path / "pictures" / name)
    lines = [f"{Path(name).stem},{'dark' if value < 100 else 'light'}" for name, value in list(brightness.items())[:8]]
    (tmp_path / "labels.csv").write_text("\n".join(["file,label", *lines]))
    found = read_examples(tmp_path / "pictures", tmp_path / "labels.csv")
    assert found.identities is not None
    assert [float(image.float().mean()) for image in found.x] == [brightness[name] for name in found.identities]
    for name, code in zip(found.identities, found.labels, strict=True):
        known = int(Path(name).stem) < 8
        assert code == (("dark", "light")[brightness[name] >= 100] == "light" if known else MISSING)


def test_a_test_part_may_lack_labels_which_are_not_scored() -> None:
    x, y = blobs()
    event = from_array(x).event
    part = Dataset("part", torch.tensor(x).float(), replace(event, class_names=("c", "b", "a")), torch.tensor(y))
    hidden = replace(part, y=torch.tensor(missing(y)))
    found = read_examples(replace(part, held_out=hidden))
    assert found.names == ("c", "b", "a")
    assert found.test is not None
    assert np.array_equal(found.test[1], y[missing(y) != MISSING])
    assert label_examples(found, method="gaussians", per_class=3).tested.inductive.value == 1  # type: ignore[union-attr]


def test_methods_are_not_told_how_frequent_classes_are() -> None:
    assert read_examples("digits").event.class_shares is None
    assert read_examples("digits").event.class_names is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.0, "3"), (np.float64(2), "2"), (1.5, "1.5"), (float("inf"), "inf"), (float("nan"), ""), (None, ""), (-1, ""), (b"a", "a")],
)  # fmt: skip
def test_labels_as_text(value: object, text: str) -> None:
    assert as_text(value) == text


@pytest.mark.slow
def test_codes_of_a_killed_call_are_not_learnt_again(
    examples: Examples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folds of a cross-validation share the training of the codes, also those after an interruption."""
    monkeypatch.setattr(in_memory, "KEEPING", 0.0)
    arguments = {"method": "spreading-codes", "steps": 60, "folds": 2, "per_class": 3}
    whole = label_examples(examples, **arguments)  # type: ignore[arg-type]
    said: list[str] = []

    def stopping(what: str, done: float) -> None:
        if what.startswith("validating spreading-codes, fold 2"):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        label_examples(examples, keep=tmp_path / "kept", report=stopping, **arguments)  # type: ignore[arg-type]
    resumed = label_examples(
        examples, keep=tmp_path / "kept", report=lambda what, done: said.append(what), **arguments  # type: ignore[arg-type]
    )  # fmt: skip
    assert np.array_equal(whole.probabilities, resumed.probabilities)
    assert not any("step 20 " in what for what in said)
