"""A loss that runs away: the generator's (GAN101), a critic's scores (GAN111), or the loss of a model with one player (NUM302)."""

from __future__ import annotations

from collections.abc import Mapping

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.log_rules.blind_values import CROSS_ENTROPY, SQUARED_ERROR, kind_of
from saddlepoint.diagnosis.log_rules.stretches import (
    FEWEST,
    blocks,
    finite,
    last_stretch,
    median,
    together,
    trend,
    width,
)
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

# -log D(G(z)) of 8 nats is a probability of .0003; (D(G(z)) - 1)^2 is 1 where samples are recognised, and above where scores grow.
FAR = {CROSS_ENTROPY: 8.0, SQUARED_ERROR: 2.0}
LARGE, GROWS, STEADY = 20.0, 2.0, 0.6  # of scores; times the level at a third of the log; rank correlation with time
# Of the largest distance, which a generator that learns makes smaller; noise of the distance over it.
LEVEL, STEADINESS = 0.95, 0.1
HUGE = 1e3  # of a game's losses; those of critics with a penalty stay below some tens
EXPLODED = 10.0  # times the lowest level so far


@rule("GAN101", traits={"gan", "log"}, without={"unbounded", "margin"})
def generator_loss_runs_away(g_loss: Series, d_loss: Series, run: Facts) -> Finding | None:
    """The generator's loss stays so high that the discriminator must be certain of every sample.

    Towards Principled Methods for Training Generative Adversarial Networks (Martin Arjovsky, Léon Bottou, 2017), theorem 2.4,
    https://arxiv.org/abs/1701.04862
    """
    limit = FAR.get(kind_of(run.traits))
    steps, rows = together(g_loss, d_loss)
    start = None if limit is None else last_stretch(rows, lambda g, _: g > limit)
    if start is None:
        return None
    g, d = zip(*rows[start:], strict=True)
    return Finding(
        "GAN101",
        "warning",
        steps[start],
        f"The generator's loss runs away (median {median(g):.3g}): the discriminator is certain of every sample.",
        {"generator_loss": median(g), "discriminator_loss": median(d), "window": [steps[start], steps[-1]]},
    )


@rule("GAN111", traits={"gan", "log"})
def critic_runs_away(d_loss: Series, g_loss: Series, run: Facts) -> Finding | None:
    """The losses of a critic, or of a margin, grow without limit.

    A loss without a lower bound is minimised by scores without limit, unless a penalty or constraint limits the slope: Wasserstein GAN
    (Martin Arjovsky, Soumith Chintala, Léon Bottou, 2017), section 3, https://arxiv.org/abs/1701.07875
    """
    if not {"unbounded", "margin"} & run.traits:
        return None
    named = {"discriminator's": d_loss, "generator's": g_loss}
    for player, series in named.items() if "unbounded" in run.traits else list(named.items())[1:]:
        steps, values = finite(series)
        if len(values) < FEWEST:
            continue
        sizes = [abs(value) for value in values]
        levels = blocks(sizes, 9)
        early, late = median(levels[:3]), levels[-1]
        if late > LARGE and late > GROWS * max(levels[3], early) and trend(sizes) > STEADY:
            start = next(place for place, size in enumerate(sizes) if size > max(LARGE, early))
            return Finding(
                "GAN111",
                "failure",
                steps[start],
                f"The discriminator's scores run away: the {player} loss goes to {values[-1]:,.4g} and keeps growing.",
                {"loss": values[-1], "early": early, "window": [steps[start], steps[-1]]},
            )
    return None


@rule("GAN106", traits={"gan", "log", "unbounded"})
def critic_distance_never_falls(d_loss: Series, g_loss: Series, run: Facts) -> Finding | None:
    """Minus the critic's loss, an estimate of the distance between samples and data, never falls from its highest level.

    Wasserstein GAN (Martin Arjovsky, Soumith Chintala, Léon Bottou, 2017), section 4, on the estimate as a curve of learning,
    https://arxiv.org/abs/1701.07875
    """
    steps, values = finite(d_loss)
    levels = [-level for level in blocks(values, 9)]
    if len(values) < 3 * FEWEST or not min(levels[1:]) > 0:
        return None
    peak, early = max(levels), abs(min(values[: max(1, len(values) // 20)], key=abs))
    if min(levels[3:]) < LEVEL * peak or width(values[len(values) // 3 :]) > STEADINESS * peak or early > 0.5 * peak:
        return None
    return Finding(
        "GAN106",
        "warning",
        steps[-1],
        f"The critic's loss went to {-levels[-1]:.3g} and stays there: the distance between samples and data, which it estimates, never falls.",
        {"distance": levels[-1], "early": early},
    )


@rule("NUM302", traits={"gan", "log"})
def game_explodes(d_loss: Series, g_loss: Series, run: Facts) -> Finding | None:
    """Both losses stay at sizes that no objective has while it is trained with success, in either direction.

    Deep Learning (Ian Goodfellow, Yoshua Bengio, Aaron Courville, 2016), section 8.2.4, on cliffs and exploding gradients,
    https://www.deeplearningbook.org
    """
    steps, rows = together(d_loss, g_loss)
    start = last_stretch(rows, lambda d, g: max(abs(d), abs(g)) > HUGE)
    if start is None:
        return None
    d, g = zip(*rows[start:], strict=True)
    return Finding(
        "NUM302",
        "failure",
        steps[start],
        f"The losses explode: the discriminator's is {median(d):,.4g} and the generator's {median(g):,.4g} (medians).",
        {"discriminator_loss": median(d), "generator_loss": median(g), "window": [steps[start], steps[-1]]},
    )


@rule("NUM302", traits={"log"}, without={"gan"}, reads=("*/loss", "*/reconstruction"))
def loss_explodes(every_series: Mapping[str, Series], run: Facts) -> Finding | None:
    """The training loss of a model with one player ends many times above its lowest level.

    Deep Learning (Ian Goodfellow, Yoshua Bengio, Aaron Courville, 2016), section 8.2.4, on cliffs and exploding gradients,
    https://www.deeplearningbook.org
    """
    for name, series in every_series.items():
        steps, values = finite(series)
        if name.partition("/")[2] not in ("loss", "reconstruction") or len(values) < FEWEST or min(values) <= 0:
            continue
        levels = blocks(values, 12)
        place = levels.index(min(levels))
        if levels[-1] > EXPLODED * levels[place]:
            limit = EXPLODED * levels[place]
            start = next(i for i, v in enumerate(values) if v > limit and i >= len(values) * place // len(levels))
            return Finding(
                "NUM302",
                "failure",
                steps[start],
                f"The loss explodes: it was {levels[place]:.3g}, and is {levels[-1]:.3g} at the end.",
                {"lowest": levels[place], "last": levels[-1], "series": [name], "window": [steps[start], steps[-1]]},
            )
    return None
