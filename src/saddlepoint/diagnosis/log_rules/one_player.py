"""Models with one player: a loss that never falls (NUM304), and held-out examples whose loss rises again (NUM306)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.log_rules.stretches import FEWEST, blocks, finite, median, quantile, width
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

FALLS = 0.02  # of its level: what a loss loses in its course, at least, where something is learnt
NOISE = 3.0  # times the width of the noise between neighbouring rows
RISES, STAYS = 0.05, 0.2  # of the lowest level; share of the log in which it is above
# Over the last third of the log: of a loss that stands still, and of one that goes on to fall; of the other loss at the end.
STILL, GOES_ON, APART = 0.9, 0.8, 1.5
HELD_OUT = "held_out_"


@rule("NUM304", traits={"log"}, without={"gan"}, reads=("*/loss", "*/reconstruction"))
def loss_never_falls(every_series: Mapping[str, Series], run: Facts) -> Finding | None:
    """The loss of a model with one player is as high at the end as at the start.

    Deep Learning (Ian Goodfellow, Yoshua Bengio, Aaron Courville, 2016), section 11.4.1, on the learning rate,
    https://www.deeplearningbook.org
    """
    series = _training(every_series, "reconstruction") or _training(every_series, "loss")
    if series is None:
        return None
    steps, values = finite(series)
    if len(values) < FEWEST:
        return None
    first, last = values[: max(1, len(values) // 10)], values[-max(3, len(values) // 5) :]
    fall = median(first) - median(last)
    if fall > FALLS * abs(median(first)) or width(blocks(values, 6)) > FALLS * abs(median(first)):
        return None
    if fall > NOISE * _noise(values):
        return None  # small beside the level, but no chance
    return Finding(
        "NUM304",
        "failure",
        steps[0],
        f"The {series.name.partition('/')[2]} {'term ' if 'rec' in series.name else ''}is flat from the start, at {median(values):.3g}: nothing is "
        "learnt.",
        {"first": median(first), "last": median(last), "series": [series.name]},
    )


@rule("NUM306", traits={"log"}, without={"gan"}, reads=("*/held_out_loss", "*/held_out_reconstruction"))
def losses_part(every_series: Mapping[str, Series], run: Facts) -> Finding | None:
    """The loss on held-out examples rises again, or stands still far above, while that on training examples falls.

    Early Stopping - But When? (Lutz Prechelt, 1998), https://doi.org/10.1007/3-540-49430-8_3
    """
    for name, series in every_series.items():
        player, _, quantity = name.partition("/")
        training = every_series.get(f"{player}/{quantity.removeprefix(HELD_OUT)}")
        if not quantity.startswith(HELD_OUT) or quantity.endswith("kl") or training is None:
            continue
        steps, held_out = finite(series)
        _, trained = finite(training)
        if len(held_out) < FEWEST or len(trained) < FEWEST:
            continue
        place, lowest, now = _lowest_and_late(held_out)
        if median(_tail(trained)) >= median(_head(trained)):
            continue
        if now > lowest + max(RISES * abs(lowest), NOISE * _noise(held_out)):
            words = f"was lowest ({lowest:.4g}) at step {steps[place]:,} and is {median(_tail(held_out)):.4g} now, while the training loss falls"
            return _overfits(steps[place], words, [name, training.name])
        if (since := _stands_still(held_out, trained)) is not None:
            words = f"stands still at {median(_tail(held_out)):.3g}, while the training loss goes on to fall, to {median(_tail(trained)):.3g}"
            return _overfits(steps[since], words, [name, training.name])
    return None


def _overfits(step: int, words: str, series: list[str]) -> Finding:
    return Finding(
        "NUM306",
        "warning",
        step,
        f"The loss on held-out examples {words}: the model overfits.",
        {"since": step, "series": series},
    )


def _lowest_and_late(held_out: Sequence[float]) -> tuple[int, float, float]:
    """Return where a series is lowest, its level there, and a low level of its end; the end itself where that is lowest."""
    smooth = [median(held_out[max(0, i - 1) : i + 2]) for i in range(len(held_out))]
    place = smooth.index(min(smooth))
    late = _tail(held_out)
    return place, smooth[place], quantile(late, 0.25) if place < len(held_out) - len(late) else smooth[place]


def _stands_still(held_out: Sequence[float], trained: Sequence[float]) -> int | None:
    """Return since which place held-out examples gain next to nothing from training, while their loss is far above; None if they gain."""
    levels = [(blocks(values, 6)[-3], blocks(values, 6)[-1]) for values in (held_out, trained)]
    (held_before, held_now), (before, now) = levels
    still = min(held_before, held_now, before, now) > 0 and held_now > STILL * held_before
    return len(held_out) // 2 if still and now < GOES_ON * before and held_now > APART * now else None


def _head(values: Sequence[float]) -> Sequence[float]:
    return values[: max(3, int(STAYS * len(values)))]


def _tail(values: Sequence[float]) -> Sequence[float]:
    return values[-max(3, int(STAYS * len(values))) :]


def _training(every_series: Mapping[str, Series], quantity: str) -> Series | None:
    return next((series for name, series in every_series.items() if name.partition("/")[2] == quantity), None)


def _noise(values: Sequence[float]) -> float:
    """Return the usual difference between neighbouring rows."""
    return median([abs(b - a) for a, b in itertools.pairwise(values)]) if len(values) > 1 else 0.0
