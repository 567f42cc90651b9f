"""C15: the guidelines of the DCGAN, each left out by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from saddlepoint.data import mnist
from saddlepoint.data.settings import DataSettings
from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval
from saddlepoint.figures.bands import Band, bands_figure
from saddlepoint.figures.grids import sample_grid
from saddlepoint.figures.style import INK, MUTED, TICK_SIZE, figure, style_axes, text
from saddlepoint.models.gan.settings import DiscriminatorSettings, GANSettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.studies.claims.contract import Claim, Measured, Picture, Quantity, Verdict, verdict
from saddlepoint.studies.claims.image_games import WORST, ImageGame, ImageOutcome, log_distance, ratio_interval
from saddlepoint.training.settings import OptimiserSettings, TrainingSettings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FULL = "all guidelines"
WIDTH, QUICK_WIDTH, BATCH, LIMIT = 16, 2, 32, 10_000
STEPS, QUICK_STEPS = 2_000, 4
MEASUREMENTS, QUICK_MEASUREMENTS = 16, 2  # over training
MOST, QUICK_MOST = 8, 2
FEWEST = 5  # seeds that decide
UNITS = 256  # of the fully connected hidden layer

Effect = Literal["helps", "hurts", "not shown"]


@dataclass(frozen=True)
class LeftOut:
    """One guideline and what takes its place.

    Attributes:
        guideline: the guideline.
        generator: arguments of the generator's network without it.
        discriminator: arguments of the discriminator's network without it.
        model: other settings of the model without it.
        optimiser: settings of the optimiser without it.
    """

    guideline: str
    generator: Mapping[str, Any] = field(default_factory=dict)
    discriminator: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Any] = field(default_factory=dict)
    optimiser: Mapping[str, Any] = field(default_factory=dict)


def _both(guideline: str, **arguments: Any) -> LeftOut:
    return LeftOut(guideline, arguments, arguments)


# By what takes the guideline's place. The data keep their units, [-1, 1], where the output is not bounded.
LEFT_OUT: dict[str, LeftOut] = {
    "pooling and upsampling": _both("strided convolutions", resampling="pooling"),
    "no BatchNorm": _both("BatchNorm in both players", batch_norm=False),
    "a fully connected layer": _both("no fully connected hidden layers", fully_connected=UNITS),
    "tanh in G": LeftOut("ReLU in the generator", generator={"activation": "tanh"}),
    "an unbounded output": LeftOut("tanh at the generator's end", model={"output": "identity", "scaling": "symmetric"}),
    "ReLU in D": LeftOut("LeakyReLU in the discriminator", discriminator={"activation": "relu"}),
    "rate 0.001": LeftOut("learning rate 0.0002", optimiser={"learning_rate": 1e-3}),
    "beta1 0.9": LeftOut("beta1 0.5", optimiser={"betas": (0.9, 0.999)}),
}
LEVEL = 1 - 0.05 / len(LEFT_OUT)  # of each guideline, since there are several


def setups(quick: bool) -> dict[str, ImageGame]:
    """The full DCGAN, and without each guideline; on MNIST if its files are there, else on the 8x8 digits."""
    source = "digits" if quick or mnist.find("mnist", DataSettings(source="mnist")) is None else "mnist"
    return {name: _game(LEFT_OUT.get(name, LeftOut("")), source, quick) for name in (FULL, *LEFT_OUT)}


def _game(own: LeftOut, source: str, quick: bool) -> ImageGame:
    width = QUICK_WIDTH if quick else WIDTH
    steps = QUICK_STEPS if quick else STEPS
    return ImageGame(
        GANSettings(
            latent=64,
            generator=NetworkSettings(network="dcgan", width=width, arguments=dict(own.generator)),
            discriminator=DiscriminatorSettings(network="dcgan", width=width, arguments=dict(own.discriminator)),
            **own.model,
        ),
        TrainingSettings(
            steps=steps,
            batch_size=BATCH,
            tick=steps // (QUICK_MEASUREMENTS if quick else MEASUREMENTS),
            optimiser=OptimiserSettings(**{"learning_rate": 2e-4, "betas": (0.5, 0.999), **own.optimiser}),
        ),
        DataSettings(source=source, limit=LIMIT if source == "mnist" else None),
        QUICK_MOST if quick else MOST,
    )


def effect(ratio: Interval) -> Effect:
    """What a guideline does to samples.

    Args:
        ratio: distance without the guideline over that with it.
    """
    return "helps" if ratio.low > 1 else "hurts" if ratio.high < 1 else "not shown"


def measure(outcomes: Mapping[str, ImageOutcome], quick: bool) -> Measured:
    """Measure the distance without each guideline, relative to that of the full DCGAN from the same seeds."""
    full = outcomes[FULL]
    distance = {name: own.final_distance() for name, own in outcomes.items()}
    ratios = {name: ratio_interval(distance[name], distance[FULL], LEVEL) for name in LEFT_OUT}
    effects = {name: effect(ratio) for name, ratio in ratios.items()}
    quantities = [Quantity(f"energy distance, {name}", mean_interval(own)) for name, own in distance.items()]
    quantities += [
        Quantity(
            f"distance with {name} over that with {LEFT_OUT[name].guideline}, same seed (level {LEVEL:.2%}): {effects[name]}", ratio
        )
        for name, ratio in ratios.items()
    ]  # fmt: skip
    quantities += [
        Quantity(f"time of a step with {name} over that with all guidelines", _time(outcomes[name], full))
        for name in LEFT_OUT
    ]
    size = "x".join(map(str, full.samples.shape[2:]))
    said = "; ".join(
        f"{words}: {', '.join(f'{LEFT_OUT[name].guideline} ({ratios[name].value:.2f} times the distance with {name})' for name in some)}"
        for words, some in _by_effect(effects).items()
    )
    names = {name: name for name in (FULL, *LEFT_OUT)}
    return Measured(
        decide(list(effects.values()), full.seeds),
        f"On {full.setup.data.source} ({size}), after {full.setup.training.steps:,} steps of batches of {BATCH} with width "
        f"{full.setup.model.generator.width}, {full.seeds} seeds, {said}.",
        tuple(quantities),
        (
            Picture(
                "left-out",
                "Energy distance of samples to held-out data without each guideline, divided by that of the full DCGAN from the same "
                f"seed: every seed, and the geometric mean with its interval of {LEVEL:.2%}. Right of the line the guideline helps.",
                _draw(distance, ratios, effects, full),
            ),
            Picture(
                "distance",
                "Energy distance over training: the middle seed, and the band of the middle 80 %. Lower is better.",
                bands_figure({"Each guideline left out": {name: _band(outcomes[name]) for name in names}}, y="energy distance", log_x=False),
            ),
            Picture(
                "samples",
                f"Samples of the first seed at the end, a row each: {', '.join(names)}.",
                _samples(outcomes),
            ),
        ),
    )  # fmt: skip


def decide(effects: list[Effect], seeds: int) -> Verdict:
    """The verdict of the claim.

    Args:
        effects: of all guidelines.
        seeds: number of seeds.
    """
    helps = sum(own == "helps" for own in effects)
    return verdict(helps == len(effects), helps > 0) if seeds >= FEWEST else "not decided"


def _by_effect(effects: Mapping[str, Effect]) -> dict[str, list[str]]:
    """The names that have each effect, without effects that none has."""
    words: tuple[tuple[Effect, str], ...] = (("helps", "helps"), ("hurts", "hurts"), ("not shown", "not shown to help"))
    found = {said: [name for name, own in effects.items() if own == which] for which, said in words}
    return {said: names for said, names in found.items() if names}


def _time(of: ImageOutcome, to: ImageOutcome) -> Interval:
    found = mean_interval((of.step_seconds / to.step_seconds).log())
    value, low, high = torch.tensor([found.value, found.low, found.high]).double().exp().tolist()
    return Interval(value, low, high)


def _band(outcome: ImageOutcome) -> Band:
    levels = torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64)
    low, middle, high = log_distance(outcome.distance).quantile(levels, dim=1).exp().numpy()
    return Band(outcome.measured_at.numpy(), low, middle, high)


def _draw(
    distance: Mapping[str, torch.Tensor], ratios: Mapping[str, Interval], effects: Mapping[str, Effect], full: ImageOutcome
) -> Figure:  # fmt: skip
    drawing, grid = figure(1, 1, width=9.5, height=1.6 + 0.48 * len(ratios))
    axes = grid[0, 0]
    style_axes(
        axes, title=f"DCGAN on {full.setup.data.source}: each guideline left out", x="energy distance over that of the full DCGAN", y=""
    )  # fmt: skip
    tints = {"helps": "#009E73", "hurts": "#D55E00", "not shown": MUTED}
    for place, (name, ratio) in enumerate(ratios.items()):
        own = (distance[name].log() - distance[FULL].log()).exp()
        axes.plot(own, np.full(len(own), place), "o", color=tints[effects[name]], alpha=0.35, markersize=4)
        axes.plot([ratio.low, ratio.high], [place, place], color=tints[effects[name]], linewidth=2.2)
        axes.plot(ratio.value, place, "D", color=tints[effects[name]], markersize=7)
    axes.axvline(1.0, color=INK, linewidth=1.0, linestyle=":")
    axes.set_xscale("log")
    axes.set_yticks(
        range(len(ratios)),
        [text(f"{LEFT_OUT[name].guideline}\n-> {name}: {effects[name]}") for name in ratios],
        fontsize=TICK_SIZE,
    )
    axes.invert_yaxis()
    return drawing


def _samples(outcomes: Mapping[str, ImageOutcome]) -> Any:
    own = torch.cat([outcomes[name].samples.float() for name in (FULL, *LEFT_OUT)])
    event = outcomes[FULL].samples.shape[0]
    return sample_grid(
        own.nan_to_num(WORST),
        low=0.0,
        high=16.0 if outcomes[FULL].setup.data.source == "digits" else 255.0,
        columns=event,
    )


CLAIM = Claim(
    "C15",
    "Each guideline of the DCGAN helps: strided convolutions instead of pooling and upsampling, BatchNorm in both players, no fully "
    "connected hidden layers, ReLU in the generator with tanh at its end, LeakyReLU in the discriminator, and Adam with rate "
    "0.0002 and beta1 0.5.",
    "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks (Radford, Metz, Chintala, "
    "2016), section 3 and 4, https://arxiv.org/abs/1511.06434",
    f"Holds if leaving out each of the {len(LEFT_OUT)} guidelines by itself, from the same seeds and with the same number of steps, "
    "raises the energy distance of samples to held-out data (geometric mean of the last quarter of measurements; intervals of "
    f"{LEVEL:.2%} of the ratio, since there are several guidelines): the guideline helps. It hurts if the distance falls. The claim "
    f"holds in part if one guideline helps; not decided with fewer than {FEWEST} seeds. One alternative stands for all that "
    "a guideline speaks against, and one small network, data set and number of steps for all others.",
    setups,
    measure,
)
