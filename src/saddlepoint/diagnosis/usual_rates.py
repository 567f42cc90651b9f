"""Which learning rates and momenta are usual, and which are more likely a slip than a choice, for a failure that would follow
from them.

A rate outside of the usual ones counts as a slip only where it is off in the direction that the failure comes from: what runs
away has too high a rate, what stands still too low a one, and of two players either may be ahead. So do two players' rates that
are each usual, but lie far apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Settings = Mapping[str, Any]

RATE = "training.optimiser.learning_rate"
D_RATE, G_RATE = "training.discriminator.learning_rate", "training.generator.learning_rate"
PLAYERS = (D_RATE, G_RATE)
BETAS = ("training.optimiser.betas", "training.discriminator.betas", "training.generator.betas")
MOMENTA = tuple(f"training.{whose}.momentum" for whose in ("optimiser", "discriminator", "generator"))
_NAME = "training.optimiser.name"

# Adam: from a hundredth of its default, 1e-3 (Adam: A Method for Stochastic Optimization, Kingma, Ba, 2015,
# https://arxiv.org/abs/1412.6980), to the 0.01 of this project's own recipes for a line (lab-1 to lab-15). Of plain gradient
# descent there is no default that does for most networks: a slip there is mended by taking Adam.
USUAL, USUAL_OF_SGD = (1e-5, 1e-2), (1e-4, 0.1)
DEFAULT = 1e-3

_RUNS_AWAY = {"GAN103", "GAN104", "GAN105", "GAN106", "NUM301", "NUM302", "NUM303"}
_TOO_HIGH = {
    RATE: {*_RUNS_AWAY, "GAN101", "GAN102", "VAE201", "VAE204"},
    D_RATE: {*_RUNS_AWAY, "GAN101", "GAN102"},
    G_RATE: _RUNS_AWAY,
}
# A generator outruns a discriminator that is too slow, and leaves the data or gives few answers.
_TOO_LOW = {
    RATE: {"NUM304"},
    D_RATE: {"GAN103", "GAN104", "GAN105", "GAN106", "NUM304"},
    G_RATE: {"GAN101", "GAN102", "NUM304"},
}
# Players of one kind of optimiser train at one rate, or a few times apart (four in Self-Attention Generative Adversarial
# Networks, Zhang et al., 2019, https://arxiv.org/abs/1805.08318). More is seldom: 50, the generator's the higher, in GANs
# Trained by a Two Time-Scale Update Rule (Heusel et al., 2017), https://arxiv.org/abs/1706.08500; so only beside a failure.
APART = 10.0
_D_AHEAD, _G_AHEAD = {"GAN101", "GAN102", "GAN103"}, {"GAN103", "GAN104", "GAN105", "GAN106"}


# Adam's default is 0.9, and games take less (0.5 in Unsupervised Representation Learning with Deep Convolutional Generative
# Adversarial Networks, Radford, Metz, Chintala, 2015, https://arxiv.org/abs/1511.06434).
MOST_MOMENTUM, OF_GAMES, OF_OTHERS = 0.95, 0.5, 0.9
_OF_MOMENTUM = {*_RUNS_AWAY, "GAN101", "GAN102", "VAE201", "VAE204"}


def usual_rates(code: str, settings: Settings) -> dict[str, Any]:
    """What brings back learning rates and momenta that lie outside of all usual ones, where the failure `code` would follow
    from them.

    Both players then follow the optimiser of all: rates of which one is a slip are no pair that anybody chose.
    """
    shared, name = settings.get(RATE), str(settings.get(_NAME, "adam"))
    found: dict[str, Any] = {}
    if shared is not None and _is_slip(RATE, shared, name, code):
        found = {RATE: DEFAULT, **({_NAME: "adam"} if name.endswith("sgd") else {})}
    own = {rate: value for rate in PLAYERS if (value := settings.get(rate)) is not None}
    slips = (_is_slip(rate, value, optimiser_of(rate, {**settings, **found}), code) for rate, value in own.items())
    if any(slips):
        for rate in PLAYERS:
            found |= {rate: None, _name_of(rate): None}
    return (found or _drawn_together(code, settings)) | _less_momentum(code, settings)


def kept_usual(changes: Settings, settings: Settings) -> dict[str, Any]:
    """The changes, with rates that they take out of the usual ones stopped at the last that is one; those that then change
    nothing are left out."""
    kept = dict(changes)
    for rate in (RATE, *PLAYERS):
        present, wanted = settings.get(rate) or settings.get(RATE), changes.get(rate)
        least, most = _usual(optimiser_of(rate, {**settings, **changes}))
        if wanted is None or present is None or not least <= present <= most:
            continue
        kept[rate] = min(max(wanted, least), most)
        if kept[rate] == present:
            del kept[rate]
    return kept


def optimiser_of(setting: str, settings: Settings) -> str:
    """The name of the optimiser that a setting of it belongs to: the player's own, or that of all."""
    return str(settings.get(_name_of(setting)) or settings.get(_NAME) or "adam")


def _name_of(setting: str) -> str:
    return f"{setting.rpartition('.')[0]}.name"


def _is_slip(rate: str, value: float, optimiser: str, code: str) -> bool:
    least, most = _usual(optimiser)
    return (value > most and code in _TOO_HIGH[rate]) or (value < least and code in _TOO_LOW[rate])


def why_usual(changes: Settings, settings: Settings) -> str:
    """In a sentence, what is wrong with the settings that `usual_rates` brings back; empty where it brings back none."""
    words = []
    for rate in (RATE, *PLAYERS):
        value = settings.get(rate)
        least, most = _usual(optimiser_of(rate, settings))
        if rate in changes and value is not None and not least <= value <= most:
            words.append(f"{rate} is {value:g}, and hardly anybody uses one outside of {least:g} to {most:g}")
    if not words and any(rate in changes for rate in PLAYERS):
        d, g = (settings.get(rate) or settings.get(RATE) for rate in PLAYERS)
        if d and g:
            words.append(f"the players' learning rates lie {max(d, g) / min(d, g):,.0f} times apart")
    for name in (*BETAS, *MOMENTA):
        if name in changes:
            first = settings[name][0] if name in BETAS else settings[name]
            words.append(f"{name} is {first:g}, where hardly anybody takes more than {MOST_MOMENTUM:g}")
    return "; ".join(words)


def _less_momentum(code: str, settings: Settings) -> dict[str, Any]:
    if code not in _OF_MOMENTUM:
        return {}
    wanted = OF_GAMES if settings.get("model.family") == "gan" else OF_OTHERS
    pairs = {name: pair for name in BETAS if (pair := settings.get(name)) and pair[0] > MOST_MOMENTUM}
    plain = [name for name in MOMENTA if (settings.get(name) or 0.0) > MOST_MOMENTUM]
    return {name: [wanted, pair[1]] for name, pair in pairs.items()} | dict.fromkeys(plain, wanted)


def _drawn_together(code: str, settings: Settings) -> dict[str, Any]:
    """Both players at the rate of all where that lies between theirs; else who is ahead at the other's."""
    d, g = (settings.get(rate) or settings.get(RATE) for rate in PLAYERS)
    kinds = {optimiser_of(rate, settings).endswith("sgd") for rate in PLAYERS}
    if not d or not g or len(kinds) > 1:
        return {}
    if not ((d > APART * g and code in _D_AHEAD) or (g > APART * d and code in _G_AHEAD)):
        return {}
    if min(d, g) <= settings.get(RATE, 0.0) <= max(d, g):
        return dict.fromkeys(PLAYERS)
    return {D_RATE if d > g else G_RATE: min(d, g)}


def _usual(optimiser: str) -> tuple[float, float]:
    return USUAL_OF_SGD if optimiser.endswith("sgd") else USUAL
