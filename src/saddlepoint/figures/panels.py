"""Which series belong in one panel: one plan for the still curves and for the interactive ones.

Series are named `player/quantity`. Losses stand by player, scores and gradient norms of all players together, every
quality in its own panel, and anything unforeseen by its quantity: no series is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Scale = Literal["linear", "log", "symlog"]
Series = Mapping[str, tuple[ArrayLike, ArrayLike]]

PLAYERS = {
    "d": "discriminator",
    "g": "generator",
    "vae": "VAE",
    "ae": "autoencoder",
    "data": "data",
    "time": "time",
    "quality": "quality",
}
LOSS_WORDS = ("loss", "kl", "reconstruction", "penalty", "sparsity", "likelihood")
# What findings are read from: quantities that belong together, whoever's they are.
TOGETHER = {
    "outputs of the discriminator": ("real_logit", "fake_logit", "held_out_logit"),
    "spread of the discriminator's outputs": ("real_logit_spread", "fake_logit_spread"),
    "advantage of the discriminator by rank": ("advantage", "overfitting"),
    "samples among the data": ("diversity", "coverage", "turnover", "modes", "high_quality", "reach"),
    "copies of training examples": ("copies", "copied", "nearest_ratio"),
    "KL of the latent units": ("kl_low", "kl_high", "head_kl"),
    "range of the heads": ("mean_low", "mean_high", "log_variance_low", "log_variance_high"),
    "head outputs on one number": ("mean_ties", "log_variance_ties"),
    "precision and recall, over those of real examples": ("precision", "recall"),
    "standard errors": ("energy_distance_error", "held_out_bound_error", "copies_error"),
}
_TOGETHER = {quantity: title for title, quantities in TOGETHER.items() for quantity in quantities}
LOSS_UNITS = {"vae": "loss (nats an example)", "d": "loss (nats an example)", "g": "loss (nats an example)"}


@dataclass(frozen=True)
class Panel:
    """One small plot: its title, the y axis with units, its scale and fixed limits, and the series in it."""

    title: str
    y: str
    names: tuple[str, ...]
    scale: Scale = "linear"
    limits: tuple[float, float] | None = None


def panels(names: Iterable[str]) -> list[Panel]:
    """The panels for these series: losses by player, scores, gradient norms, qualities, the rest, speed."""
    groups: dict[tuple[int, str], list[str]] = {}
    for name in names:
        groups.setdefault(_group(name), []).append(name)
    return [_panel(order, key, tuple(members)) for (order, key), members in sorted(groups.items())]


def words(name: str) -> str:
    """`d/real_score` -> "discriminator: real score"."""
    player, _, quantity = name.partition("/")
    spoken = quantity.replace("_", " ").replace("/", " ")
    return f"{PLAYERS.get(player, player)}: {spoken}" if quantity else player


def short_name(name: str, panel: Panel) -> str:
    """The series' name without what the panel's title already says."""
    spoken = words(name)
    player, _, quantity = spoken.partition(": ")
    if not panel.title.lower().startswith(player.lower()):
        return spoken
    return quantity


def scale_for(panel: Panel, values: Sequence[NDArray[np.float64]]) -> Scale:
    """The panel's own scale; a linear one gives way to symlog where a few values dwarf the others.

    That is a divergence, or a quality of which the untrained model's value would flatten all that training brought.
    """
    if panel.scale != "linear" or panel.limits is not None:
        return panel.scale
    everything = np.abs(np.concatenate([v[np.isfinite(v)] for v in values] or [np.zeros(0)]))
    everything = everything[everything > 0]
    if len(everything) == 0:
        return "linear"
    share, factor = (0.5, 30.0) if panel.names[0].startswith("quality/") else (0.75, 1e3)
    return "symlog" if everything.max() > factor * np.quantile(everything, share) else "linear"


def linear_part(values: Sequence[NDArray[np.float64]]) -> float:
    """Half the width of the linear middle of a symlog axis: the lower quartile of the sizes."""
    sizes = np.abs(np.concatenate([v[np.isfinite(v)] for v in values]))
    return float(np.quantile(sizes[sizes > 0], 0.25))


def symlog(values: NDArray[np.float64], threshold: float) -> NDArray[np.float64]:
    """Where a symlog axis puts `values`: linear up to +-`threshold` (at +-1), then 1 further a decade. NaN stays."""
    sizes = np.abs(values) / threshold
    return np.sign(values) * np.where(sizes <= 1, sizes, 1 + np.log10(np.maximum(sizes, 1)))


def symlog_ticks(values: NDArray[np.float64], threshold: float) -> list[float]:
    """0 and the powers of ten beyond the threshold that `values` span, at most about six on either side."""
    finite = values[np.isfinite(values)]
    ticks = [0.0]
    for sign in (-1, 1):
        largest = float((sign * finite).max(initial=0.0))
        first = int(np.ceil(np.log10(threshold)))
        last = int(np.floor(np.log10(largest))) if largest > threshold else first - 1
        ticks += [sign * 10.0**power for power in range(first, last + 1, max(last - first, 0) // 6 + 1)]
    return sorted(ticks)


def smoothed(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Centred running mean over `window` entries, of the finite ones only; NaN where there is none. (N,) -> (N,)."""
    finite = np.isfinite(values)
    kernel = np.ones(window)
    # Scaled to at most 1 first, so that the sum of huge values cannot overflow.
    largest = float(np.abs(values[finite]).max()) if finite.any() else 0.0
    largest = largest or 1.0
    sums = np.convolve(np.where(finite, values, 0.0) / largest, kernel, mode="full")
    counts = np.convolve(finite.astype(np.float64), kernel, mode="full")
    start = (window - 1) // 2
    sums, counts = sums[start : start + len(values)], counts[start : start + len(values)]
    means: NDArray[np.float64] = np.divide(sums, counts, out=np.full(len(values), np.nan), where=counts > 0.5)
    return means * largest


def smoothing_window(n: int) -> int:
    """Entries to average over for a series of `n`: 1 (none) below 30, else a twenty-fifth of them, odd."""
    return 1 if n < 30 else max(3, n // 25 | 1)


def _group(name: str) -> tuple[int, str]:
    player, _, quantity = name.partition("/")
    if player == "time":
        return (9, "time" if quantity == "steps_per_second" else name)
    if quantity in _TOGETHER:
        return (5, _TOGETHER[quantity])
    if player == "quality":
        return (4, name)
    if quantity == "reconstruction_distance":
        return (4, "quality/energy_distance")
    if quantity.endswith("grad_norm"):
        return (3, "grad_norm")
    if quantity.endswith("_score"):
        return (2, "score")
    if "bound" in quantity:
        # The one objective that is better when higher: among losses it would read as one of them.
        return (1, "~bound")
    if any(word in quantity for word in LOSS_WORDS):
        return (1, player)
    return (5, quantity or player)


def _panel(order: int, key: str, names: tuple[str, ...]) -> Panel:
    if key == "~bound":
        return Panel("Lower bound of the log-likelihood", "nats an example", names)
    if order == 1:
        title = PLAYERS.get(key, key)
        return Panel(f"{title[:1].upper()}{title[1:]}: loss", LOSS_UNITS.get(key, "loss"), names)
    if order == 2:
        return Panel("Scores: how real the discriminator holds examples", "score, 0 to 1", names, limits=(0.0, 1.0))
    if order == 3:
        return Panel("Gradient norms", "norm", names, scale="log")
    if order == 9:
        unit = "steps/s" if key == "time" else words(key)
        return Panel("Speed" if key == "time" else words(key), unit, names)
    spoken = words(key) if order == 4 else key.replace("_", " ").replace("/", " ")
    return Panel(f"{spoken[:1].upper()}{spoken[1:]}", spoken.rpartition(": ")[2], names)
