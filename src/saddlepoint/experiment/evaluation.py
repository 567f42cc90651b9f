"""Evaluate a run, or any model, against data; the result is a scorecard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from saddlepoint.arguments import check_text, shown
from saddlepoint.errors import SettingError
from saddlepoint.evaluation.scorecard.assess import assess
from saddlepoint.evaluation.scorecard.scorecard import Scorecard
from saddlepoint.evaluation.settings import AssessmentSettings, LikelihoodEffort
from saddlepoint.experiment.evaluation_arguments import Data, Wanted, checked_settings, dataset_of, feature_list
from saddlepoint.experiment.loading import Which
from saddlepoint.experiment.run import Run
from saddlepoint.experiment.run_evaluation import Evaluation
from saddlepoint.models.capabilities import GenerativeModel
from saddlepoint.progress import Report, report_for

if TYPE_CHECKING:
    from torch import nn


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
    """Measure how good a model's samples are: scores with intervals, baselines, and how they were measured.

    Everything is measured again; the command line reuses a run's scorecard if it was measured in the same way.

    Args:
        model: a run, its folder, or anything that has an `event` and a `sample(n, generator=...)`. The scorecard of a run is
            written into its folder and its report, and its result becomes part of the run's verdict.
        data: the data to compare with; by default a run's own data. For a run, a name or path is read with the run's other
            `data` settings.
        samples: samples for each sampling seed; by default as many as held-out examples, at most 10,000.
        seeds: number of sampling seeds.
        seed: the first sampling seed.
        features: names of `saddlepoint.evaluation.features.FEATURES`, import paths, functions, or a list of them; by default
            features that suit the data.
        step: of a run's checkpoint, as in `load`.
        device: as in `load`.
        likelihood: "annealed" adds annealed importance sampling with its gap, and a kernel estimate, which takes minutes.
        modules: for a run's folder, the networks that were given to `train` as objects, by role; a Run has its own.
        trust: whether code that a run names by import path may run, as in `load`.
        progress: True shows a progress display on standard error, on a terminal or in a notebook; False shows nothing; a
            function is called with the name of the current work and the share that is done.

    Returns:
        The scorecard.

    Raises:
        RunError: there is no such run or checkpoint.
        DataError: the data do not fit the model, or the samples are invalid.
        SettingError: an argument is invalid.
    """
    check_text("evaluate", "device", device, "cpu")
    if not isinstance(progress, bool) and not callable(progress):
        raise SettingError(
            f"evaluate: progress is {shown(progress)}; give True, False or a function of a text and a share."
        )
    feature_list(features)
    settings = AssessmentSettings(**checked_settings(samples=samples, seeds=seeds, seed=seed, likelihood=likelihood))
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
