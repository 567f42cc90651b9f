"""The quality series: a cheap measure of the distance of samples to held-out data during training.

Samples and held-out examples (texts as counts of their symbols, see `metrics.comparable`) are projected on the principal
components of the training data and compared by their energy distance. Features, held-out examples and noise are fixed over a run, so steps of one run are comparable. The
measure uses a thousand points, and ignores what principal components do not show.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.comparable import comparable_rows, comparable_size
from saddlepoint.evaluation.metrics.energy import energy_coefficient, energy_with_shares
from saddlepoint.evaluation.metrics.neighbours import smallest_squares
from saddlepoint.evaluation.metrics.pairwise import mean_within
from saddlepoint.evaluation.metrics.precision_recall import neighbourhoods
from saddlepoint.evaluation.metrics.projection import principal_components
from saddlepoint.evaluation.monitors.drift import Drift
from saddlepoint.evaluation.settings import EvaluationSettings
from saddlepoint.models.capabilities import GenerativeModel

SERIES = "quality/energy_distance"
ERROR = "quality/energy_distance_error"
PRECISION, RECALL = "quality/precision", "quality/recall"

HALF_WAY = 0.5  # from the untrained model's samples to real examples

_COMPONENTS = 32  # of which digits need about 20 and 32x32 photographs about 30 for 90 % of their variance
_FITTED_ON = 2_000  # examples; the leading components no longer turn with more
_MOST_NUMBERS = 1 << 25  # held at once: 128 MiB of float32
_PART, _PART_NUMBERS = 4_096, 1 << 24  # examples that are projected together, and their numbers
_NEIGHBOURS = 500  # points a side behind precision and recall
_BALLS = 5  # neighbours that balls may reach to
_FEW = 20  # points a side below which they would say nothing


class Quality:
    """Energy distance of samples to held-out data, in about [0, 1]; lower is better.

    Attributes:
        settings: how it is measured.
        baseline: the energy distance of training examples to held-out ones; None where nothing is held out.
        shares: (N,) what each sample of the last measurement adds to the distance; None before the first one.
    """

    def __init__(self, dataset: Dataset, settings: EvaluationSettings) -> None:
        """Fit the projection. Without a held-out part, training examples replace it, and `baseline` is None.

        Args:
            dataset: the data.
            settings: how to measure.

        Raises:
            DataError: there are fewer than two examples.
        """
        if len(dataset) < 2:
            raise DataError(f"{dataset.name}: one example has no distribution to learn; give two or more.")
        self.settings = settings
        generator = torch.Generator().manual_seed(settings.seed)
        self._event = dataset.event
        size = comparable_size(dataset.event)
        fit = random_examples(dataset, affordable(_FITTED_ON, size), generator)
        self._projection = principal_components(
            fit, most=_COMPONENTS, seed=settings.seed, standardised=dataset.event.has_columns
        )
        del fit
        self._count = affordable(settings.samples, size)
        reference = dataset.held_out if dataset.held_out is not None and len(dataset.held_out) >= 2 else dataset
        self._reference = self._project_to_double(random_examples(reference, self._count, generator))
        self._drift: Drift | None = None
        if Drift.applies_to(dataset.event):
            chosen = torch.randperm(len(reference), generator=torch.Generator().manual_seed(settings.seed))
            self._drift = Drift(reference.x[chosen[: self._count]], dataset.event)
        # What depends on the reference alone is computed once.
        self._within = mean_within(self._reference)
        self._near = self._reference[:_NEIGHBOURS].float()
        self._radii = smallest_squares(self._near, _BALLS) if len(self._near) >= _FEW else None
        self.baseline: float | None = None
        self.shares: Tensor | None = None
        # Precision and recall of real examples, which need not be 1.
        self._usual_overlap = (1.0, 1.0)
        if reference is not dataset:
            real = self._project_to_double(random_examples(dataset, self._count, generator))
            self.baseline = float(energy_coefficient(real, self._reference))
            if min(len(real), len(self._reference)) >= _FEW:
                self._usual_overlap = self._overlap(real)

    def measure(self, model: GenerativeModel) -> float:
        """The energy distance of fresh samples, drawn with the same noise at every call."""
        samples = self._project_to_double(comparable_rows(self._sample_model(model), self._event))
        return float(energy_with_shares(samples, self._reference, self._within)[0])

    def series(self, model: GenerativeModel) -> dict[str, float]:
        """The energy distance with its standard error, precision and recall relative to those of real examples, and of sequences the
        series of `monitors.drift`.

        Sets `shares` to what each sample adds to the distance.
        """
        raw = self._sample_model(model)
        samples = self._project_to_double(comparable_rows(raw, self._event))
        distance, self.shares = energy_with_shares(samples, self._reference, self._within)
        values = {SERIES: float(distance), ERROR: standard_error(self.shares)}
        if samples.isfinite().all() and len(self._reference) >= _FEW:
            overlaps = zip(self._overlap(samples), self._usual_overlap, strict=True)
            precision, recall = (share / max(best, 1e-9) for share, best in overlaps)
            values |= {PRECISION: precision, RECALL: recall}
        if self._drift is not None and samples.isfinite().all():
            values |= self._drift.series(raw)
        return values

    def _sample_model(self, model: GenerativeModel) -> Tensor:
        device = getattr(model, "device", torch.device("cpu"))
        generator = torch.Generator(device).manual_seed(self.settings.seed)
        return model.sample(self._count, generator=generator).cpu()

    def project(self, x: Tensor) -> Tensor:
        """Project examples as the quality series does.

        Args:
            x: (N, *event) in the data's units, on any device.

        Returns:
            (N, d) float32.
        """
        flat = comparable_rows(x, self._event)
        return (flat - self._projection.mean.to(flat.device)) @ self._projection.directions.to(flat.device)

    def distance(self, x: Tensor) -> float:
        """The energy distance of other examples to the held-out ones.

        Args:
            x: (N, *event) in the data's units.
        """
        projected = self._project_to_double(comparable_rows(x.cpu(), self._event))
        return float(energy_coefficient(projected, self._reference[: len(x)]))

    def _overlap(self, points: Tensor) -> tuple[float, float]:
        found = neighbourhoods(self._near, points[:_NEIGHBOURS].float(), density_k=_BALLS, real_radii=self._radii)
        return found.precision, found.recall

    def _project_to_double(self, x: Tensor) -> Tensor:
        return self._projection(x).double()


def standard_error(shares: Tensor) -> float:
    """Standard error of the mean of independent shares (N,)."""
    return float(shares.std() / math.sqrt(len(shares)))


def share_of_the_way(distances: Mapping[str, float | None]) -> float | None:
    """Relative improvement in energy distance, from the untrained model (0) to real examples (1).

    Args:
        distances: energy distances to held-out data under "last", "first" (the untrained model) and "floor" (real
            data).

    Returns:
        At most 1, and below 0 if samples became worse; None if it is unknown.
    """
    last, first = distances.get("last"), distances.get("first")
    floor = max(distances.get("floor") or 0.0, 0.0)
    if last is None or first is None or not first > floor or last != last:
        return None
    return min(1.0, (first - last) / (first - floor))


def affordable(wanted: int, size: int) -> int:
    """Number of examples of `size` numbers that fit into memory at once: at most `wanted`, at least two."""
    return max(2, min(wanted, _MOST_NUMBERS // size))


def parts(index: Tensor, size: int) -> tuple[Tensor, ...]:
    """Split positions (N,) so that the examples of each part are few enough for several float32 copies of them.

    Args:
        index: int64.
        size: numbers of an example.
    """
    return torch.split(index, max(1, min(_PART, _PART_NUMBERS // size)))


def random_examples(dataset: Dataset, most: int, generator: torch.Generator) -> Tensor:
    """Random examples as rows of comparable numbers: flattened, texts as counts of symbols.

    Args:
        dataset: the data.
        most: largest number of examples.
        generator: of the choice.

    Returns:
        (n, D) float32.
    """
    index = torch.randperm(len(dataset), generator=generator)[:most]
    return comparable_rows(dataset.x[index], dataset.event)
