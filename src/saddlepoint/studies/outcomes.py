"""Outcomes of a run: the distance of its samples to the data, and how well they cover the modes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.metrics.modes import mode_report
from saddlepoint.evaluation.metrics.transport import sliced_wasserstein, wasserstein
from saddlepoint.evaluation.monitors.quality import Quality, random_examples
from saddlepoint.evaluation.settings import EvaluationSettings
from saddlepoint.lanes import Replicas
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Fits, HasCodes, HasLikelihood, Reports, has
from saddlepoint.studies.settings import OutcomeName
from saddlepoint.studies.single_run import SingleRun

FITTED = 10_000  # training examples for model parts that are fitted after training
MODE_OUTCOMES = frozenset({"modes_covered", "high_quality", "least_mode", "mode_width", "reverse_kl"})
NEVER_NEGATIVE = MODE_OUTCOMES | {"wasserstein"}
KNOWN_MODES = "known_modes"  # number of modes of the data, the upper bound of modes covered
FROM_SAMPLES = NEVER_NEGATIVE | {"quality"}


class Outcomes:
    """Measures runs on one dataset.

    The outcomes are:

    - wasserstein: Wasserstein-1 distance to as many true points (held-out or training examples if the distribution is
      not known), in standard deviations of the data; sliced in more than one dimension.
    - modes_covered: number of modes with a sample within 3 standard deviations.
    - high_quality: share of samples within 3 standard deviations of a mode, in [0, 1].
    - least_mode: smallest mass of a mode, divided by its true mass.
    - mode_width: mean width of the covered modes, divided by the true width.
    - reverse_kl: KL divergence of the modes' masses from equal masses, in nats.
    - quality: energy distance to held-out data, in about [0, 1]. The estimate is unbiased: for samples as good as the
      data it is close to 0 and can be negative.
    - held_out: the model's own scores of held-out examples, under the names of its series (vae/held_out_bound).

    Args:
        dataset: the runs' data.
        names: outcomes to measure; None for those that suit the data.
        samples: number of samples.
        seed: seed of the samples' noise and of the true points.
    """

    def __init__(self, dataset: Dataset, names: Sequence[OutcomeName] | None, samples: int, seed: int) -> None:
        self._dataset, self.samples, self.seed = dataset, samples, seed
        self.names = names if names is not None else default_outcomes(dataset)
        generator = torch.Generator().manual_seed(seed + 1)  # independent of the samples' noise
        truth = dataset.truth
        if truth is not None:
            self._reference = truth.sample(samples, generator)[0].flatten(1).double()
        else:
            held_out = dataset.held_out
            source = held_out if held_out is not None and len(held_out) >= 2 else dataset
            self._reference = random_examples(source, samples, generator).double()
        # If the distribution is known, its standard deviation comes from many more points.
        known = truth.sample(100_000, generator)[0].flatten(1).double() if truth is not None else self._reference
        self._std = math.sqrt(float(known.var(0, correction=0).sum())) or 1.0
        self._quality = (
            Quality(dataset, EvaluationSettings(samples=max(samples, 10), seed=seed))
            if "quality" in self.names
            else None
        )

    def measure(self, samples: Tensor | None, model: Model | None) -> dict[str, float]:
        """Measure the outcomes of one run.

        Args:
            samples: (n, *event) samples of the run; None if no outcome needs them.
            model: the run's model, for `held_out`; None if that is not measured.

        Returns:
            The outcomes by name.
        """
        found: dict[str, float] = {}
        if samples is not None:
            x = samples.flatten(1).double().cpu()
            if not bool(x.isfinite().all()):
                found = {str(name): math.nan for name in self.names if name in FROM_SAMPLES}
            else:
                found = self._of_samples(x, samples.cpu())
        if model is not None and "held_out" in self.names:
            found |= self._held_out(model)
        return {name: found[name] for name in [*self.names, *found] if name in found}

    def _of_samples(self, x: Tensor, samples: Tensor) -> dict[str, float]:
        found: dict[str, float] = {}
        if "wasserstein" in self.names:
            found["wasserstein"] = self._distance(x) / self._std
        truth = self._dataset.truth
        if (
            MODE_OUTCOMES & set(self.names)
            and truth is not None
            and truth.modes is not None
            and truth.mode_std is not None
        ):
            report = mode_report(x, truth.modes, truth.mode_std)
            widths = report.width[report.width.isfinite()]
            found |= {
                "modes_covered": float(report.covered),
                "high_quality": report.high_quality,
                "least_mode": float(report.mass.min()) * report.modes,
                "mode_width": float(widths.mean()) if len(widths) else math.nan,
                "reverse_kl": report.reverse_kl,
            }
            found[KNOWN_MODES] = float(report.modes)
        if self._quality is not None:
            found["quality"] = self._quality.measure(_FixedSamples(self._dataset.event, samples))
        return {name: value for name, value in found.items() if name in self.names or name == KNOWN_MODES}

    def _distance(self, x: Tensor) -> float:
        if x.shape[1] == 1:
            return float(wasserstein(x, self._reference))
        generator = torch.Generator().manual_seed(self.seed)
        return sliced_wasserstein(x, self._reference, generator=generator, directions=100, order=1.0)[0]

    def _held_out(self, model: Model) -> dict[str, float]:
        held_out = self._dataset.held_out
        if held_out is None or not len(held_out) or not has(model, Reports):
            return {}
        generator = torch.Generator(model.device).manual_seed(self.seed)
        examples = held_out.x[: self.samples].to(model.device)
        labels = None if held_out.y is None else held_out.y[: self.samples]
        series = model.held_out_series(examples, generator, labels)
        return {name: float(value.float().mean()) for name, value in series.items()}


class _FixedSamples:
    """A model that returns given samples."""

    def __init__(self, event: Any, samples: Tensor) -> None:
        self.event, self._samples = event, samples

    def sample(self, n: int, *, labels: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        return self._samples[:n]


def default_outcomes(dataset: Dataset) -> tuple[OutcomeName, ...]:
    """The outcomes that are measured if the study names none."""
    if dataset.truth is not None and dataset.truth.modes is not None:
        return ("wasserstein", "modes_covered", "high_quality")
    return ("wasserstein",) if dataset.event.kind == "vector" else ("quality",)


def measure_outcomes(replicas: Replicas | SingleRun, measures: Sequence[Outcomes]) -> list[dict[str, float]]:
    """Measure the outcomes of all replicas.

    Args:
        replicas: the trained replicas.
        measures: one per replica.

    Returns:
        The outcomes of each replica by name; NaN for frozen replicas.
    """
    names = {name for measure in measures for name in measure.names}
    needs_samples = bool(names & FROM_SAMPLES)
    count, seed = measures[0].samples, measures[0].seed
    together: Tensor | None = None
    if needs_samples and _only_decodes(replicas.game.template):
        together = replicas.sample(count, torch.Generator().manual_seed(seed))
    found: list[dict[str, float]] = []
    for index, measure in enumerate(measures):
        if replicas.frozen[index] >= 0:
            found.append({str(name): math.nan for name in measure.names if name != "held_out"})
            continue
        model = None
        if "held_out" in measure.names or (needs_samples and together is None):
            model = replicas.model(index)
        samples = None if together is None else together[index]
        if model is not None and needs_samples and together is None:
            samples = _draw_samples(model, replicas.replicas[index].dataset, count, seed)
        found.append(measure.measure(samples, model))
    return found


def _only_decodes(model: Model) -> bool:
    """Whether a sample is a decoded code and nothing else, so that all replicas can draw theirs together.

    Elsewhere noise of the likelihood is added, or a part has to be fitted first.
    """
    return has(model, HasCodes) and not has(model, HasLikelihood) and not has(model, Fits)


def _draw_samples(model: Model, dataset: Dataset, count: int, seed: int) -> Tensor:
    """Draw (count, *event) samples of a trained model, after fitting the parts that are not trained."""
    if has(model, Fits):
        order = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(seed))
        examples = dataset.x[order[:FITTED]].to(model.device)
        model.fit(examples, torch.Generator(model.device).manual_seed(seed))
    return model.sample(count, generator=torch.Generator(model.device).manual_seed(seed))
