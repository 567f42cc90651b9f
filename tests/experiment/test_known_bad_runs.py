"""Trainings that a person calls bad, and short ones that are merely short: both parts of the verdict, by the public API.

Small forms of runs that an earlier verdict called healthy, or judged before there was anything to judge.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

import saddlepoint as sp
from saddlepoint.cli.next_commands import next_commands
from saddlepoint.diagnosis import causes_first
from saddlepoint.experiment.run import Run
from saddlepoint.recipe import shipped_names
from saddlepoint.records import RESULT_LEVELS

pytestmark = pytest.mark.slow

FAR, PARTLY, CLOSE, _ = RESULT_LEVELS
SMALL = {"generator.hidden": [64, 64], "discriminator.hidden": [64, 64]}


def trained(path: Path, recipe: str, steps: int, *, samples: int = 200, **given: Any) -> Run:
    """A run of few steps without pictures."""
    training = {"steps": steps, "device": "cpu", "threads": 1, "checkpoint_every": steps, **given.pop("training", {})}
    evaluation = {"samples": samples, **given.pop("evaluation", {})}
    return sp.train(recipe, training=training, evaluation=evaluation, pictures=False, run=path / "run", **given)


def active(run: Run) -> Mapping[str, Any]:
    """Findings that are active at the end, by their codes."""
    return {finding.code: finding for finding in causes_first(run.findings)}


def shares(run: Run) -> dict[str, float]:
    assert run.result is not None
    return {aspect.name: aspect.share for aspect in run.result.aspects}


class DropsNearlyAll(nn.Module):
    """A discriminator that drops 97 % of its units."""

    def __init__(self, inputs: tuple[int, ...]) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(prod(inputs), 256),
            nn.LeakyReLU(0.2),
            nn.Dropout(0.97),
            nn.Linear(256, 256),
            nn.LeakyReLU(0.2),
            nn.Dropout(0.97),
            nn.Linear(256, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x).flatten()


class SeesOnePixel(nn.Module):
    """A discriminator that sees the first pixel alone, which is 0 in every digit."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(1, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x.flatten(1)[:, :1]).flatten()


# With the recipe's own R1 of 1, samples of the first still come nearer at step 1,500, so that the finding is over by then.
@pytest.mark.result
@pytest.mark.parametrize(
    ("make", "r1"),
    [(lambda: DropsNearlyAll((1, 8, 8)), 0.0), (SeesOnePixel, 1.0)],
    ids=["drops nearly all of its units", "sees one pixel"],
)
def test_a_discriminator_that_teaches_nothing_fails_the_run(tmp_path: Path, make: Any, r1: float) -> None:
    torch.manual_seed(0)
    penalties = {"penalties": {"r1": r1}}
    run = trained(tmp_path, "gan-digits", 1_500, modules={"discriminator": make()}, model=penalties)
    assert run.process == "failed"
    assert active(run)["GAN104"].severity == "failure"
    assert run.result is not None
    assert run.result.level == FAR
    assert shares(run)["recall"] < 0.25
    assert run.result.worst is not None
    assert run.result.worst.share < 0.1


@pytest.mark.result
def test_memorised_examples_are_found_with_three_held_out_examples(tmp_path: Path) -> None:
    digits = load_digits().images[:30]
    training = {"batch_size": 16, "optimiser.learning_rate": 1e-3}
    run = trained(tmp_path, "gan-digits", 900, data=digits, training=training)
    assert run.process == "failed"
    assert active(run)["GAN107"].severity == "failure"
    # The data come first: what is found in training follows from there being so few.
    assert next(iter(active(run))) == "DATA402"
    assert "DATA402" in run.verdict
    assert run.result is None or run.result.level is None, "so few are not compared with"
    assert "too few" in run.verdict


@pytest.mark.result
def test_a_ring_stopped_early_is_not_close_because_samples_lie_between_the_modes(tmp_path: Path) -> None:
    run = trained(tmp_path, "toy-ring", 1_500, samples=500)
    assert run.result is not None
    assert run.result.level in (FAR, PARTLY)
    assert shares(run)["samples near a mode"] < 0.8
    assert run.result.worst is not None
    assert run.result.worst.name in run.verdict


@pytest.mark.result
def test_a_vae_without_recall_is_far_from_the_data(tmp_path: Path) -> None:
    run = trained(tmp_path, "vae-digits", 40)
    assert run.result is not None
    assert run.result.level == FAR
    assert shares(run)["recall"] < 0.1
    assert FAR in run.verdict


class Residual(nn.Module):
    """x + f(x), at one size or two times it."""

    def __init__(self, channels: int, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale
        self.layers = nn.Sequential(
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        if self.scale != 1:
            x = nn.functional.interpolate(x, scale_factor=self.scale)
        return x + self.layers(x)


def residual_networks() -> dict[str, nn.Module]:
    """A generator and a discriminator of 8x8 digits."""
    generator = nn.Sequential(
        nn.Linear(32, 16 * 4), nn.Unflatten(1, (16, 2, 2)), Residual(16, 2.0), Residual(16, 2.0),
        nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 1, 3, padding=1), nn.Tanh(),
    )  # fmt: skip
    discriminator = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), Residual(16), nn.AvgPool2d(2), Residual(16), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(0), nn.Unflatten(0, (-1, 16)), nn.Linear(16, 1), nn.Flatten(0),
    )  # fmt: skip
    return {"generator": generator, "discriminator": discriminator}


@pytest.mark.result
def test_a_residual_network_after_60_steps_is_far_from_the_data(tmp_path: Path) -> None:
    torch.manual_seed(0)
    run = trained(tmp_path, "gan-digits", 60, modules=residual_networks())
    assert run.result is not None
    assert run.result.level == FAR
    assert not {"GAN103", "GAN104"} & {finding.code for finding in run.findings}, "too early to say"


def test_an_absurd_rate_is_found_before_the_first_step_and_resuming_is_not_proposed(tmp_path: Path) -> None:
    run = trained(tmp_path, "gan-digits", 20, training={"generator.learning_rate": 1e6})
    assert run.process == "failed"
    first = next(iter(active(run).values()))
    assert (first.code, first.severity, first.step) == ("SET401", "failure", 0)
    assert "1e-05 to 0.01" in first.title
    assert run.headline == "Failed: the learning rate setting is far outside its usual range"
    said = f"{run.verdict} {first.advice}"
    assert "longer or with another seed will not help" in said
    option = "--training.players.generator.learning_rate none"
    commands = next_commands(run.folder.path, "failed", 20, [option], process="failed")
    assert not any(" resume " in command or "--training.seed" in command for command in commands)
    assert any(option in command for command in commands)


GAUSSIANS = [name for name in shipped_names() if name.startswith("toy-gaussian")]
OTHERS = [name for name in shipped_names() if name.startswith("toy-") and name not in GAUSSIANS]


# Every recipe, and every number of steps.
SHORT = [*zip(GAUSSIANS, itertools.cycle([300, 6, 50])), (GAUSSIANS[0], 50)]


@pytest.mark.result
@pytest.mark.parametrize(("name", "steps"), SHORT)
def test_a_short_run_on_a_line_is_no_failure(tmp_path: Path, name: str, steps: int) -> None:
    run = trained(tmp_path, name, steps)
    assert run.process == "no failure found", run.verdict
    assert not run.findings
    assert run.result is not None
    assert run.result.level is not None


@pytest.mark.parametrize("name", OTHERS)
def test_a_toy_after_150_steps_has_not_collapsed(tmp_path: Path, name: str) -> None:
    run = trained(tmp_path, name, 150)
    assert not {"GAN103", "GAN104"} & {finding.code for finding in run.findings}, run.verdict
    if "lab" not in name:  # those start far outside of the data, and may leave them
        assert run.process == "no failure found", run.verdict


def test_a_rate_that_nothing_uses_is_not_unusual(tmp_path: Path) -> None:
    run = sp.train("gaussian-digits", training={"optimiser.learning_rate": 1e6}, pictures=False, run=tmp_path / "run")
    assert "SET401" not in active(run)
