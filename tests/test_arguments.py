"""Wrong arguments of every public function give one sentence each, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import saddlepoint as sp
from saddlepoint import arguments
from saddlepoint.models import build
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Fits, has

QUICK: dict[str, Any] = {"steps": 2, "tick": 1, "batch_size": 8, "samples": 4, "device": "cpu", "stop_on": []}
X = np.zeros((20, 2))
CODES = {"gan": 2, "vae": 3, "autoencoder": 3}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A run that cost a second."""
    folder = tmp_path_factory.mktemp("arguments") / "run"
    sp.train("toy-ring", data={"points": 60}, training=QUICK, evaluation={"every": 2, "samples": 20}, run=folder)
    return str(folder)


@pytest.fixture(autouse=True)
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def assert_refused(call: Callable[[], Any]) -> None:
    with pytest.raises(sp.SaddlepointError) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith((".", "?", ")", "`"))
    assert not any(Path.cwd().iterdir()), "something was written"


def train(**given: Any) -> sp.Run:
    return sp.train(**({"recipe": "toy-ring", "data": {"points": 60}, "training": QUICK} | given))


TRAIN: dict[str, dict[str, Any]] = {
    "a number for a recipe": {"recipe": 5},
    "nothing for a recipe": {"recipe": None},
    "a list for a recipe": {"recipe": []},
    "settings for a recipe": {"recipe": {}},
    "a number of steps for training": {"training": 20},
    "text for training": {"training": "steps"},
    "a list for training": {"training": [1]},
    "a number as a setting's name": {"training": {1: 2}},
    "text for model": {"model": "gan"},
    "a number for evaluation": {"evaluation": 3},
    "a number for run": {"run": 5},
    "an empty run": {"run": ""},
    "a number for modules": {"modules": 5},
    "a list for modules": {"modules": [nn.Linear(2, 2)]},
    "a number for a module": {"modules": {"generator": 5}},
    "a number for a listener": {"listener": 5},
    "a class for a listener": {"listener": sp.Listener},
    "a number for data": {"data": 5},
    "a set for data": {"data": {1, 2}},
    "bytes for data": {"data": b"abc"},
    "a number as a data setting": {"data": {5: 6}},
    "labels without examples": {"data": (None, np.zeros(3))},
    "a generator for data": {"data": iter([1, 2])},
    "a sparse tensor": {"data": torch.eye(20).to_sparse()},
    "a tensor without values": {"data": torch.zeros(20, 2, device="meta")},
    "complex numbers": {"data": torch.zeros(20, 2, dtype=torch.complex64)},
    "a dataset of torch": {"data": torch.utils.data.TensorDataset(torch.zeros(20, 2))},
    "a loader of torch": {"data": torch.utils.data.DataLoader(torch.zeros(20, 2))},
}


@pytest.mark.parametrize("what", TRAIN)
def test_train(what: str) -> None:
    assert_refused(lambda: train(**TRAIN[what]))


ON_RUNS: dict[str, Callable[[str], Any]] = {
    "resume(5)": lambda run: sp.resume(5),
    "resume(None)": lambda run: sp.resume(None),
    "resume(steps=2.5)": lambda run: sp.resume(run, steps=2.5),
    "resume(steps='x')": lambda run: sp.resume(run, steps="x"),
    "resume(steps=-1)": lambda run: sp.resume(run, steps=-1),
    "resume(modules=5)": lambda run: sp.resume(run, steps=6, modules=5),
    "resume(listener=5)": lambda run: sp.resume(run, steps=6, listener=5),
    "load(5)": lambda run: sp.load(5),
    "load(None)": lambda run: sp.load(None),
    "load(model)": lambda run: sp.load(nn.Linear(2, 2)),
    "load(step=2.5)": lambda run: sp.load(run, step=2.5),
    "load(step=None)": lambda run: sp.load(run, step=None),
    "load(step=True)": lambda run: sp.load(run, step=True),
    "load(device=5)": lambda run: sp.load(run, device=5),
    "load(device='abacus')": lambda run: sp.load(run, device="abacus"),
    "load(modules=5)": lambda run: sp.load(run, modules=5),
    "load(modules: text)": lambda run: sp.load(run, modules={"generator": "x"}),
    "load(modules: role)": lambda run: sp.load(run, modules={"painter": nn.Identity()}),
    "Run(5)": lambda run: sp.Run(5),
    "Run('')": lambda run: sp.Run(""),
    "Run(modules=5)": lambda run: sp.Run(run, modules=5),
    "RunFolder(5)": lambda run: sp.RunFolder(5),
    "evaluate(5)": lambda run: sp.evaluate(5),
    "evaluate(None)": lambda run: sp.evaluate(None),
    "evaluate(samples=2.5)": lambda run: sp.evaluate(run, samples=2.5),
    "evaluate(samples=0)": lambda run: sp.evaluate(run, samples=0),
    "evaluate(seeds=-1)": lambda run: sp.evaluate(run, seeds=-1),
    "evaluate(features=5)": lambda run: sp.evaluate(run, features=5),
    "evaluate(features=['nope'])": lambda run: sp.evaluate(run, features=["nope"], progress=False),
    "evaluate(step=2.5)": lambda run: sp.evaluate(run, step=2.5, progress=False),
    "evaluate(device=5)": lambda run: sp.evaluate(run, device=5),
    "evaluate(likelihood='x')": lambda run: sp.evaluate(run, likelihood="x"),
    "evaluate(progress=5)": lambda run: sp.evaluate(run, progress=5),
    "evaluate(data=5)": lambda run: sp.evaluate(run, data=5, progress=False),
    "evaluate(data: shape)": lambda run: sp.evaluate(run, data=np.zeros((20, 3)), progress=False),
    "evaluate(object)": lambda run: sp.evaluate(object(), "digits"),
    "diagnose(5)": lambda run: sp.diagnose(5),
    "diagnose([])": lambda run: sp.diagnose([]),
    "diagnose('nope')": lambda run: sp.diagnose("nope"),
    "diagnose(columns=5)": lambda run: sp.diagnose(run, columns=5),
    "write_report(5)": lambda run: sp.write_report(5),
    "write_report('nope')": lambda run: sp.write_report("nope"),
}


@pytest.mark.parametrize("what", ON_RUNS)
def test_functions_of_runs(what: str, run: str) -> None:
    assert_refused(lambda: ON_RUNS[what](run))


OTHERS: dict[str, Callable[[], Any]] = {
    "study(5)": lambda: sp.study(5),
    "study(settings=5)": lambda: sp.study("learning-rate", settings=5),
    "study(workers='x')": lambda: sp.study("learning-rate", workers="x"),
    "study(workers=2.5)": lambda: sp.study("learning-rate", workers=2.5),
    "study(workers=-1)": lambda: sp.study("learning-rate", workers=-1),
    "study(engine=5)": lambda: sp.study("learning-rate", engine=5),
    "study(folder=5)": lambda: sp.study("learning-rate", folder=5),
    "load_data(5)": lambda: sp.load_data(5),
    "load_data(None)": lambda: sp.load_data(None),
    "load_data('')": lambda: sp.load_data(""),
    "load_data({})": lambda: sp.load_data({"source": "digits"}),
    "from_array(None)": lambda: sp.from_array(None),
    "from_array(text)": lambda: sp.from_array("x"),
    "from_array({})": lambda: sp.from_array({}),
    "from_array(three)": lambda: sp.from_array((X, X, X)),
    "from_array(kind)": lambda: sp.from_array(X, kind="picture"),
    "from_array(kind=5)": lambda: sp.from_array(X, kind=5),
    "from_array(layout)": lambda: sp.from_array(X, layout="x"),
    "from_array(settings={})": lambda: sp.from_array(X, settings={}),
    "from_array(y=5)": lambda: sp.from_array(X, 5),
    "from_array(y: text)": lambda: sp.from_array(X, "abc"),
    "from_array(y: None)": lambda: sp.from_array(X, [None] * 20),
    "from_array(y: 2-D)": lambda: sp.from_array(X, np.zeros((20, 2))),
    "from_array(dates)": lambda: sp.from_array(np.array(["2020-01-01"] * 5, dtype="datetime64[D]")),
    "from_array(records)": lambda: sp.from_array(np.zeros(5, dtype=[("a", int)])),
    "Recipe.load(5)": lambda: sp.Recipe.load(5),
    "Recipe.parse(5)": lambda: sp.Recipe.parse(5),
    "Recipe.from_mapping(5)": lambda: sp.Recipe.from_mapping(5),
    "Recipe.override(5)": lambda: sp.Recipe.load("toy-ring").override(5),
    "Recipe.override({1: 1})": lambda: sp.Recipe.load("toy-ring").override({1: 1}),
    "Recipe(x=1)": lambda: sp.Recipe(x=1),
    "Recipe(text)": lambda: sp.Recipe("toy-ring"),
    "Recipe(steps)": lambda: sp.Recipe(training={"steps": "x"}),
    "DataSettings(sise=3)": lambda: sp.DataSettings(sise=3),
    "DataSettings(size='x')": lambda: sp.DataSettings(size="x"),
    "Scorecard.load(5)": lambda: sp.Scorecard.load(5),
    "Scorecard.load('nope')": lambda: sp.Scorecard.load("nope"),
    "Dataset(array)": lambda: sp.Dataset("x", X, sp.Event((2,), "vector")),
    "Dataset(shape)": lambda: sp.Dataset("x", torch.zeros(3, 3), sp.Event((2,), "vector")),
    "Dataset(labels)": lambda: sp.Dataset("x", torch.zeros(3, 2), sp.Event((2,), "vector"), torch.zeros(3)),
    "Dataset.subset(position)": lambda: sp.load_data("ring").subset(torch.tensor([10**6])),
    "Dataset.subset(fraction)": lambda: sp.load_data("ring").subset(torch.tensor([0.5])),
    "Event(kind)": lambda: sp.Event((2,), "table"),
    "Event(shape)": lambda: sp.Event(5, "vector"),
    "Event(axes of an image)": lambda: sp.Event((8, 8), "image"),
    "Event(axes of a series)": lambda: sp.Event((8,), "series"),
    "Event(no side)": lambda: sp.Event((0,), "vector"),
    "Event(dtype)": lambda: sp.Event((2,), "vector", "float16"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_functions_of_data_and_settings(what: str) -> None:
    assert_refused(OTHERS[what])


@pytest.fixture(scope="module", params=list(CODES))
def model(request: pytest.FixtureRequest) -> Model:
    recipe = sp.Recipe.load("toy-ring" if request.param == "gan" else f"{request.param}-digits")
    dataset = sp.load_data("ring" if request.param == "gan" else "digits")
    made = build(recipe.model, dataset.event, seed=0)
    if has(made, Fits):
        made.fit(dataset.x[:50], torch.Generator().manual_seed(0))
    return made


@pytest.mark.parametrize("n", [2.5, -1, "x", None, True, np.float64(2), 10**13, [3]])
def test_numbers_of_samples(model: Model, n: Any) -> None:
    assert_refused(lambda: model.sample(n))
    assert_refused(lambda: model.fixed_noise(n, torch.Generator()))


@pytest.mark.parametrize("n", [0, 2, np.int64(2), torch.tensor(2)])
def test_integers_of_any_type_are_accepted(model: Model, n: Any) -> None:
    assert model.sample(n).shape == (int(n), *model.event.shape)


@pytest.mark.parametrize("labels", [torch.tensor([1, 2]), 3, "cat"])
def test_labels_of_samples(model: Model, labels: Any) -> None:
    assert_refused(lambda: model.sample(2, labels=labels))


@pytest.mark.parametrize("generator", [5, np.random.default_rng(0), "seed"])
def test_generators(model: Model, generator: Any) -> None:
    assert_refused(lambda: model.sample(2, generator=generator))
    if hasattr(model, "log_prob"):
        assert_refused(lambda: model.log_prob(torch.zeros(2, *model.event.shape), generator=generator))


@pytest.mark.parametrize("shape", [(2, 9), (3,), (2, 1, 3), ()])
def test_codes_of_another_shape(model: Model, shape: tuple[int, ...]) -> None:
    assert_refused(lambda: model.decode(torch.zeros(shape)))


@pytest.mark.parametrize("value", ["x", None, 5, [[1.0], [1.0, 2.0]], np.array([["a"] * 3]), torch.zeros(2, 3) + 0j])
def test_invalid_arrays_are_refused(model: Model, value: Any) -> None:
    for name in ("decode", "encode", "log_prob", "logits", "scores", "pushes", "heads"):
        if hasattr(model, name):
            assert_refused(lambda name=name: getattr(model, name)(value))  # type: ignore[misc]


def test_examples_of_another_shape(model: Model) -> None:
    for name in ("encode", "log_prob", "logits", "scores", "pushes", "heads"):
        for shape in ((2, *model.event.shape, 1), model.event.shape):
            if hasattr(model, name) and len(shape) > 1:
                assert_refused(lambda name=name, shape=shape: getattr(model, name)(torch.zeros(shape)))  # type: ignore[misc]


@pytest.mark.parametrize("device", ["abacus", "cuda:99"])
def test_devices_that_are_not_there(model: Model, device: str) -> None:
    assert_refused(lambda: model.to(device))


@pytest.mark.parametrize("samples", [0, -1, 2.5, "x"])
def test_draws_of_a_bound(samples: Any) -> None:
    vae = build(sp.Recipe.load("vae-digits").model, sp.load_data("digits").event)
    assert_refused(lambda: vae.log_prob(torch.zeros(2, 1, 8, 8), samples=samples))  # type: ignore[attr-defined]


@pytest.mark.slow
def test_a_run_is_accepted_in_place_of_its_folder(run: str) -> None:
    held = sp.Run(run)
    assert sp.Run(held).folder == sp.Run(held.folder).folder == held.folder
    assert sp.load(held).sample(2).shape == sp.load(held.folder).sample(2).shape
    assert sp.diagnose(held).source == sp.diagnose(run).source
    assert sp.write_report(held, output=Path("page.html")) == Path("page.html")


@pytest.mark.parametrize(
    ("value", "said"),
    [(5, "5"), ("x", "'x'"), (None, "None"), ("x" * 99, "a str"), (X, "a ndarray"), (nn.Linear, "the class Linear")],
)
def test_values_are_shown_short(value: Any, said: str) -> None:
    assert arguments.shown(value) == said
