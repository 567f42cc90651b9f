"""From a run, or any model, and data to a scorecard; a run keeps its own as scorecard.json."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from saddlepoint import data as data_package
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import DataError, RunError, SettingError
from saddlepoint.evaluation.assessment import Extremes, Progress, assess
from saddlepoint.evaluation.features import Features
from saddlepoint.evaluation.scorecard import Scorecard
from saddlepoint.evaluation.settings import AssessmentSettings, LikelihoodEffort
from saddlepoint.experiment import examples
from saddlepoint.experiment.pairs import draw_pairs
from saddlepoint.experiment.run import Run, Which, checkpoint_of, load
from saddlepoint.models.base import GenerativeModel, Model
from saddlepoint.report import write_report
from saddlepoint.training import checkpoint

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
    progress: Progress | None = None,
) -> Scorecard:
    """How good a model's samples are: scores with intervals, floors and ceilings, and how they were measured.

    model: a run, its folder, or anything that has an `event` and a `sample(n, generator=...)`. The scorecard of a run is
        written into its folder, and into its report where there is one.
    data: what to measure against; a run's own data by default. For a run, a name or path is read with the run's other
        `data` settings.
    samples: for each of `seeds` sampling seeds from `seed` on; by default as many as held-out examples, 10,000 at most.
    features: names of `saddlepoint.evaluation.features.FEATURES`, import paths, functions, or a list of them; by default
        what suits the data.
    step, device: of a run's checkpoint, as in `load`.
    likelihood: "annealed" adds annealed importance sampling with its gap, and a kernel estimate: minutes.
    progress: hears what is being done and the share that is done.

    Raises:
        RunError, DataError, SettingError: no such run or checkpoint, data that do not fit the model, broken samples.
    """
    settings = AssessmentSettings(**checked(samples=samples, seeds=seeds, seed=seed, likelihood=likelihood))
    if isinstance(model, Run | str | Path):
        run = model if isinstance(model, Run) else Run(model)
        return Evaluation(run, settings, data, features, step, device).measure(progress)
    if not callable(getattr(model, "sample", None)) or not hasattr(model, "event"):
        raise SettingError(
            f"evaluate: a {type(model).__name__} is no model: give a run, its folder, or an object with an `event` and a "
            "`sample(n, generator=...)`."
        )
    if data is None:
        raise SettingError("evaluate: name the data to measure this model against, such as evaluate(model, 'digits').")
    return assess(model, dataset_of(data), settings, features, progress)


@dataclass(frozen=True)
class Evaluation:
    """One run's evaluation: what is asked, and whether the run's scorecard answers it already."""

    run: Run
    settings: AssessmentSettings
    data: Data = None
    features: Wanted | Sequence[Wanted] | None = None
    step: Which = "newest"
    device: str = "cpu"

    def stored(self) -> Scorecard | None:
        """The run's scorecard, where it was measured at this checkpoint, with these settings and by this version."""
        folder = self.run.folder
        if not folder.scorecard.is_file() or not self._nameable():
            return None
        try:
            found = Scorecard.load(folder.scorecard)
        except RunError:
            return None
        from importlib.metadata import version

        same = found.card.asked == self._asked(checkpoint_of(self.run, self.step))
        return found if same and found.card.versions.get("saddlepoint") == version("saddlepoint") else None

    def measure(self, progress: Progress | None = None) -> Scorecard:
        """Measure, and keep the scorecard in the run's folder, with pictures of the samples nearest to and farthest from
        real examples."""
        folder, recipe = self.run.folder, self.run.recipe
        path = checkpoint_of(self.run, self.step)
        step = int(checkpoint.read_manifest(path)["step"])
        model = load(folder.path, step=step, device=self.device, modules=self.run.modules)
        dataset, looks = self._dataset(), list[Extremes]()
        scorecard = assess(model, dataset, self.settings, self.features, progress, looks.append)
        card = replace(
            scorecard.card,
            model=str(folder.path),
            step=step,
            ema=_averages(model, recipe.training.ema),
            asked=self._asked(path),
        )
        scorecard = replace(scorecard, card=card)
        scorecard.save(folder.scorecard)
        for found in looks:
            draw_pairs(found, dataset, folder)
        if folder.report.is_file():
            write_report(folder)
        return scorecard

    def _dataset(self) -> Dataset:
        if self.data is not None and not isinstance(self.data, str | Path):
            return dataset_of(self.data)
        return examples.load(self._settings())

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
        """Whether what is asked can be told by words, so that it can be recognised."""
        names = _listed(self.features)
        return all(isinstance(name, str) for name in names) and self._by_name

    @property
    def _by_name(self) -> bool:
        return self.data is None or isinstance(self.data, str | Path)

    def _asked(self, checkpoint_path: Path) -> dict[str, Any]:
        seal = hashlib.sha256((checkpoint_path / "manifest.json").read_bytes()).hexdigest()
        return {
            **self.settings.model_dump(mode="json"),
            "features": [name if isinstance(name, str) else "own" for name in _listed(self.features)],
            "data": self._settings().model_dump(mode="json") if self._by_name else "own",
            "checkpoint": seal,
        }


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
        raise SettingError(f"evaluate: {first['loc'][0]} is {first['input']!r}: {first['msg']}.") from None
    return values


def _averages(model: Model, decay: float | None) -> bool:
    """Whether samples come from a moving average of the weights."""
    return bool(decay) and bool(model.averaged)


def _listed(features: Wanted | Sequence[Wanted] | None) -> list[Wanted]:
    if features is None:
        return []
    if isinstance(features, str | Features) or callable(features):
        return [features]
    return list(features)
