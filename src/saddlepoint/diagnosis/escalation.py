"""What to try against a finding, and what next where that did not help: for every code a ladder of remedies.

A rung is data, as a finding's own remedy is: settings by dotted name. `Times` says to multiply the present value instead of
setting one; `AtLeast` to leave what is more, `Momentum` what is less, `Where` what is otherwise; `Only` that a rung is for runs
that are set so. The order is from the gentlest to the strongest, as far as published comparisons tell.

Before all rungs comes a look at the learning rates (`saddlepoint.diagnosis.usual_rates`): other remedies would work around one that
is a slip.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from saddlepoint.diagnosis.usual_rates import (
    BETAS,
    D_RATE,
    G_RATE,
    PLAYERS,
    RATE,
    USUAL_OF_SGD,
    kept_usual,
    optimiser_of,
    usual_rates,
    why_usual,
)
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
class Where:
    """`value`, where the setting is one of `where`."""

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

CLIP = "training.optimiser.clip_norm"
# A player that names no rate of its own has that of all.
_INHERITED = dict.fromkeys(PLAYERS, RATE)
_STEEP: Rung = {"model.objective": Only(("minimax",), "non-saturating")}
_WEAKER: Rung = {D_RATE: Times(0.25)}
_BLURRED: Rung = {"model.instance_noise": 0.1}
# The critic's slope at real examples: Which Training Methods for GANs do actually Converge? (Mescheder et al., 2018).
_SMOOTH: Rung = {"model.r1": AtLeast(1.0)}
# A relativistic loss with both penalties: The GAN is dead; long live the GAN! (Huang et al., 2024).
_PAIRED: Rung = {
    "model.objective": Only(("minimax", "non-saturating"), "relativistic"),
    "model.r1": AtLeast(1.0),
    "model.r2": AtLeast(1.0),
    **dict.fromkeys(BETAS, Momentum(0.0)),
}
# PacGAN: The power of two samples in generative adversarial networks (Lin et al., 2018).
_PACKED: Rung = {"model.packing": 2}
_CALM: Rung = dict.fromkeys(BETAS, Momentum(0.0))
_SLOWER: Rung = {RATE: Times(0.25), D_RATE: Times(0.25), G_RATE: Times(0.25)}
_MUCH_SLOWER: Rung = {RATE: Times(0.1, most=1e-2), D_RATE: Times(0.1, most=1e-2), G_RATE: Times(0.1, most=1e-2)}
_CLIPPED: Rung = {CLIP: 1.0}

LADDERS: dict[str, tuple[Rung, ...]] = {
    "GAN101": ({"model.discriminator_steps": 1}, _STEEP, _WEAKER, _SMOOTH, _PAIRED, _BLURRED),
    "GAN102": (_STEEP, _WEAKER, _SMOOTH, _PAIRED, _BLURRED),
    "GAN103": (_STEEP, _PACKED, _PAIRED, _CALM, _SLOWER),
    "GAN104": (
        {"model.label_flipping": 0.0, "model.instance_noise": 0.0},
        {**_SMOOTH, **dict.fromkeys(BETAS, Momentum(0.5))},
        {D_RATE: Times(4.0, most=USUAL_OF_SGD[1])},
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
    "NUM301": (
        _MUCH_SLOWER,
        {**_MUCH_SLOWER, **_CLIPPED, "training.precision": "fp32"},
        {rate: Times(0.01, most=1e-3) for rate in (RATE, D_RATE, G_RATE)},
    ),
    "NUM302": (_CLIPPED, _SLOWER, _MUCH_SLOWER),
    "NUM303": (
        {
            f"model.{network}.activation": Where(("relu", "tanh", "sigmoid"), "leaky_relu")
            for network in ("generator", "discriminator", "encoder", "decoder")
        },
        _SLOWER,
    ),
    "NUM304": (
        {"training.optimiser.schedule": "constant"},
        {name: Times(10.0, most=USUAL_OF_SGD[1]) for name in (RATE, D_RATE, G_RATE)},
    ),
}
# What goes with every remedy against a code. What circles has its middle near the solution: The Unusual Effectiveness of
# Averaging in GAN Training (Yazici et al., 2019), https://arxiv.org/abs/1806.04498; and momentum carries each player on when
# the other has turned: Negative Momentum for Improved Game Dynamics (Gidel et al., 2019), https://arxiv.org/abs/1807.04740
_BESIDE: dict[str, Rung] = {"GAN105": {"training.ema": AtLeast(0.99), **dict.fromkeys(BETAS, Momentum(0.5))}}


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
        ladder = dict(enumerate(LADDERS.get(finding.code, ()), 1))
        rungs = {SLIP: usual_rates(finding.code, settings), **rungs, **ladder}
    for number, rung in rungs.items():
        changes = _changes(rung, settings)
        if number != SLIP:  # rules and rungs multiply a rate without regard to where that leads
            changes = kept_usual(changes, settings)
        if number not in tried and changes:
            return number, _changes(_BESIDE.get(finding.code, {}), settings) | changes
    return None


def advised(finding: Finding, settings: Settings) -> Finding:
    """The finding with what to tell a person who asks what to change: a slip of the rates, in words too, before the rule's own
    remedy."""
    found = next_remedy(finding, settings, range(1, len(LADDERS.get(finding.code, ())) + 1))
    if found is None:
        return replace(finding, remedy=None)
    number, changes = found
    why = why_usual(changes, settings) if number == SLIP else ""
    return replace(finding, remedy=changes, advice=f"First of all, {why}. {finding.advice}" if why else finding.advice)


def _shared(name: str) -> str:
    """The setting of all players that one of a player stands for; of others the name itself."""
    section, _, key = name.rpartition(".")
    return f"training.optimiser.{key}" if section in ("training.discriminator", "training.generator") else name


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
        if isinstance(wanted, Where):
            wanted = wanted.value if present in wanted.where else present
        if isinstance(wanted, AtLeast):
            wanted = max(present, wanted.value)
        if isinstance(wanted, Momentum):
            if present is None or optimiser_of(name, settings).endswith("sgd"):
                continue
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
        # A player that has no value of its own has that of all: what is in force already is no remedy.
        in_force = settings.get(_shared(name)) if present is None else present
        if json.dumps(wanted) not in (json.dumps(present), json.dumps(in_force)):
            found[name] = wanted
    return found
