"""Usual learning rates and momenta, and the failures that unusual ones explain.

A rate outside of the usual range counts only if it is off in the direction that explains the failure. Training diverges if
the rate is too high, and weights do not move if it is too low; in a game, either player may be too fast. The same applies
to two usual rates that are far apart.
"""

from __future__ import annotations

from typing import Any

from saddlepoint.diagnosis.optimiser_settings import (
    RATE,
    SHARED,
    Settings,
    all_settings,
    optimiser_of,
    own_name,
    own_settings,
    roles_in,
    sibling,
    value_in_force,
)

# Adam: from a hundredth of its default, 1e-3 (Adam: A Method for Stochastic Optimization, Kingma, Ba, 2015,
# https://arxiv.org/abs/1412.6980), to the 0.01 of this project's own recipes for a line (lab-1 to lab-15). Plain gradient
# descent has no default that works for most networks: an unusual rate there is corrected by switching to Adam.
USUAL, USUAL_OF_SGD = (1e-5, 1e-2), (1e-4, 0.1)
DEFAULT = 1e-3

_RUNS_AWAY = {"GAN103", "GAN104", "GAN105", "GAN106", "NUM301", "NUM302", "NUM303"}
_D_RATE, _G_RATE = (own_name(role, "learning_rate") for role in ("discriminator", "generator"))
# By rate; of a player that is not listed, the codes are those of the shared rate.
_TOO_HIGH = {
    RATE: {*_RUNS_AWAY, "GAN101", "GAN102", "VAE201", "VAE204"},
    _D_RATE: {*_RUNS_AWAY, "GAN101", "GAN102"},
    _G_RATE: _RUNS_AWAY,
}
# A generator that outruns a slow discriminator leaves the data or collapses.
_TOO_LOW = {
    RATE: {"NUM304"},
    _D_RATE: {"GAN103", "GAN104", "GAN105", "GAN106", "NUM304"},
    _G_RATE: {"GAN101", "GAN102", "NUM304"},
}
# Players with the same kind of optimiser train at one rate, or a few times apart (four in Self-Attention Generative
# Adversarial Networks, Zhang et al., 2019, https://arxiv.org/abs/1805.08318). More is rare: 50, with a faster generator,
# in GANs Trained by a Two Time-Scale Update Rule (Heusel et al., 2017), https://arxiv.org/abs/1706.08500. It counts only
# beside a failure.
APART = 10.0
_D_AHEAD, _G_AHEAD = {"GAN101", "GAN102", "GAN103"}, {"GAN103", "GAN104", "GAN105", "GAN106"}

# Adam's default is 0.9. Games use less: 0.5 in Unsupervised Representation Learning with Deep Convolutional Generative
# Adversarial Networks (Radford, Metz, Chintala, 2015), https://arxiv.org/abs/1511.06434
MOST_MOMENTUM, OF_GAMES, OF_OTHERS = 0.95, 0.5, 0.9
_OF_MOMENTUM = {*_RUNS_AWAY, "GAN101", "GAN102", "VAE201", "VAE204"}


def usual_range(optimiser: str) -> tuple[float, float]:
    """Return the smallest and the largest usual learning rate of an optimiser, by its name."""
    return USUAL_OF_SGD if optimiser.endswith("sgd") else USUAL


def restore_usual_rates(code: str, settings: Settings) -> dict[str, Any]:
    """Return the changes that replace unusual learning rates and momenta that explain a failure.

    Where a player's own rate is unusual, all players then follow the shared rate: nobody chose such rates on purpose.

    Args:
        code: of the failure.
        settings: the recipe's settings by dotted name.

    Returns:
        New values by dotted name; empty if all are usual.
    """
    shared, name = settings.get(RATE), optimiser_of(RATE, settings)
    found: dict[str, Any] = {}
    if shared is not None and _explains(RATE, shared, name, code):
        found = {RATE: DEFAULT, **({f"{SHARED}.name": "adam"} if name.endswith("sgd") else {})}
    own_rates = own_settings("learning_rate", settings)
    own = {rate: value for rate in own_rates if (value := settings.get(rate)) is not None}
    if any(_explains(rate, value, optimiser_of(rate, {**settings, **found}), code) for rate, value in own.items()):
        for rate in own_rates:
            found |= {rate: None, sibling(rate, "name"): None}
    return (found or _bring_together(code, settings)) | _lower_momentum(code, settings)


def keep_usual(changes: Settings, settings: Settings) -> dict[str, Any]:
    """Return the changes without those that would make a usual learning rate unusual.

    Such a rate is limited to the usual range; if it is at the limit already, the change is left out.

    Args:
        changes: new values by dotted name.
        settings: the present settings.
    """
    kept = dict(changes)
    for rate in all_settings("learning_rate", settings):
        present, wanted = settings.get(rate) or settings.get(RATE), changes.get(rate)
        least, most = usual_range(optimiser_of(rate, {**settings, **changes}))
        if wanted is None or present is None or not least <= present <= most:
            continue
        kept[rate] = min(max(wanted, least), most)
        if kept[rate] == present:
            del kept[rate]
    return kept


def describe_unusual_rates(changes: Settings, settings: Settings) -> str:
    """Describe what is wrong with the settings that `restore_usual_rates` replaces, as a clause.

    Args:
        changes: what `restore_usual_rates` returned.
        settings: the present settings.

    Returns:
        "training.optimiser.learning_rate is 10, outside of the usual range 1e-05 to 0.01"; empty if nothing is unusual.
    """
    words = []
    for rate in all_settings("learning_rate", settings):
        value = settings.get(rate)
        least, most = usual_range(optimiser_of(rate, settings))
        if rate in changes and value is not None and not least <= value <= most:
            words.append(f"{rate} is {value:g}, outside of the usual range {least:g} to {most:g}")
    own_rates = own_settings("learning_rate", settings)
    if not words and any(rate in changes for rate in own_rates):
        values = [value_in_force(rate, settings) for rate in own_rates]
        if all(values):
            words.append(f"the learning rates of the players differ by a factor of {max(values) / min(values):,.0f}")
    betas = all_settings("betas", settings)
    for name in (*betas, *all_settings("momentum", settings)):
        if name in changes:
            first = settings[name][0] if name in betas else settings[name]
            words.append(f"{name} is {first:g}, and values above {MOST_MOMENTUM:g} are rare")
    return "; ".join(words)


def _explains(rate: str, value: float, optimiser: str, code: str) -> bool:
    """Whether a rate is unusual in the direction that explains the failure `code`."""
    least, most = usual_range(optimiser)
    too_high, too_low = (codes.get(rate, codes[RATE]) for codes in (_TOO_HIGH, _TOO_LOW))
    return (value > most and code in too_high) or (value < least and code in too_low)


def _lower_momentum(code: str, settings: Settings) -> dict[str, Any]:
    if code not in _OF_MOMENTUM:
        return {}
    wanted = OF_GAMES if roles_in(settings) else OF_OTHERS
    pairs = {
        name: pair
        for name in all_settings("betas", settings)
        if (pair := settings.get(name)) and pair[0] > MOST_MOMENTUM
    }
    plain = [name for name in all_settings("momentum", settings) if (settings.get(name) or 0.0) > MOST_MOMENTUM]
    return {name: [wanted, pair[1]] for name, pair in pairs.items()} | dict.fromkeys(plain, wanted)


def _bring_together(code: str, settings: Settings) -> dict[str, Any]:
    """Give both players the shared rate if it lies between theirs; otherwise give the faster one the slower one's rate."""
    d, g = (value_in_force(rate, settings) for rate in (_D_RATE, _G_RATE))
    kinds = {optimiser_of(rate, settings).endswith("sgd") for rate in (_D_RATE, _G_RATE)}
    if not d or not g or len(kinds) > 1:
        return {}
    if not ((d > APART * g and code in _D_AHEAD) or (g > APART * d and code in _G_AHEAD)):
        return {}
    if min(d, g) <= settings.get(RATE, 0.0) <= max(d, g):
        return dict.fromkeys((_D_RATE, _G_RATE))
    return {_D_RATE if d > g else _G_RATE: min(d, g)}
