"""What a run came to, in numbers: how far its samples are from the data, which modes they hold, and how well."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.metrics.modes import mode_report
from saddlepoint.evaluation.metrics.transport import sliced_wasserstein, wasserstein
from saddlepoint.evaluation.monitors.quality import Quality, drawn
from saddlepoint.evaluation.settings import EvaluationSettings
from saddlepoint.lanes import Lanes
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Fits, Reports, has
from saddlepoint.studies.settings import OutcomeName
from saddlepoint.studies.single_run import Alone

FITTED = 10_000  # training examples behind what is fitted rather than trained
OF_MODES = frozenset({"modes_covered", "high_quality", "least_mode", "mode_width", "reverse_kl"})
NEVER_NEGATIVE = OF_MODES | {"wasserstein"}
KNOWN_MODES = "known_modes"  # beside the outcomes of modes: how many modes the data have, which bounds them
OF_SAMPLES = NEVER_NEGATIVE | {"quality"}


class Outcomes:
    """Measures runs on one dataset.

    wasserstein: Wasserstein-1 distance to as many true points (held-out or training examples where the distribution is not
        known), in the data's standard deviations; in more than one dimension, sliced.
    modes_covered: modes that hold a sample within 3 standard deviations. high_quality: share of samples within 3 standard
        deviations of a mode. least_mode: the least mode's mass over what it should be. mode_width: typical width of the found
        modes over what it should be. reverse_kl: KL of the modes' masses to equal ones, nats.
    quality: energy distance to held-out data, in about [0, 1]: its estimate is unbiased, so that for samples as good as the
        data it lies around 0, and may be negative.
    held_out: what the model itself says of held-out examples, under the names of its series (vae/held_out_bound).
    """

    def __init__(self, dataset: Dataset, names: Sequence[OutcomeName] | None, samples: int, seed: int) -> None:
        self._dataset, self.samples, self.seed = dataset, samples, seed
        self.names = names if names is not None else suited(dataset)
        generator = torch.Generator().manual_seed(seed + 1)  # other points than the samples' noise
        truth = dataset.truth
        if truth is not None:
            self._reference = truth.sample(samples, generator)[0].flatten(1).double()
        else:
            held_out = dataset.held_out
            source = held_out if held_out is not None and len(held_out) >= 2 else dataset
            self._reference = drawn(source, samples, generator).double()
        # Of the distribution itself where it is known: many more points than are compared.
        known = truth.sample(100_000, generator)[0].flatten(1).double() if truth is not None else self._reference
        self._std = math.sqrt(float(known.var(0, correction=0).sum())) or 1.0
        self._quality = (
            Quality(dataset, EvaluationSettings(samples=max(samples, 10), seed=seed))
            if "quality" in self.names
            else None
        )

    def of_lane(self, samples: Tensor | None, model: Model | None) -> dict[str, float]:
        """Of one run's samples (n, *event), and of the model itself for `held_out`."""
        found: dict[str, float] = {}
        if samples is not None:
            x = samples.flatten(1).double().cpu()
            if not bool(x.isfinite().all()):
                found = {str(name): math.nan for name in self.names if name in OF_SAMPLES}
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
        if OF_MODES & set(self.names) and truth is not None and truth.modes is not None and truth.mode_std is not None:
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
            found["quality"] = self._quality.measure(_Given(self._dataset.event, samples))
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
        return {name: float(value.float().mean()) for name, value in model.held_out_series(examples, generator).items()}


class _Given:
    """Samples that are there already, as a model that draws them."""

    def __init__(self, event: Any, samples: Tensor) -> None:
        self.event, self._samples = event, samples

    def sample(self, n: int, *, labels: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        return self._samples[:n]


def suited(dataset: Dataset) -> tuple[OutcomeName, ...]:
    """What is measured where the study does not say."""
    if dataset.truth is not None and dataset.truth.modes is not None:
        return ("wasserstein", "modes_covered", "high_quality")
    return ("wasserstein",) if dataset.event.kind == "vector" else ("quality",)


def measured(lanes: Lanes | Alone, judges: Sequence[Outcomes]) -> list[dict[str, float]]:
    """The outcomes of all lanes; each lane has its judge. NaN for a lane that is frozen."""
    names = {name for judge in judges for name in judge.names}
    wanted = bool(names & OF_SAMPLES)
    family = getattr(lanes.lanes[0].model, "family", "")
    count, seed = judges[0].samples, judges[0].seed
    together: Tensor | None = None
    if wanted and family == "gan":
        together = lanes.sample(count, torch.Generator().manual_seed(seed))
    found: list[dict[str, float]] = []
    for index, judge in enumerate(judges):
        if lanes.frozen[index] >= 0:
            found.append({str(name): math.nan for name in judge.names if name != "held_out"})
            continue
        model = None
        if "held_out" in judge.names or (wanted and together is None):
            model = lanes.model(index)
        samples = None if together is None else together[index]
        if model is not None and wanted and together is None:
            samples = _sampled(model, lanes.lanes[index].dataset, count, seed)
        found.append(judge.of_lane(samples, model))
    return found


def _sampled(model: Model, dataset: Dataset, count: int, seed: int) -> Tensor:
    """(count, *event) samples of a trained model, after whatever is fitted rather than trained has been."""
    if has(model, Fits):
        order = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(seed))
        examples = dataset.x[order[:FITTED]].to(model.device)
        model.fit(examples, torch.Generator(model.device).manual_seed(seed))
    return model.sample(count, generator=torch.Generator(model.device).manual_seed(seed))
