"""What to try against a finding, and what next where that did not help: for every code a ladder of remedies.

A rung is data, as a finding's own remedy is: settings by dotted name. `Times` says to multiply the present value
instead of setting one; `AtLeast` to leave what is more, `Momentum` what is less; `Only` that a rung is for runs that are set so. The order is from the gentlest to the strongest, as far
as published comparisons tell; what a rung is worth is measured by benchmarks/cures.py.

Before all rungs comes a look at the learning rates: one that hardly anybody uses is more likely a slip than a choice, whatever
the failure is called that follows from it, and other remedies would work around it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from saddlepoint.records import Finding

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Times:
    """The present value times `factor`, within `least` and `most`; nothing where these would turn it the other way."""

    factor: float
    least: float = 0.0
    most: float = float("inf")


@dataclass(frozen=True)
class Only:
    """`value`, in runs where the setting is one of `where`; in others the whole rung is left out."""

    where: tuple[Any, ...]
    value: Any


@dataclass(frozen=True)
class AtLeast:
    """`value`, where the setting is below it."""

    value: float


@dataclass(frozen=True)
class Momentum:
    """Adam's first beta at most this; the second is left alone."""

    most: float


Rung = Mapping[str, Any]
SLIP, OWN = -1, 0  # the numbers of the look at the rates, and of the finding's own remedy; the ladder's count from 1

D_RATE, G_RATE = "training.discriminator.learning_rate", "training.generator.learning_rate"
RATE, BETAS, CLIP = "training.optimiser.learning_rate", "training.optimiser.betas", "training.optimiser.clip_norm"
# A player that names no rate of its own has that of all.
_INHERITED = {D_RATE: RATE, G_RATE: RATE}
# Rates that generative models are trained with. Adam's default, 1e-3, does for most networks: Adam: A Method for Stochastic
# Optimization (Kingma, Ba, 2015), https://arxiv.org/abs/1412.6980; none does for plain gradient descent, so a slip there
# is mended by taking Adam.
_NAME = "training.optimiser.name"
_USUAL, _USUAL_OF_SGD = (1e-5, 3e-3), (1e-4, 0.1)
_DEFAULT = 1e-3

_STEEP: Rung = {"model.objective": Only(("minimax",), "non-saturating")}
_WEAKER: Rung = {D_RATE: Times(0.25)}
_BLURRED: Rung = {"model.instance_noise": 0.1}
# The critic's slope at real examples: Which Training Methods for GANs do actually Converge? (Mescheder et al., 2018).
_SMOOTH: Rung = {"model.r1": 1.0}
# A relativistic loss with both penalties: The GAN is dead; long live the GAN! (Huang et al., 2024).
_PAIRED: Rung = {
    "model.objective": Only(("minimax", "non-saturating"), "relativistic"),
    "model.r1": 1.0,
    "model.r2": 1.0,
    BETAS: [0.0, 0.99],
}
# PacGAN: The power of two samples in generative adversarial networks (Lin et al., 2018).
_PACKED: Rung = {"model.packing": 2}
_CALM: Rung = {BETAS: Momentum(0.0)}
_SLOWER: Rung = {RATE: Times(0.25), D_RATE: Times(0.25), G_RATE: Times(0.25)}
_MUCH_SLOWER: Rung = {RATE: Times(0.1, most=1e-2), D_RATE: Times(0.1, most=1e-2), G_RATE: Times(0.1, most=1e-2)}
_CLIPPED: Rung = {CLIP: 1.0}

LADDERS: dict[str, tuple[Rung, ...]] = {
    "GAN101": ({"model.discriminator_steps": 1}, _STEEP, _WEAKER, _SMOOTH, _PAIRED, _BLURRED),
    "GAN102": (_STEEP, _WEAKER, _SMOOTH, _PAIRED, _BLURRED),
    "GAN103": (_STEEP, _PACKED, _PAIRED, _CALM, _SLOWER),
    "GAN104": (
        {"model.label_flipping": 0.0, "model.instance_noise": 0.0},
        {D_RATE: Times(4.0, most=_USUAL[1])},
        _SLOWER,
    ),
    "GAN105": (_SMOOTH, _CALM, _PAIRED, _SLOWER),
    "GAN106": (_CLIPPED, _SLOWER, _SMOOTH, _PAIRED, _MUCH_SLOWER),
    "GAN107": (_SMOOTH, _BLURRED, _WEAKER),
    "GAN108": (_SMOOTH, _BLURRED, {"training.optimiser.weight_decay": 1e-4}),
    "VAE201": ({"model.beta": Times(0.25)}, {"model.free_bits": 0.25}, _SLOWER),
    "VAE204": ({"model.beta": 1.0}, {"model.likelihood": Only(("gaussian",), "gaussian-learnt")}),
    "VAE205": ({"model.beta": Times(4.0)},),
    "VAE206": ({"training.optimiser.weight_decay": 1e-3}, {RATE: Times(0.25)}),
    "NUM301": (_MUCH_SLOWER, {"training.precision": "fp32"}, _CLIPPED),
    "NUM302": (_CLIPPED, _SLOWER, _MUCH_SLOWER),
    "NUM303": (
        {
            "model.generator.activation": Only(("relu",), "leaky_relu"),
            "model.discriminator.activation": Only(("relu",), "leaky_relu"),
        },
        {"model.encoder.activation": Only(("relu",), "leaky_relu")},
        _SLOWER,
    ),
    "NUM304": (
        {"training.optimiser.schedule": "constant"},
        {name: Times(10.0, most=_USUAL[1]) for name in (RATE, D_RATE, G_RATE)},
    ),
}
# What goes with every remedy against a code. What circles has its middle near the solution: The Unusual Effectiveness of
# Averaging in GAN Training (Yazici et al., 2019), https://arxiv.org/abs/1806.04498; and momentum carries each player on when
# the other has turned: Negative Momentum for Improved Game Dynamics (Gidel et al., 2019), https://arxiv.org/abs/1807.04740
_BESIDE: dict[str, Rung] = {"GAN105": {"training.ema": AtLeast(0.99), BETAS: Momentum(0.5)}}


def next_remedy(finding: Finding, settings: Settings, tried: Collection[int] = ()) -> tuple[int, dict[str, Any]] | None:
    """The rung to try now and its changes: rates that are no usual ones (SLIP) first, then the finding's own remedy (OWN),
    then its code's ladder (1, 2, ...).

    settings: the recipe's by dotted name; a rung that names none of them, or changes nothing, is passed over.
    tried: the rungs that were tried against this code. None where nothing is left.

    A mistake in the objective that was found before training (`preflight` in the evidence) is nothing that settings mend,
    whatever else goes under its code: only its own remedy counts.
    """
    rungs: dict[int, Rung] = {OWN: finding.remedy or {}}
    if not finding.evidence.get("preflight"):
        rungs = {SLIP: _usual_rates(settings), **rungs, **dict(enumerate(LADDERS.get(finding.code, ()), 1))}
    for number, rung in rungs.items():
        changes = _changes(rung, settings)
        if number == OWN:  # a rule multiplies a rate without regard to where that leads
            changes = _kept_usual(changes, settings)
        if number not in tried and changes:
            return number, _changes(_BESIDE.get(finding.code, {}), settings) | changes
    return None


def _usual_rates(settings: Settings) -> Rung:
    """What brings learning rates back that lie outside of all usual ones. Both players then follow the rate of all: rates
    of which one is a slip are no pair that anybody chose."""
    shared, name = settings.get(RATE), str(settings.get(_NAME, "adam"))
    found: dict[str, Any] = {}
    if shared is not None and not _is_usual(shared, name):
        found = {RATE: _DEFAULT, **({_NAME: "adam"} if name.endswith("sgd") else {})}
    players = {rate: settings.get(rate) for rate in (D_RATE, G_RATE)}
    names = {rate: settings.get(rate.replace("learning_rate", "name")) or name for rate in players}
    if any(own is not None and not _is_usual(own, names[rate]) for rate, own in players.items()):
        found |= dict.fromkeys(players)
    return found


def _kept_usual(changes: Settings, settings: Settings) -> dict[str, Any]:
    """The changes, with rates that they take out of the usual ones stopped at the last that is one; those that then change
    nothing are left out."""
    kept = dict(changes)
    for name in (RATE, D_RATE, G_RATE):
        present, wanted = settings.get(name) or settings.get(RATE), changes.get(name)
        optimiser = str(settings.get(name.replace("learning_rate", "name")) or settings.get(_NAME, "adam"))
        if wanted is None or present is None or not _is_usual(present, optimiser):
            continue
        least, most = _usual(optimiser)
        kept[name] = min(max(wanted, least), most)
        if kept[name] == present:
            del kept[name]
    return kept


def _usual(optimiser: str) -> tuple[float, float]:
    return _USUAL_OF_SGD if optimiser.endswith("sgd") else _USUAL


def _is_usual(rate: float, optimiser: str) -> bool:
    least, most = _usual(optimiser)
    return least <= rate <= most


def _changes(rung: Rung, settings: Settings) -> dict[str, Any]:
    """What of a rung changes these settings; nothing where it is not for such runs."""
    found: dict[str, Any] = {}
    for name, wanted in rung.items():
        if name not in settings:
            continue
        present = settings[name]
        if isinstance(wanted, Only):
            if present not in wanted.where:
                if present == wanted.value:
                    continue
                return {}
            wanted = wanted.value
        if isinstance(wanted, AtLeast):
            wanted = max(present, wanted.value)
        if isinstance(wanted, Momentum):
            wanted = [min(present[0], wanted.most), present[1]]
        if isinstance(wanted, Times):
            if present is None and name in _INHERITED and _INHERITED[name] in rung:
                continue  # it follows the rate of all, which this rung changes
            before = settings.get(_INHERITED.get(name, ""), present) if present is None else present
            if not isinstance(before, int | float) or not before:
                continue
            factor = wanted.factor
            wanted = min(max(float(f"{before * factor:.2g}"), wanted.least), wanted.most)
            if (wanted - before) * (factor - 1) <= 0:
                continue
        if json.dumps(wanted) != json.dumps(present):
            found[name] = wanted
    return found
