"""C15: the guidelines of the DCGAN, each left out by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from torch import Tensor

from saddlepoint.data import mnist
from saddlepoint.data.settings import DataSettings
from saddlepoint.evaluation.statistics.intervals import Interval, exponential, mean_interval
from saddlepoint.models.gan.settings import DiscriminatorSettings, GANSettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.studies.claims.contract import Claim, Measured, Picture, Quantity, Verdict, verdict
from saddlepoint.studies.claims.image_games import FEWEST, ImageGame, ImageOutcome, ratio_interval
from saddlepoint.studies.claims.image_pictures import draw_distances, draw_ratios, draw_samples
from saddlepoint.training.settings import OptimiserSettings, TrainingSettings

FULL = "all guidelines"
WIDTH, QUICK_WIDTH, BATCH, LIMIT = 16, 2, 32, 10_000
STEPS, QUICK_STEPS = 2_000, 4
MEASUREMENTS, QUICK_MEASUREMENTS = 16, 2  # over training
MOST, QUICK_MOST = 8, 2
UNITS = 256  # of the fully connected hidden layer

Effect = Literal["helps", "hurts", "not shown"]
EFFECTS: dict[Effect, str] = {"helps": "helps", "hurts": "hurts", "not shown": "not shown to help"}  # in a sentence


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


FULL_GAME = LeftOut("")  # nothing


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
    return {name: _game(own, source, quick) for name, own in {FULL: FULL_GAME, **LEFT_OUT}.items()}


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
    distances = {name: own.final_distance() for name, own in outcomes.items()}
    ratios = {name: ratio_interval(distances[name], distances[FULL], LEVEL) for name in LEFT_OUT}
    return Measured(
        decide([effect(ratio) for ratio in ratios.values()], outcomes[FULL].seeds),
        _sentence(outcomes[FULL], ratios),
        tuple(_quantities(outcomes, distances, ratios)),
        tuple(_pictures(outcomes, distances, ratios)),
    )


def _quantities(
    outcomes: Mapping[str, ImageOutcome], distances: Mapping[str, Tensor], ratios: Mapping[str, Interval]
) -> list[Quantity]:
    """Distances of all games, and their ratios and those of the time of a step to the full game."""
    found = [Quantity(f"energy distance, {name}", mean_interval(own)) for name, own in distances.items()]
    for name, ratio in ratios.items():
        compared = f"distance with {name} over that with {LEFT_OUT[name].guideline}, same seed"
        found.append(Quantity(f"{compared} (level {LEVEL:.2%}): {effect(ratio)}", ratio))
    for name in ratios:
        logarithm = (outcomes[name].step_seconds / outcomes[FULL].step_seconds).log()
        compared = f"time of a step with {name} over that with all guidelines"
        found.append(Quantity(compared, exponential(mean_interval(logarithm))))
    return found


def _sentence(full: ImageOutcome, ratios: Mapping[str, Interval]) -> str:
    """What the guidelines do to samples, by effect."""
    size = "x".join(map(str, full.samples.shape[2:]))
    model, training = full.setup.model, full.setup.training
    said = []
    for own, words in EFFECTS.items():
        some = [
            f"{LEFT_OUT[name].guideline} (with {name}, the distance is {ratio.value:.2f} times as large)"
            for name, ratio in ratios.items()
            if effect(ratio) == own
        ]
        if some:
            said.append(f"{words}: {', '.join(some)}")
    return (
        f"On {full.setup.data.source} ({size}), after {training.steps:,} steps of batches of {training.batch_size} with width "
        f"{model.generator.width}, {full.seeds} seeds, {'; '.join(said)}."
    )


def _pictures(
    outcomes: Mapping[str, ImageOutcome], distances: Mapping[str, Tensor], ratios: Mapping[str, Interval]
) -> list[Picture]:
    """The ratios of distances, the distances over training, and samples."""
    rows = {
        f"{LEFT_OUT[name].guideline}: {effect(ratio)}\nwithout it: {name}": distances[name] / distances[FULL]
        for name, ratio in ratios.items()
    }
    title = "Each guideline left out"
    return [
        Picture(
            "left-out",
            "Energy distance of samples to held-out data without each guideline, divided by that of the full DCGAN from the same "
            f"seed: every seed, and the geometric mean with its interval of {LEVEL:.2%}. Right of the line the guideline helps.",
            draw_ratios(
                f"DCGAN on {outcomes[FULL].setup.data.source}: each guideline left out", rows, list(ratios.values())
            ),
        ),
        Picture(
            "distance",
            "Energy distance over training: the middle seed, and the band of the middle 80 %. Lower is better.",
            draw_distances(title, outcomes),
        ),
        Picture(
            "samples",
            "Samples of the first seed at the end.",
            draw_samples(title, {name: own.samples for name, own in outcomes.items()}),
        ),
    ]


def decide(effects: list[Effect], seeds: int) -> Verdict:
    """The verdict of the claim.

    Args:
        effects: of all guidelines.
        seeds: number of seeds.
    """
    helps = sum(own == "helps" for own in effects)
    return verdict(helps == len(effects), helps > 0) if seeds >= FEWEST else "not decided"


CLAIM = Claim(
    "C15",
    "Each guideline of the DCGAN helps: strided convolutions instead of pooling and upsampling, BatchNorm in both players, no fully "
    "connected hidden layers, ReLU in the generator with tanh at its end, LeakyReLU in the discriminator, and Adam with rate "
    "0.0002 and beta1 0.5.",
    "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks (Radford, Metz, Chintala, "
    "2016), section 3 and 4, https://arxiv.org/abs/1511.06434",
    f"Holds if, on {LIMIT:,} images of MNIST, or on the 8x8 digits where its files are not found (the result names the data), "
    f"leaving out each of the {len(LEFT_OUT)} guidelines by itself, from the same seeds and with the same number of steps, "
    "raises the energy distance of samples to held-out data (geometric mean of the last quarter of measurements; intervals of "
    f"{LEVEL:.2%} of the ratio, since there are several guidelines): the guideline helps. It hurts if the distance falls. The claim "
    f"holds in part if one guideline helps; not decided with fewer than {FEWEST} seeds. One alternative stands for all that "
    "a guideline speaks against, and one small network, data set and number of steps for all others.",
    setups,
    measure,
)
