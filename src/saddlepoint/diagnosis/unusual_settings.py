"""Settings that hardly anybody uses are found before the first step: SET401.

A learning rate of 1e6 is a mistake. What follows from it may look like many other failures, so it is named first, with the range
that is usual. Ranges are those of published work, with room on both sides: a finding needs a value that is far outside.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from saddlepoint.diagnosis.usual_rates import DEFAULT, PLAYERS, RATE, USUAL, USUAL_OF_SGD, optimiser_of
from saddlepoint.records import Finding

Settings = Mapping[str, Any]
FAR = 1_000.0  # times beyond the usual range, from which on nothing can be learnt
NAMED = 3  # settings in the title; the evidence has all


@dataclass(frozen=True)
class Unusual:
    """A setting outside of its usual range.

    usual: the range in words. far: whether so far outside that nothing can be learnt. instead: a usual value.
    note: what else there is to say.
    """

    name: str
    value: Any
    usual: str
    far: bool
    instead: Any
    note: str = ""

    def __str__(self) -> str:
        return f"{self.name} is {_number(self.value)} ({self.usual} is usual{self.note})"


@dataclass(frozen=True)
class Usual:
    """The usual range of a setting, `least` to `most`, and the values beyond which it is unusual, `low` and `high`.

    instead: a usual value. far: whether values `FAR` times beyond `most` are failures; else they are warnings only.
    """

    least: float
    most: float
    low: float
    high: float
    instead: Any
    far: bool = False

    @property
    def words(self) -> str:
        """The usual range in words."""
        return f"at most {self.most:g}" if self.least <= 0 else f"{self.least:g} to {self.most:g}"


NONE = -math.inf  # below which nothing is: there is no lower end
# By the names of settings, and where they come from. Values on both sides of `low` and `high` are in use.
RANGES: dict[str, Usual] = {
    # beta-VAE: up to 250 (Higgins et al., 2017), https://openreview.net/forum?id=Sy2fzU9gl
    "model.beta": Usual(0.0, 250.0, NONE, 1_000.0, 1.0, far=True),
    # IAF: up to 8 nats a group of units (Kingma et al., 2016), https://arxiv.org/abs/1606.04934
    "model.free_bits": Usual(0.0, 2.0, NONE, 20.0, 0.25),
    "model.observation_std": Usual(0.01, 1.0, 1e-4, 100.0, 0.1),
    # R1: 10 (Mescheder et al., 2018), up to 100 and more at high resolution (Karras et al., 2021).
    "model.r1": Usual(0.0, 100.0, NONE, 1e4, 1.0, far=True),
    "model.r2": Usual(0.0, 100.0, NONE, 1e4, 1.0, far=True),
    "model.latent": Usual(1, 1_024, NONE, 20_000, 128),
    "model.latent_scale": Usual(0.1, 10.0, 1e-3, 1_000.0, 1.0),
    # 100 in the first steps of Wasserstein GAN (Arjovsky, Chintala, Bottou, 2017), https://arxiv.org/abs/1701.07875
    "model.discriminator_steps": Usual(1, 10, NONE, 200, 1),
    "model.unrolled_steps": Usual(0, 10, NONE, 100, 5),
    "model.unrolled_rate": Usual(1e-3, 1.0, NONE, 100.0, 0.1, far=True),
    "model.label_flipping": Usual(0.0, 0.2, NONE, 0.4, 0.05),
    "model.instance_noise": Usual(0.0, 0.5, NONE, 5.0, 0.1, far=True),
    "model.denoising": Usual(0.0, 1.0, NONE, 10.0, 0.1, far=True),
    "model.sparsity_weight": Usual(0.0, 10.0, NONE, 1e4, 1e-3, far=True),
    "model.packing": Usual(1, 8, NONE, 64, 2),
    # StyleGAN's .999 to .9999 and more in diffusion models; at .99999 an average spans 100,000 steps.
    "training.ema": Usual(0.0, 0.9999, NONE, 0.99999, 0.999),
}
# The same of all players, and of each.
OPTIMISER_RANGES: dict[str, Usual] = {
    "momentum": Usual(0.0, 0.95, NONE, 0.99, 0.9),
    # Weight decay: .01 to .3 (Decoupled Weight Decay Regularization, Loshchilov, Hutter, 2019).
    "weight_decay": Usual(0.0, 0.3, NONE, 10.0, 1e-4, far=True),
    "epsilon": Usual(1e-10, 1e-3, NONE, 10.0, 1e-8),
    "clip_norm": Usual(0.01, 1_000.0, 1e-6, math.inf, 1.0),
    "historical_averaging": Usual(0.0, 1.0, NONE, 1e3, 1e-3, far=True),
}
BETAS = (Usual(0.0, 0.95, NONE, 0.99, 0.9), Usual(0.9, 0.9999, 0.5, 0.99999, 0.999))
SHARED, OWN = "training.optimiser", ("training.discriminator", "training.generator")
SECTIONS = (SHARED, *OWN)
WITH_MOMENTUM = ("sgd", "rmsprop")
WITH_BETAS = ("adam", "adamw", "optimistic-adam", "extra-adam")
BEYOND_RATES, BEYOND_RATES_OF_SGD = 10.0, 100.0  # times beyond the usual rates, from which on a rate is unusual
BELOW_RATES = 0.01
SMALLEST_BATCH = 4  # with BatchNorm: two examples are normalised to -1 and 1, whatever they are


def unusual_settings(settings: Settings, *, batch_norm: bool = False) -> Finding | None:
    """What of these settings hardly anybody uses, as one finding with all of them; None where there is nothing.

    Args:
        settings: a recipe's, by dotted name.
        batch_norm: whether a network normalises by the statistics of its batch.
    """
    found = [*_by_range(settings), *_rates(settings), *_decay(settings), *_sizes(settings, batch_norm)]
    if not found:
        return None
    found.sort(key=lambda each: not each.far)
    said = "; ".join(map(str, found[:NAMED])) + (f"; and {len(found) - NAMED} more" if len(found) > NAMED else "")
    return Finding(
        "SET401",
        "failure" if found[0].far else "warning",
        0,
        f"{'Settings' if len(found) > 1 else 'A setting'} far outside of the usual range: {said}.",
        {"preflight": True, "settings": {each.name: each.value for each in found}, "far": sum(f.far for f in found)},
        "Check for a typing mistake. Whatever goes wrong in this run may follow from it, and training longer or with another seed "
        "will not help.",
        {each.name: each.instead for each in found},
    )


def _by_range(settings: Settings) -> Iterator[Unusual]:
    for name, usual in RANGES.items():
        yield from _judged(name, settings.get(name), usual)
    for section in SECTIONS:
        for key, usual in OPTIMISER_RANGES.items():
            name = f"{section}.{key}"
            if _is_followed(name, settings) and not _is_clipping_off(name, settings):
                for found in _judged(name, settings.get(name), usual):
                    yield _ignored(found, settings) if key == "momentum" else found
        if _is_followed(f"{section}.betas", settings):
            yield from _betas(f"{section}.betas", settings)


def _is_followed(name: str, settings: Settings) -> bool:
    """Whether any player takes this setting: one of the shared optimiser is not where both players have their own."""
    section, _, key = name.rpartition(".")
    return section != SHARED or any(settings.get(f"{own}.{key}") is None for own in OWN)


def _is_clipping_off(name: str, settings: Settings) -> bool:
    """A player's own clip_norm of 0 switches off the one that the players share."""
    return name.endswith(".clip_norm") and settings.get(name) == 0


def _ignored(found: Unusual, settings: Settings) -> Unusual:
    """A momentum that the optimiser ignores, which the user may not know."""
    optimiser = optimiser_of(found.name, settings)
    if optimiser in WITH_MOMENTUM:
        return found
    own = ": its momentum is the first of betas" if optimiser in WITH_BETAS else ""
    return replace(found, instead=0.0, note=f"; {optimiser} ignores it{own}")


def _betas(name: str, settings: Settings) -> Iterator[Unusual]:
    pair = settings.get(name)
    if not pair or optimiser_of(name, settings) not in WITH_BETAS:
        return
    for value, usual in zip(pair, BETAS, strict=True):
        for each in _judged(name, value, usual):
            instead = [b.instead if not b.low <= own <= b.high else own for own, b in zip(pair, BETAS, strict=True)]
            yield Unusual(
                name, list(pair), f"{each.usual} for the {'first' if usual is BETAS[0] else 'second'}", False, instead
            )
            return


def _judged(name: str, value: Any, usual: Usual) -> Iterator[Unusual]:
    if not isinstance(value, int | float) or isinstance(value, bool) or usual.low <= value <= usual.high:
        return
    yield Unusual(name, value, usual.words, usual.far and value >= FAR * usual.most, usual.instead)


def _rates(settings: Settings) -> Iterator[Unusual]:
    """Each learning rate beside those usual for its optimiser, and the two players' beside each other."""
    shared_is_usual = True
    for name in (RATE, *PLAYERS):
        value = settings.get(name)
        if value is None:
            continue
        optimiser = optimiser_of(name, settings)
        plain = optimiser.endswith("sgd")
        least, most = USUAL_OF_SGD if plain else USUAL
        # A step of plain gradient descent is no longer than the rate times the largest norm; Adam's does not depend on it.
        clipped = min(_of_player(name, "clip_norm", settings) or 1.0, 1.0) if plain else 1.0
        beyond = BEYOND_RATES_OF_SGD if plain else BEYOND_RATES
        if BELOW_RATES * least <= value and clipped * value <= beyond * most:
            continue
        usual = f"{least:g} to {most:g} for {optimiser}"
        instead: float | None = 0.01 if plain else DEFAULT
        if name == RATE:
            shared_is_usual = False
            if all(settings.get(player) is not None for player in PLAYERS):
                continue  # nobody follows it
        elif shared_is_usual and settings.get(RATE) is not None:
            instead = None  # as all players
        yield Unusual(name, value, usual, clipped * value >= FAR * most, instead)


def _decay(settings: Settings) -> Iterator[Unusual]:
    """An exponential schedule after half of the run, of all players and of each that has one of its settings."""
    steps = settings.get("training.steps")
    keys = ("schedule", "decay_rate", "decay_steps")
    for section in SECTIONS:
        names = [f"{section}.{key}" for key in keys]
        if not any(settings.get(name) is not None and _is_followed(name, settings) for name in names):
            continue
        schedule, rate, every = (_of_player(name, key, settings) for name, key in zip(names, keys, strict=True))
        if schedule != "exponential" or not steps or not rate or not every:
            continue
        power = math.log10(rate) * 0.5 * steps / every
        if power < -9:
            left = f"leaves 1e{power:.0f} of the learning rate after half of the run; 0.01 and more"
            yield Unusual(f"{section}.decay_rate", rate, left, False, float(f"{0.01 ** (every / steps):.4g}"))


def _sizes(settings: Settings, batch_norm: bool) -> Iterator[Unusual]:
    batch, steps, warm_up = (
        settings.get(f"{name}") for name in ("training.batch_size", "training.steps", "model.warm_up")
    )
    if batch_norm and batch and batch < SMALLEST_BATCH:
        yield Unusual("training.batch_size", batch, "with BatchNorm 16 or more", False, 64)
    if steps and warm_up and warm_up > 10 * steps:
        yield Unusual("model.warm_up", warm_up, f"0 to the {steps:,} steps of the run", False, steps // 4)


def _of_player(name: str, key: str, settings: Settings) -> Any:
    """The setting `key` of the player whose setting `name` is: the player's own, or that of all."""
    own = settings.get(f"{name.rpartition('.')[0]}.{key}")
    return settings.get(f"{SHARED}.{key}") if own is None else own


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
