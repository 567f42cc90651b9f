"""The criteria of each verdict, on synthetic outcomes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch

from saddlepoint.data.mixtures import gaussian
from saddlepoint.evaluation.statistics.intervals import Interval
from saddlepoint.studies.claims import claim
from saddlepoint.studies.claims.discriminator_ahead import AheadOutcome, DiscriminatorAhead
from saddlepoint.studies.claims.image_games import FEWEST
from saddlepoint.studies.claims.laboratory import Outcome, Setup
from saddlepoint.studies.claims.saturation import decide as decide_c7
from saddlepoint.studies.claims.saturation_images import State
from saddlepoint.studies.claims.setups import STEPS
from saddlepoint.studies.claims.strengths import STRONGER, _of_gradient, _verdict

SEEDS = 40
NEVER = math.nan


def converged_outcome(setup: Setup, steps: float, distance: float = 1.0) -> Outcome:
    """All seeds converge at about this step and reach this distance; their samples are data."""
    dataset = gaussian(setup.data)
    last = setup.training.steps
    whole = torch.full((SEEDS,), steps, dtype=torch.float64) + torch.arange(SEEDS) / 1_000
    drawn = dataset.x[:, 0][torch.randint(len(dataset), (SEEDS, 1_024), generator=torch.Generator().manual_seed(0))]
    away = torch.full((2, SEEDS), distance, dtype=torch.float64) * (1 + torch.arange(SEEDS) / 1_000)
    return Outcome(
        setup, dataset, whole, last, torch.tensor([1, last]), away, drawn.float().sort(1).values, ()
    )  # fmt: skip


def verdict_of(identifier: str, steps: dict[str, float], distances: dict[str, float] | None = None) -> str:
    """The verdict of a claim whose setups converge at these steps; the others never converge."""
    one = claim(identifier)
    own = one.setups(False)
    assert steps.keys() <= own.keys()
    near = distances or {}
    outcomes = {
        name: converged_outcome(setup, steps.get(name, NEVER), near.get(name, 1.0)) for name, setup in own.items()
    }
    return one.measure(outcomes, False).verdict


def ahead_outcome(setup: DiscriminatorAhead, score: float, ratio: float, seeds: int) -> AheadOutcome:
    """D(G(z)) falls to this score at the last lead, from where the minimax loss ends at `ratio` times the other's distance."""
    places, steps = len(setup.leads), setup.training.steps
    scores = torch.full((places, seeds), 0.5, dtype=torch.float64)
    scores[-1] = score
    after = 0.1 * (1 + torch.arange(seeds, dtype=torch.float64) / 100).expand(2, places, 2, seeds).clone()
    after[0, -1, -1] *= ratio
    ones = torch.ones(2, places, seeds, dtype=torch.float64)
    return AheadOutcome(setup, scores, ones, ones[0, 0], torch.tensor([1, steps]), after)


@pytest.mark.parametrize(
    ("score", "ratios", "first", "expected"),
    [
        (0.001, (2.0, 2.0), "neither", "holds"),
        (0.001, (2.0, 2.0), "non-saturating", "holds"),
        (0.001, (2.0, 2.0), "minimax", "holds in part"),
        (0.001, (1.0, 2.0), "neither", "holds in part"),
        (0.001, (0.5, 2.0), "neither", "holds in part"),
        (0.001, (0.5, 0.5), "non-saturating", "does not hold"),
        (0.001, (1.0, 1.0), "neither", "does not hold"),
        # Where no samples are bad, nothing was tested.
        (0.1, (2.0, 2.0), "non-saturating", "not decided"),
    ],
)
def test_c7_is_decided_where_samples_are_bad(score, ratios, first, expected):
    one = claim("C7")
    steps = {"neither": {}, "minimax": {"minimax": 100.0, "non-saturating": 200.0}, "non-saturating": {"minimax": 200.0, "non-saturating": 100.0}}[first]  # fmt: skip
    outcomes: dict[str, Any] = {}
    ahead = iter(ratios)
    for name, setup in one.setups(False).items():
        if isinstance(setup, DiscriminatorAhead):
            outcomes[name] = ahead_outcome(setup, score, next(ahead), SEEDS)
        else:
            kind, _, objective = name.partition(", ")
            outcomes[name] = converged_outcome(
                setup, steps.get(objective, NEVER) if kind == "with our training" else NEVER
            )
    measured = one.measure(outcomes, False)
    assert measured.verdict == expected
    assert "with gradient descent" in measured.because


def test_c7_needs_several_seeds():
    state = State("Adam", 1, 10, 0.001, Interval(0.1, 0.1, 0.1), Interval(2.0, 1.5, 3.0))
    assert decide_c7([state], FEWEST - 1, False) == "not decided"
    assert decide_c7([state], FEWEST, False) == "holds"


@pytest.mark.parametrize(
    ("medians", "expected"),
    [((30, 30, 300), "holds"), ((30, 300, 3_000), "holds in part"), ((300, 300, 3_000), "does not hold")],
)
def test_c8_is_decided_by_medians(medians, expected):
    names = ("1 mode", "2 modes", "3 modes")
    steps = {f"as described, {name}": float(median) for name, median in zip(names, medians, strict=True)}
    assert verdict_of("C8", steps) == expected


@pytest.mark.parametrize(
    ("kind", "strong", "weak", "expected"),
    [
        ("as described", 100, 300, "holds"),
        ("as described", 100, 150, "holds in part"),
        ("as described", 300, 100, "does not hold"),
        ("as described", NEVER, NEVER, "not decided"),
        ("with our training", 100, 300, "holds in part"),
        ("with our training", 300, 100, "not decided"),
    ],
)
def test_c9_and_c10_are_decided_where_seeds_converge(kind, strong, weak, expected):
    names = [name for name in claim("C9").setups(False) if name.startswith(kind)]
    assert verdict_of("C9", dict(zip(names, (float(strong), float(weak)), strict=True))) == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("steps", "expected"), [(10_000, "holds"), (NEVER, "holds in part"), (STEPS // 2, "does not hold")]
)
def test_c13_is_decided_by_runs_that_are_long_enough(steps, expected):
    assert verdict_of("C13", {"as described, one layer": float(steps)}) == expected
    one = claim("C13")
    outcomes = {name: converged_outcome(setup, NEVER) for name, setup in one.setups(True).items()}
    assert one.measure(outcomes, True).verdict == "not decided"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("narrowed", "expected"), [((1, 2, 3), "holds"), ((2,), "holds in part"), ((), "does not hold")]
)
def test_c14_is_decided_by_the_widths_of_modes(narrowed, expected):
    one = claim("C14")
    outcomes = {name: converged_outcome(setup, 100.0) for name, setup in one.setups(False).items()}
    for modes in narrowed:
        name = f"as described, {modes} mode{'s' if modes > 1 else ''}"
        own = outcomes[name]
        truth = own.dataset.truth
        assert truth is not None
        centres = truth.modes[:, 0].float()
        nearest = centres[(own.samples[..., None] - centres).abs().argmin(-1)]
        outcomes[name] = replace(own, samples=(nearest + 0.5 * (own.samples - nearest)).sort(1).values)
    assert one.measure(outcomes, False).verdict == expected


def test_c16_reports_the_remaining_gradient():
    assert [_of_gradient(ratio) for ratio in (0.05772, 0.9994, 1.0, 3.9049)] == [
        "5.8% of the gradient",
        "99.9% of the gradient",
        "1.0 times the gradient",
        "3.9 times the gradient",
    ]


def test_c16_needs_a_collapse_to_remedy():
    assert _verdict(True, True, len(STRONGER), False) == "not decided"
    assert _verdict(True, True, len(STRONGER), True) == "holds"
    assert _verdict(True, False, len(STRONGER), True) == "holds in part"
    assert _verdict(False, True, 1, True) == "holds in part"
    assert _verdict(False, True, 0, True) == "does not hold"
