"""C15: the guidelines of the DCGAN, each left out by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from saddlepoint.data import mnist
from saddlepoint.data.settings import DataSettings
from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval
from saddlepoint.models.gan.settings import DiscriminatorSettings, GANSettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.studies.claims.contract import Claim, Measured, Picture, Quantity, Verdict, verdict
from saddlepoint.studies.claims.image_games import ImageGame, ImageOutcome, geometric_interval, ratio_interval
from saddlepoint.studies.claims.image_pictures import draw_distances, draw_ratios, draw_samples
from saddlepoint.training.settings import OptimiserSettings, TrainingSettings

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


# By what takes the guideline's place. The data keep their units, [-1, 1], where the output is not bounded. Without BatchNorm,
# weights begin with the variance that keeps the mean square: those of the paper would let signals vanish.
LEFT_OUT: dict[str, LeftOut] = {
    "pooling and upsampling": _both("strided convolutions", resampling="pooling"),
    "no BatchNorm": _both("BatchNorm in both players", normalisation="none"),
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
        Quantity(
            f"time of a step with {name} over that with all guidelines",
            geometric_interval((outcomes[name].step_seconds / full.step_seconds).log()),
        )
        for name in LEFT_OUT
    ]
    size = "x".join(map(str, full.samples.shape[2:]))
    said = "; ".join(
        f"{words}: {', '.join(f'{LEFT_OUT[name].guideline} ({ratios[name].value:.2f} times the distance with {name})' for name in some)}"
        for words, some in _by_effect(effects).items()
    )
    names = (FULL, *LEFT_OUT)
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
                draw_ratios(
                    f"DCGAN on {full.setup.data.source}: each guideline left out",
                    {f"{LEFT_OUT[name].guideline}: {effects[name]}\nwithout it: {name}": distance[name] / distance[FULL] for name in LEFT_OUT},
                    list(ratios.values()),
                ),
            ),
            Picture(
                "distance",
                "Energy distance over training: the middle seed, and the band of the middle 80 %. Lower is better.",
                draw_distances("Each guideline left out", {name: outcomes[name] for name in names}),
            ),
            Picture(
                "samples",
                "Samples of the first seed at the end.",
                draw_samples("Each guideline left out", {name: outcomes[name].samples for name in names}),
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
