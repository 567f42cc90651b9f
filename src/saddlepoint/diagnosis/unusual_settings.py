"""Finds unusual settings before the first step: SET401.

A learning rate of 1e6 is a mistake. Its consequences may look like many other failures, so it is named first, with the
usual range. Ranges are those of published work, with room on both sides (`saddlepoint.diagnosis.ranges`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from saddlepoint.diagnosis.optimiser_settings import (
    RATE,
    Settings,
    all_settings,
    is_own,
    optimiser_of,
    own_settings,
    sections_in,
    sibling,
    value_in_force,
)
from saddlepoint.diagnosis.ranges import ADDED_DECAY, BETA_RANGES, OPTIMISER_RANGES, RANGES, Usual
from saddlepoint.diagnosis.remedies import propose
from saddlepoint.diagnosis.usual_rates import DEFAULT, usual_range
from saddlepoint.records import Finding

FAR = 1_000.0  # times beyond the usual range, from which on nothing can be learnt
NAMED = 3  # settings in the title; the evidence has all
WITH_MOMENTUM = ("sgd", "rmsprop")
WITH_BETAS = ("adam", "adamw", "optimistic-adam", "extra-adam")
BEYOND_RATES, BEYOND_RATES_OF_SGD = 10.0, 100.0  # times beyond the usual rates, from which on a rate is unusual
BELOW_RATES = 0.01
DEFAULT_OF_SGD = 0.01
SMALLEST_BATCH = 4  # with BatchNorm: two examples are normalised to -1 and 1, whatever they are
SMALLEST_DECAY = -9  # log10 of the share of the learning rate that a schedule leaves after half of the run


@dataclass(frozen=True)
class Unusual:
    """A setting outside of its usual range.

    Attributes:
        name: dotted name.
        value: present value.
        usual: the range in words.
        is_fatal: whether the value is so far outside that nothing can be learnt.
        instead: a value in the usual range.
        note: an additional remark.
    """

    name: str
    value: Any
    usual: str
    is_fatal: bool
    instead: Any
    note: str = ""

    def __str__(self) -> str:
        return f"{self.name} is {_format(self.value)} (usual: {self.usual}{self.note})"


def unusual_settings(settings: Settings, *, batch_norm: bool = False) -> Finding | None:
    """Return one finding that names all unusual settings; None where there are none.

    Args:
        settings: a recipe's, by dotted name.
        batch_norm: whether a network normalises by the statistics of its batch.
    """
    found = [*_by_range(settings), *_rates(settings), *_decay(settings), *_sizes(settings, batch_norm)]
    if not found:
        return None
    found.sort(key=lambda each: not each.is_fatal)
    listed = "; ".join(map(str, found[:NAMED])) + (f"; and {len(found) - NAMED} more" if len(found) > NAMED else "")
    return Finding(
        "SET401",
        "failure" if found[0].is_fatal else "warning",
        0,
        f"{'Settings are' if len(found) > 1 else 'A setting is'} far outside of the usual range: {listed}.",
        {
            "preflight": True,
            "settings": {each.name: each.value for each in found},
            "far": sum(each.is_fatal for each in found),
        },
        "Check for a typing mistake. Whatever goes wrong in this run may be a consequence. Training longer or with another "
        "seed will not help.",
        propose("usual_values", values={each.name: each.instead for each in found}),
    )


def _by_range(settings: Settings) -> Iterator[Unusual]:
    for name, usual in RANGES.items():
        yield from _check(name, settings.get(name), usual)
    for section in sections_in(settings):
        for key, usual in OPTIMISER_RANGES.items():
            name = f"{section}.{key}"
            if _is_followed(name, settings) and not _is_clipping_off(name, settings):
                if key == "weight_decay" and (optimiser := optimiser_of(name, settings)) != "adamw":
                    for found in _check(name, settings.get(name), ADDED_DECAY):
                        yield replace(found, note=f"; {optimiser} adds it to the gradient, unlike adamw")
                    continue
                for found in _check(name, settings.get(name), usual):
                    yield _note_if_ignored(found, settings) if key == "momentum" else found
        if _is_followed(f"{section}.betas", settings):
            yield from _betas(f"{section}.betas", settings)


def _is_followed(name: str, settings: Settings) -> bool:
    """Whether a player uses this setting: a shared one is not used where all players have their own."""
    own = own_settings(name.rpartition(".")[2], settings)
    return is_own(name) or not own or any(settings.get(each) is None for each in own)


def _is_clipping_off(name: str, settings: Settings) -> bool:
    """Whether this is a player's own clip_norm of 0, which switches off the shared one."""
    return name.endswith(".clip_norm") and settings.get(name) == 0


def _note_if_ignored(found: Unusual, settings: Settings) -> Unusual:
    """Add that the optimiser ignores this momentum, which the user may not know."""
    optimiser = optimiser_of(found.name, settings)
    if optimiser in WITH_MOMENTUM:
        return found
    own = ": its momentum is the first of betas" if optimiser in WITH_BETAS else ""
    return replace(found, instead=0.0, note=f"; {optimiser} ignores it{own}")


def _betas(name: str, settings: Settings) -> Iterator[Unusual]:
    pair = settings.get(name)
    if not pair or optimiser_of(name, settings) not in WITH_BETAS:
        return
    for place, value, usual in zip(("first", "second"), pair, BETA_RANGES, strict=True):
        for each in _check(name, value, usual):
            instead = [u.value if not u.low <= own <= u.high else own for own, u in zip(pair, BETA_RANGES, strict=True)]
            yield Unusual(name, list(pair), f"{each.usual} for the {place}", False, instead)
            return


def _check(name: str, value: Any, usual: Usual) -> Iterator[Unusual]:
    if not isinstance(value, int | float) or isinstance(value, bool) or usual.low <= value <= usual.high:
        return
    yield Unusual(name, value, str(usual), usual.is_fatal and value >= FAR * usual.most, usual.value)


def _rates(settings: Settings) -> Iterator[Unusual]:
    """Compare each learning rate with those usual for its optimiser."""
    shared_is_usual = True
    for name in all_settings("learning_rate", settings):
        value = settings.get(name)
        if value is None:
            continue
        optimiser = optimiser_of(name, settings)
        plain = optimiser.endswith("sgd")
        least, most = usual_range(optimiser)
        # A step of plain gradient descent is no longer than the rate times the largest norm; Adam's does not depend on it.
        clipped = min(value_in_force(sibling(name, "clip_norm"), settings) or 1.0, 1.0) if plain else 1.0
        beyond = BEYOND_RATES_OF_SGD if plain else BEYOND_RATES
        if BELOW_RATES * least <= value and clipped * value <= beyond * most:
            continue
        instead: float | None = DEFAULT_OF_SGD if plain else DEFAULT
        if name == RATE:
            shared_is_usual = False
            if not _is_followed(name, settings):
                continue  # no player uses it
        elif shared_is_usual and settings.get(RATE) is not None:
            instead = None  # the shared one
        yield Unusual(name, value, f"{least:g} to {most:g} for {optimiser}", clipped * value >= FAR * most, instead)


def _decay(settings: Settings) -> Iterator[Unusual]:
    """Find exponential schedules that leave nothing of the learning rate after half of the run."""
    steps = settings.get("training.steps")
    keys = ("schedule", "decay_rate", "decay_steps")
    for section in sections_in(settings):
        names = [f"{section}.{key}" for key in keys]
        if not any(settings.get(name) is not None and _is_followed(name, settings) for name in names):
            continue
        schedule, rate, every = (value_in_force(name, settings) for name in names)
        if schedule != "exponential" or not steps or not rate or not every:
            continue
        power = math.log10(rate) * 0.5 * steps / every
        if power < SMALLEST_DECAY:
            yield Unusual(
                f"{section}.decay_rate",
                rate,
                "at least 0.01 of the learning rate left after half of the run",
                False,
                float(f"{0.01 ** (every / steps):.4g}"),
                f"; this leaves 1e{power:.0f}",
            )


def _sizes(settings: Settings, batch_norm: bool) -> Iterator[Unusual]:
    batch, steps, warm_up = (settings.get(name) for name in ("training.batch_size", "training.steps", "model.warm_up"))
    if batch_norm and batch and batch < SMALLEST_BATCH:
        yield Unusual("training.batch_size", batch, "16 or more with BatchNorm", False, 64)
    if steps and warm_up and warm_up > 10 * steps:
        yield Unusual("model.warm_up", warm_up, f"0 to the {steps:,} steps of the run", False, steps // 4)


def _format(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
