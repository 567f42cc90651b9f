"""How to measure: while training, the `evaluation` section of a recipe; afterwards, a scorecard (torch-free)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from saddlepoint.settings import Settings

PROBES, MEASUREMENTS = 20, 5  # in a run at least, however short it is: rules need several answers in a row

LikelihoodEffort = Literal["bounds", "annealed"]


class EvaluationSettings(Settings):
    """The quality series that training keeps."""

    every: int = Field(
        250, ge=1, description="Steps between two measurements of quality; fewer in short runs, which have 5 at least."
    )
    samples: int = Field(1_000, ge=10, le=10_000_000, description="Samples (and held-out examples) a measurement uses.")
    seed: int = Field(0, ge=0, le=2**63 - 1, description="Seed of the measurement's own noise, the same at every step.")
    watch_every: int = Field(
        200,
        ge=1,
        description="Steps between two probes of what findings are read from (scores, gradients, diversity, dead units); fewer in short runs, which have 20 at least.",
    )

    def probe_interval(self, steps: int) -> int:
        """Steps between two probes of a run of `steps` steps: `watch_every`, or a twentieth of a short run."""
        return max(1, min(self.watch_every, steps // PROBES))

    def measurement_interval(self, steps: int) -> int:
        """Steps between two measurements of quality in a run of `steps` steps: `every`, or a fifth of a short run."""
        return max(1, min(self.every, steps // MEASUREMENTS))

    def record_interval(self, tick: int, steps: int) -> int:
        """Steps between two records: `tick`, or its largest divisor that has a record for every probe.

        A divisor, so that everything that is due in whole ticks falls on a record.
        """
        longest = min(self.probe_interval(steps), self.measurement_interval(steps))
        return next(divisor for divisor in range(min(tick, longest), 0, -1) if tick % divisor == 0)


class AssessmentSettings(Settings):
    """How a scorecard is measured."""

    samples: int | None = Field(
        None, ge=2, description="Samples a sampling seed; as many as there are held-out examples, at most 10,000."
    )
    seeds: int = Field(3, ge=1, le=100, description="Sampling seeds; a score is the mean over them.")
    seed: int = Field(
        0, ge=0, le=2**62, description="First of the sampling seeds, and the seed of subsets and directions."
    )
    resamples: int | None = Field(
        None,
        ge=5,
        le=1_000,
        description="Random cuts into halves behind the intervals of scores that need them; 25, or 10 above 2,500 samples.",
    )
    likelihood: LikelihoodEffort = Field(
        "bounds",
        description="bounds: what is quick; annealed: annealed importance sampling with its gap as well, and the kernel "
        "estimate, which takes minutes.",
    )
