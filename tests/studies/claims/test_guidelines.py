"""C15: every game leaves out its own guideline and nothing else, and the verdict follows from the ratios of distances."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from saddlepoint.evaluation.statistics.intervals import Interval
from saddlepoint.studies.claims import claim
from saddlepoint.studies.claims.guidelines import FULL, LEFT_OUT, decide, effect, setups
from saddlepoint.studies.claims.image_games import FEWEST, WORST, ImageOutcome, ratio_interval

SEEDS = 6


def flat(settings: Any, prefix: str = "") -> dict[str, Any]:
    """All settings by dotted name."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return found


def all_settings(name: str) -> dict[str, Any]:
    game = setups(False)[name]
    return flat(
        {"model": game.model.model_dump(), "training": game.training.model_dump(), "data": game.data.model_dump()}
    )


def outcome(name: str, distance: float) -> ImageOutcome:
    """Every seed ends at about this distance."""
    own = distance * (1 + torch.arange(SEEDS, dtype=torch.float64) / 1_000).expand(8, SEEDS)
    return ImageOutcome(
        setups(False)[name], torch.arange(1, 9), own.clone(), torch.ones(SEEDS, dtype=torch.float64), torch.zeros(3, 1, 8, 8)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "differences"),
    [
        ("pooling and upsampling", {"model.generator.arguments.resampling", "model.discriminator.arguments.resampling"}),
        ("no BatchNorm", {"model.generator.arguments.normalisation", "model.discriminator.arguments.normalisation"}),
        ("a fully connected layer", {"model.generator.arguments.fully_connected", "model.discriminator.arguments.fully_connected"}),
        ("tanh in G", {"model.generator.arguments.activation"}),
        ("an unbounded output", {"model.output", "model.scaling"}),
        ("ReLU in D", {"model.discriminator.arguments.activation"}),
        ("rate 0.001", {"training.optimiser.learning_rate"}),
        ("beta1 0.9", {"training.optimiser.betas"}),
    ],
)  # fmt: skip
def test_a_game_leaves_out_one_guideline(name: str, differences: set[str]) -> None:
    full, own = all_settings(FULL), all_settings(name)
    assert {key for key in full.keys() | own.keys() if full.get(key) != own.get(key)} == differences


def test_there_is_a_game_for_every_guideline() -> None:
    assert len({own.guideline for own in LEFT_OUT.values()}) == len(LEFT_OUT)
    assert setups(True).keys() == {FULL, *LEFT_OUT}


def test_without_mnist_the_digits_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.delenv("SADDLEPOINT_DATA", raising=False)
    monkeypatch.setenv("SADDLEPOINT_CACHE", str(tmp_path))
    assert {game.data.source for game in setups(False).values()} == {"digits"}
    outcomes = {name: outcome(name, 0.1) for name in (FULL, *LEFT_OUT)}
    assert claim("C15").measure(outcomes, False).because.startswith("On digits (8x8)")
    assert "MNIST, or on the 8x8 digits" in claim("C15").rule


@pytest.mark.parametrize(
    ("worse", "expected"),
    [(tuple(LEFT_OUT), "holds"), (("no BatchNorm",), "holds in part"), ((), "does not hold")],
)
def test_c15_is_decided_by_distances(worse: tuple[str, ...], expected: str) -> None:
    outcomes = {name: outcome(name, 0.2 if name in worse else 0.1) for name in (FULL, *LEFT_OUT)}
    measured = claim("C15").measure(outcomes, False)
    assert measured.verdict == expected
    assert all((LEFT_OUT[name].guideline in measured.because) for name in LEFT_OUT)


def test_effects() -> None:
    assert effect(Interval(2.0, 1.1, 3.0)) == "helps"
    assert effect(Interval(0.5, 0.3, 0.9)) == "hurts"
    assert effect(Interval(1.5, 0.9, 3.0)) == "not shown"
    assert decide(["helps", "hurts"], FEWEST) == "holds in part"
    assert decide(["helps"], FEWEST - 1) == "not decided"


def test_the_ratio_of_distances_is_that_of_the_seeds() -> None:
    own = torch.tensor([0.01, 0.1, 0.05, 0.2], dtype=torch.float64)
    same = ratio_interval(2 * own, own, 0.95)
    assert (same.low, same.value, same.high) == pytest.approx((2.0, 2.0, 2.0))
    scattered = ratio_interval(own * torch.tensor([1.0, 2.0, 4.0, 8.0]), own, 0.95)
    back = ratio_interval(own, own * torch.tensor([1.0, 2.0, 4.0, 8.0]), 0.95)
    assert (1 / back.value, 1 / back.high, 1 / back.low) == pytest.approx(
        (scattered.value, scattered.low, scattered.high)
    )


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_samples_that_are_not_finite_count_as_the_worst(broken: float) -> None:
    assert outcome(FULL, broken).final_distance().tolist() == [WORST] * SEEDS
