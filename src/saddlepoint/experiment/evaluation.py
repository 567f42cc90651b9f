"""From a run, or any model, and data to a scorecard; a run keeps its own as scorecard.json."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint import data as data_package
from saddlepoint.arguments import check_text, shown
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import DataError, RunError, SettingError
from saddlepoint.evaluation.features import FEATURES, Features
from saddlepoint.evaluation.features.extractor import content_of
from saddlepoint.evaluation.scorecard.assess import assess
from saddlepoint.evaluation.scorecard.extremes import Extremes
from saddlepoint.evaluation.scorecard.scorecard import Scorecard
from saddlepoint.evaluation.settings import AssessmentSettings, LikelihoodEffort
from saddlepoint.experiment import examples
from saddlepoint.experiment.loading import Which, checkpoint_of, event_of, load
from saddlepoint.experiment.nearest_pairs import draw_pairs
from saddlepoint.experiment.run import Run
from saddlepoint.experiment.summary import update_result
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import GenerativeModel
from saddlepoint.progress import Report, report_for
from saddlepoint.records import RunFolder, read_bytes, writing
from saddlepoint.records.lock import is_locked
from saddlepoint.report import write_report
from saddlepoint.settings import refusal
from saddlepoint.training import checkpoint

WAIT = 10.0  # seconds for another command that writes a file into the run
if TYPE_CHECKING:
    from torch import nn

Wanted = str | Features | Callable[[Any], Any]
Data = Any
"""A source's name or path, DataSettings, a Dataset, an array (N, ...), or a pair of examples and labels."""


def evaluate(
    model: Run | str | Path | GenerativeModel,
    data: Data = None,
    *,
    samples: int | None = None,
    seeds: int = 3,
    seed: int = 0,
    features: Wanted | Sequence[Wanted] | None = None,
    step: Which = "newest",
    device: str = "cpu",
    likelihood: LikelihoodEffort = "bounds",
    modules: Mapping[str, nn.Module] | None = None,
    trust: bool = False,
    progress: Report | bool = True,
) -> Scorecard:
    """How good a model's samples are: scores with intervals, floors and ceilings, and how they were measured.

    model: a run, its folder, or anything that has an `event` and a `sample(n, generator=...)`. The scorecard of a run is
        written into its folder, and into its report where there is one; its result becomes that of the run's verdict.
    data: what to measure against; a run's own data by default. For a run, a name or path is read with the run's other
        `data` settings.
    samples: for each of `seeds` sampling seeds from `seed` on; by default as many as held-out examples, 10,000 at most.
    features: names of `saddlepoint.evaluation.features.FEATURES`, import paths, functions, or a list of them; by default
        what suits the data.
    step, device: of a run's checkpoint, as in `load`.
    modules: of a run's folder, the networks that were given to `train` as objects, by role; a Run brings its own.
    likelihood: "annealed" adds annealed importance sampling with its gap, and a kernel estimate: minutes.
    trust: whether code that a run names by import path may run, as in `load`.
    progress: True shows it on standard error, on a terminal or in a notebook; False does not; or a function that hears
        what is being done and the share that is done.

    Always measures anew; the command line takes what a run's scorecard answers already.

    Raises:
        RunError, DataError, SettingError: no such run or checkpoint, data that do not fit the model, broken samples.
    """
    check_text("evaluate", "device", device, "cpu")
    if not isinstance(progress, bool) and not callable(progress):
        raise SettingError(
            f"evaluate: progress is {shown(progress)}; give True, False or a function of a text and a share."
        )
    _listed(features)
    settings = AssessmentSettings(**checked(samples=samples, seeds=seeds, seed=seed, likelihood=likelihood))
    if isinstance(model, Run | str | Path):
        run = model if isinstance(model, Run) else Run(model, modules=modules, trust=trust)
        with report_for(progress) as report:
            return Evaluation(run, settings, data, features, step, device).measure(report)
    if not callable(getattr(model, "sample", None)) or not hasattr(model, "event"):
        raise SettingError(
            f"evaluate: a {type(model).__name__} is no model: give a run, its folder, or an object with an `event` and a "
            "`sample(n, generator=...)`."
        )
    if data is None:
        raise SettingError("evaluate: name the data to measure this model against, such as evaluate(model, 'digits').")
    with report_for(progress) as report:
        return assess(model, dataset_of(data), settings, features, report)


@dataclass(frozen=True)
class Evaluation:
    """One run's evaluation: what is asked, and whether the run's scorecard answers it already."""

    run: Run
    settings: AssessmentSettings
    data: Data = None
    features: Wanted | Sequence[Wanted] | None = None
    step: Which = "newest"
    device: str = "cpu"

    def stored(self) -> tuple[Scorecard | None, str]:
        """The run's scorecard, where it answers what is asked: measured at this checkpoint, whose weights are what they
        were, on the same content of the data, with these settings and by this version. Else None, and why there is to be
        measured anew, a phrase; empty where there is none yet."""
        file = self.run.folder.scorecard
        if not file.is_file():
            return None, ""
        if not self._nameable():
            return None, "what is asked cannot be told by words, so no scorecard is known to answer it"
        try:
            card = (found := Scorecard.load(file)).card
        except RunError:
            return None, "its scorecard cannot be read"
        path = checkpoint_of(self.run.folder, self.step)
        asked, ours = self._asked(path), version("saddlepoint")
        if card.versions.get("saddlepoint") != ours:
            return None, f"its scorecard is by version {card.versions.get('saddlepoint')}, this is {ours}"
        if card.asked != asked:
            names = [name for name in asked if card.asked.get(name) != asked[name]]
            return None, f"its scorecard was measured otherwise ({', '.join(names)})"
        if not _has_weights_of_manifest(path):
            return None, f"the weights of {path.name} are not those that were measured"
        if card.data_fingerprint != content_of(self.dataset):
            return None, f"its scorecard is of other data: {card.data} has changed since"
        return found, ""

    def measure(self, progress: Report | None = None) -> Scorecard:
        """Measure, and keep the scorecard in the run's folder, with pictures of the samples nearest to and farthest from
        real examples; its result takes the place of the one that was measured at the end of training."""
        folder, recipe = self.run.folder, self.run.recipe
        if is_locked(folder.path):  # said before minutes are spent
            raise RunError(f"{folder.path} is being worked on by another process: wait for it, or stop it.")
        path = checkpoint_of(self.run.folder, self.step)
        step = int(checkpoint.read_manifest(path)["step"])
        model = load(folder.path, step=step, device=self.device, modules=self.run.modules, trust=self.run.trust)
        dataset, extremes = self.dataset, list[Extremes]()
        scorecard = assess(model, dataset, self.settings, self.features, progress, extremes.append)
        card = replace(
            scorecard.card,
            model=str(folder.path),
            step=step,
            ema=_averages(model, recipe.training.ema),
            asked=self._asked(path),
        )
        scorecard = replace(scorecard, card=card)
        with writing(folder, wait=WAIT):
            scorecard.save(folder.scorecard)
            # The result of the run is that of its last step, on its own data.
            if self.data is None and scorecard.result is not None and step == _last_step(folder):
                update_result(folder, recipe, scorecard.result)
            for found in extremes:
                draw_pairs(found, dataset, folder)
            if folder.report.is_file():
                write_report(folder)
        return scorecard

    @cached_property
    def dataset(self) -> Dataset:
        """What is measured against; loaded once."""
        if self.data is not None and not isinstance(self.data, str | Path):
            return dataset_of(self.data)
        if self.data is not None:
            return examples.load(self._settings())
        return examples.load_as(self._settings(), event_of(checkpoint_of(self.run.folder, self.step)))

    def _settings(self) -> DataSettings:
        """Of the data by name: the run's, with the source that was asked for."""
        settings = self.run.recipe.data
        own = self.run.folder.path / examples.DATA_FILE
        if isinstance(self.data, str | Path):
            return settings.model_copy(update={"source": str(self.data)})
        if own.exists():  # the recipe names it by a path that a moved run no longer has
            return settings.model_copy(update={"source": str(own.resolve())})
        return settings

    def _nameable(self) -> bool:
        """Whether what is asked can be told by words, so that it can be recognised; one's own features cannot, whose code
        may have changed under their name."""
        names = _listed(self.features)
        return all(isinstance(name, str) and name in FEATURES for name in names) and self._by_name

    @property
    def _by_name(self) -> bool:
        return self.data is None or isinstance(self.data, str | Path)

    def _asked(self, checkpoint_path: Path) -> dict[str, Any]:
        seal = hashlib.sha256(read_bytes(checkpoint_path / "manifest.json")).hexdigest()
        return {
            **self.settings.model_dump(mode="json"),
            "features": [name if isinstance(name, str) else "own" for name in _listed(self.features)],
            "data": self._settings().model_dump(mode="json") if self._by_name else "own",
            "checkpoint": seal,
        }


def _last_step(folder: RunFolder) -> int | None:
    """The last step of the run; None where its summary does not say so."""
    try:
        step: int | None = folder.read_summary().get("step")
    except RunError:
        return None
    return step


def dataset_of(data: Data) -> Dataset:
    """The data that a user named, as a dataset.

    Raises:
        DataError: they cannot be read, or are no examples.
    """
    if isinstance(data, Dataset):
        return data
    if isinstance(data, str | Path | DataSettings):
        return data_package.load(data)
    arrays = examples.arrays_of(data)
    if "x" not in arrays:
        raise DataError(
            f"data of type {type(data).__name__} hold no examples; give an array (N, ...), or a source's name."
        )
    return data_package.from_array(arrays["x"], arrays.get("y"))


def checked(**values: Any) -> dict[str, Any]:
    """The values, where the settings of an assessment may have them.

    Raises:
        SettingError: one may not; the message says which and why.
    """
    from pydantic import ValidationError

    try:
        AssessmentSettings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingError(f"evaluate: {refusal(str(first['loc'][0]), first, shown(first['input']))}.") from None
    return values


def _has_weights_of_manifest(path: Path) -> bool:
    """Whether the checkpoint's weights are those that its manifest names."""
    file = path / checkpoint.WEIGHTS
    named = checkpoint.read_manifest(path)["files"][checkpoint.WEIGHTS]["sha256"]
    return file.is_file() and hashlib.sha256(read_bytes(file, most=None)).hexdigest() == named


def _averages(model: Model, decay: float | None) -> bool:
    """Whether samples come from a moving average of the weights."""
    return bool(decay) and bool(model.averaged)


def _listed(features: Wanted | Sequence[Wanted] | None) -> list[Wanted]:
    if features is None:
        return []
    if isinstance(features, str | Features) or callable(features):
        return [features]
    if not isinstance(features, list | tuple):
        raise SettingError(
            f"evaluate: features is {shown(features)}; give a name ({', '.join(FEATURES)}), an import path, a function, or a "
            "list of them."
        )
    return list(features)
