"""C16: a discriminator too strong to teach, and one too weak to keep the generator from collapsing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import torch

from saddlepoint import data
from saddlepoint.data.settings import DataSettings
from saddlepoint.evaluation.intervals import Interval, of_mean, wilson
from saddlepoint.evaluation.modes import mode_report
from saddlepoint.evaluation.quality import SERIES
from saddlepoint.figures.bands import bands_figure
from saddlepoint.models.settings import GANSettings, NetworkSettings
from saddlepoint.studies.claims.clamped_heads import band
from saddlepoint.studies.claims.contract import Claim, Measured, Picture, Quantity, Verdict, verdict
from saddlepoint.studies.claims.quantities import of_median
from saddlepoint.studies.claims.watched import Told, Watched
from saddlepoint.training.settings import PlayerSettings, TrainingSettings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SOURCE = (
    "unpublished notes on generative models: a discriminator that answers with absolute certainty leaves "
    "no gradient, and mode collapse can sometimes be corrected by strengthening it; the first as a theorem: Towards Principled "
    "Methods for Training Generative Adversarial Networks (Arjovsky, Bottou, 2017), https://arxiv.org/abs/1701.04862"
)
TOO_STRONG, SLOWER, OTHER_LOSS = "D too strong", "its rate lowered", "loss changed"
CURES = (SLOWER, OTHER_LOSS)
WEAK = "weak D"
STRONGER = ("wider", "more steps", "higher rate", "all three")
STRENGTH_CODES, COLLAPSE_CODE = ("GAN101", "GAN102"), "GAN103"
GRADIENT = "g/sample_gradient"
MODES = 8
STEPS, QUICK_STEPS, MOST = 1_000, 40, 32
PLAIN_RATE, STRONG_RATE, LOWERED_RATE = 0.02, 3e-3, 1e-4
FAST_RATE, WEAK_RATE = 5e-3, 2e-4
LESS, FOUND = 0.1, 0.95
FIRST_SEED = 1_000  # the planted failures were searched for among seeds below
FAR_AWAY = 1e6  # where samples that are not finite count as being
COLLAPSED = 0.5  # of the seeds of the weak discriminator, at least: there must be a collapse to cure
LEVEL = 1 - 0.05 / len(STRONGER)  # of each way of strengthening, since there are several


def ring_game(
    quick: bool,
    generator: PlayerSettings,
    discriminator: PlayerSettings,
    *,
    objective: str = "non-saturating",
    hidden: tuple[int, ...] = (64, 64),
    turns: int = 1,
) -> Watched:
    """A GAN on eight modes on a ring. hidden, turns: of the discriminator, which moves `turns` times a step."""
    return Watched(
        GANSettings(
            latent=2,
            generator=NetworkSettings(hidden=(64, 64), activation="tanh"),
            discriminator=NetworkSettings(hidden=hidden, activation="tanh"),
            objective=objective,
            discriminator_steps=turns,
            output="identity",
            scaling="standard",
        ),
        TrainingSettings(
            steps=QUICK_STEPS if quick else STEPS, batch_size=64, generator=generator, discriminator=discriminator
        ),
        DataSettings(source="ring", modes=MODES),
        most=MOST,
        first=FIRST_SEED,
    )


def setups(quick: bool) -> dict[str, Watched]:
    """Both planted failures, and each with what is said to cure it.

    Too strong: the generator goes by plain gradient descent, since Adam makes up for a gradient that is merely small; the
    discriminator by Adam, five times a step. Too weak: a discriminator whose rate is far below the generator's. Rates and turns
    were searched for until both failed, on seeds below 1,000; what is reported comes from other seeds.
    """
    plain = PlayerSettings(name="sgd", learning_rate=PLAIN_RATE)
    strong, slow = (PlayerSettings(learning_rate=rate, betas=(0.5, 0.999)) for rate in (STRONG_RATE, LOWERED_RATE))
    fast = PlayerSettings(learning_rate=FAST_RATE)
    weak, equal = (PlayerSettings(learning_rate=rate) for rate in (WEAK_RATE, FAST_RATE))
    return {
        TOO_STRONG: ring_game(quick, plain, strong, objective="minimax", turns=5),
        SLOWER: ring_game(quick, plain, slow, objective="minimax", turns=5),
        OTHER_LOSS: ring_game(quick, plain, strong, turns=5),
        WEAK: ring_game(quick, fast, weak),
        "wider": ring_game(quick, fast, weak, hidden=(128, 128)),
        "more steps": ring_game(quick, fast, weak, turns=5),
        "higher rate": ring_game(quick, fast, equal),
        "all three": ring_game(quick, fast, equal, hidden=(128, 128), turns=5),
    }


def measure(outcomes: Mapping[str, Told], quick: bool) -> Measured:
    """Gradients and quality with a discriminator too strong and its cures; modes with one too weak and stronger ones."""
    left = {name: outcomes[name].through(GRADIENT) for name in (TOO_STRONG, *CURES)}
    distance = {name: outcomes[name].at_end(SERIES) for name in (TOO_STRONG, *CURES)}
    modes = {name: covered(outcomes[name]) for name in (WEAK, *STRONGER)}
    more = {name: of_mean(modes[name] - modes[WEAK], level=LEVEL) for name in STRONGER}
    better = {name: of_mean(distance[TOO_STRONG] - distance[name]) for name in CURES}
    ratio = {name: _ratio(left[TOO_STRONG], left[name]) for name in CURES}
    found = outcomes[TOO_STRONG].with_any(*STRENGTH_CODES)
    collapsed = outcomes[WEAK].with_any(COLLAPSE_CODE)
    seeds = outcomes[TOO_STRONG].seeds
    codes = " or ".join(STRENGTH_CODES)
    quantities = [
        Quantity(
            f"share of seeds in which {codes} opens, {name}", wilson(outcomes[name].with_any(*STRENGTH_CODES), seeds)
        )
        for name in left
    ]
    quantities += [
        Quantity(f"gradient of the generator's loss by a sample, second half, median, {name}", of_median(own), "nats")
        for name, own in left.items()
    ]
    quantities += [Quantity(f"gradient left, {TOO_STRONG} over {name}, same seed", own) for name, own in ratio.items()]
    quantities += [Quantity(f"energy distance at the end, {name}", of_mean(own)) for name, own in distance.items()]
    quantities += [Quantity(f"energy distance gained, {name}, same seed", own) for name, own in better.items()]
    quantities += [
        Quantity(
            f"share of seeds in which {COLLAPSE_CODE} opens, {name}",
            wilson(outcomes[name].with_any(COLLAPSE_CODE), seeds),
        )
        for name in modes
    ]
    quantities += [Quantity(f"modes covered of {MODES}, {name}", of_mean(own)) for name, own in modes.items()]
    quantities += [Quantity(f"modes gained, {name}, same seed (level {LEVEL:.2%})", own) for name, own in more.items()]
    quantities += [
        Quantity(
            f"share of samples within 3 standard deviations of a mode, {name}",
            of_mean(outcomes[name].at_end("g/high_quality")),
        )
        for name in modes
    ]
    starves = all(own.high < LESS for own in ratio.values()) and found >= FOUND * seeds
    cured = any(own.low > 0 for own in better.values())
    helps = [name for name, own in more.items() if own.low > 0]
    cures = ", ".join(f"{name} {float(distance[name].mean()):.3f}" for name in CURES)
    gained = ", ".join(f"{name} {own.value:+.1f} [{own.low:+.1f}, {own.high:+.1f}]" for name, own in more.items())
    because = (
        f"Too strong a D leaves {', '.join(f'{own.value:.1%} of the gradient there is with {name}' for name, own in ratio.items())}"
        f"; {codes} opens in {found} of {seeds} seeds; energy distance {float(distance[TOO_STRONG].mean()):.3f}, then {cures}. A weak "
        f"D covers {float(modes[WEAK].mean()):.1f} of {MODES} modes, {COLLAPSE_CODE} opens in {collapsed} of {seeds}; modes gained by "
        f"strengthening it: {gained}."
    )
    return Measured(
        _verdict(starves and cured, len(helps), collapsed >= COLLAPSED * seeds),
        because,
        tuple(quantities),
        (
            Picture(
                "too-strong",
                "Gradient of the generator's loss with respect to its samples, with a discriminator that is too strong and with "
                "each cure: the middle seed, and the band of the middle 80 %.",
                _lines(outcomes, (TOO_STRONG, *CURES), GRADIENT, "gradient of a sample / nats"),
            ),
            Picture(
                "quality",
                "The same runs: energy distance of their samples to held-out data; lower is better.",
                _lines(outcomes, (TOO_STRONG, *CURES), SERIES, "energy distance"),
            ),
            Picture(
                "modes",
                f"Share of the {MODES} modes that samples go to, each counted for its nearest however far it is: a weak discriminator, and the same made stronger.",
                _lines(outcomes, (WEAK, *STRONGER), "g/modes", "share of modes", log=False),
            ),
        ),
    )


def covered(told: Told) -> torch.Tensor:
    """(S,) float64: modes that at the end have a sample of high quality, see `evaluation.modes.mode_report`."""
    truth = data.load(told.setup.data).truth
    assert truth is not None
    assert truth.modes is not None
    assert truth.mode_std is not None
    assert told.samples is not None
    finite = told.samples.nan_to_num(FAR_AWAY, FAR_AWAY, -FAR_AWAY)
    return torch.tensor([mode_report(own, truth.modes, truth.mode_std).covered for own in finite], dtype=torch.float64)


def _verdict(starves: bool, helps: int, collapses: bool) -> Verdict:
    """helps: ways of strengthening that gain modes. Without a collapse there was nothing to cure."""
    if not collapses:
        return "not decided"
    return verdict(starves and helps == len(STRONGER), starves or helps > 0)


def _ratio(of: torch.Tensor, to: torch.Tensor) -> Interval:
    """Median over seeds of the one over the other, with its interval."""
    found = of_median((of.clamp_min(1e-30) / to.clamp_min(1e-30)).log())
    low, value, high = (float(torch.tensor(part).exp()) for part in (found.low, found.value, found.high))
    return Interval(value, low, high, found.level)


def _lines(outcomes: Mapping[str, Told], names: Iterable[str], series: str, y: str, log: bool = True) -> Figure:
    own = {name: band(outcomes[name], series) for name in names}
    return bands_figure({f"Ring of {MODES}": own}, y=y, log_x=False, log_y=log)


CLAIM = Claim(
    "C16",
    "A discriminator that is too strong leaves the generator no gradient; mode collapse is cured by strengthening it.",
    SOURCE,
    f"Holds if on a ring of {MODES} modes the generator's gradient with too strong a discriminator is below {LESS:.0%} of that "
    f"with each cure (lower rate, other loss; 95 % interval of the median over seeds), {' or '.join(STRENGTH_CODES)} opens in "
    f"{FOUND:.0%} of seeds or more, a cure brings samples nearer to the data, and each way of strengthening a weak discriminator "
    f"({', '.join(STRONGER)}) gains modes that hold a sample within 3 standard deviations (same seeds, intervals of {LEVEL:.2%}, "
    f"since there are {len(STRONGER)} ways); in part if all but the last is so, or if one way gains modes; not decided unless "
    f"{COLLAPSE_CODE} opens in at least {COLLAPSED:.0%} of seeds of the weak one. The planted failures were searched for on seeds "
    f"below {FIRST_SEED:,}; measured is on seeds from {FIRST_SEED:,} on.",
    setups,
    measure,
)
