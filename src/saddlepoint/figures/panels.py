"""Panels of training curves: which series share a panel, and the order of panels, for static and interactive figures.

Series are named `player/quantity`. Each known quantity has a row in PANELS; an unknown one gets its own panel, so that
no series is left out. A standard error is drawn as a band around its series.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlepoint.figures.scales import Scale, choose_scale

Series = Mapping[str, tuple[ArrayLike, ArrayLike]]

PLAYERS = {
    "d": "discriminator",
    "g": "generator",
    "e": "encoder",
    "vae": "VAE",
    "ae": "autoencoder",
    "vq": "VQ-VAE",
    "prior": "prior of codes",
    "flow": "normalising flow",
    "em": "model",
    "ar": "autoregressive model",
    "dm": "diffusion model",
    "dyn": "model of dynamics",
    "critic": "critic",
    "data": "data",
    "time": "time",
    "quality": "quality",
}
QUALITY, LOSSES = "Quality", "Losses"
SAMPLES, DISCRIMINATOR, CODES = "Samples among the data", "Discriminator", "Latent codes"
LEARNING, OTHER, SPEED = "Gradients and units", "Other measurements", "Speed"
# In the order in which they are shown; the first two answer most questions.
SECTIONS = (QUALITY, LOSSES, SAMPLES, DISCRIMINATOR, CODES, LEARNING, OTHER, SPEED)
FIRST = (QUALITY, LOSSES)
LOSS_WORDS = ("loss", "kl", "reconstruction", "penalty", "sparsity", "likelihood")
NATS = "nats an example"
MEASURED_BY = "principal components"  # the features of the quality series during training
ERROR = "_error"  # ending of a series that is the standard error of the one it names
STANDARD_ERRORS = 2.0  # on each side, of a band
BAND = f"± {STANDARD_ERRORS:g} standard errors"


@dataclass(frozen=True)
class Panel:
    """One small plot.

    Attributes:
        title: of the plot.
        y: name of the y axis, with units.
        names: of its series.
        scale: of the y axis.
        limits: of the y axis; None for automatic ones.
        section: the heading above it.
        bands: {line: the series that is its standard error}.
    """

    title: str
    y: str
    names: tuple[str, ...]
    scale: Scale = "linear"
    limits: tuple[float, float] | None = None
    section: str = OTHER
    bands: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Kind:
    """A panel before its quantities are matched with a run's series."""

    section: str
    title: str
    y: str
    quantities: tuple[str, ...]
    scale: Scale = "linear"
    limits: tuple[float, float] | None = None


# Quantities of single families.
PANELS_BY_FAMILY = (
    _Kind(
        QUALITY,
        "Divergence of samples from the data, in the first and the last quarter",
        "nats, 0: alike",
        ("early_divergence", "late_divergence"),
    ),
    _Kind(OTHER, "Standard error of the difference of both divergences", "nats", ("drift_error",)),
    _Kind(LOSSES, "Log-likelihood", NATS, ("log_likelihood",)),
    _Kind(LOSSES, "Accuracy of the most probable class", "share, held out", ("held_out_accuracy",), limits=(0.0, 1.0)),
    _Kind(CODES, "Codes in use (perplexity)", "codes", ("perplexity", "held_out_perplexity")),
    _Kind(CODES, "Codes that a batch uses", "share of the codebook", ("used_share",), limits=(0.0, 1.0)),
    _Kind(CODES, "Distance of vectors to their codes", "squared distance", ("commitment",)),
    _Kind(OTHER, "Change by a step of EM", NATS, ("gain", "largest_fall")),
    _Kind(OTHER, "Steps of EM that lowered the likelihood", "steps", ("falls",)),
    _Kind(OTHER, "Components of the mixture", "components", ("components_in_use", "degenerate_components")),
    _Kind(OTHER, "Smallest component of the mixture", "expected examples", ("smallest_component",)),
    _Kind(OTHER, "Rarest hidden state", "expected visits", ("smallest_state",)),
    _Kind(OTHER, "Hidden states that are not visited", "states", ("unvisited_states",)),
    _Kind(OTHER, "Bandwidth of the kernels", "model's units", ("bandwidth",)),
    _Kind(OTHER, "Noise around the principal components", "standard deviation, model's units", ("noise_std",)),
    _Kind(OTHER, "Contexts of the Markov chain that were seen", "share", ("contexts_seen",), limits=(0.0, 1.0)),
    _Kind(OTHER, "Log determinant of the flow", NATS, ("log_det",)),
    _Kind(OTHER, "Error of the inverse", "largest change, model's units", ("inverse_error",), "log"),
    _Kind(OTHER, "Error of the sampler's steps", "distance, model's units", ("sampler_error",), "log"),
    _Kind(
        OTHER,
        "Log densities of single examples, model's units",
        "nats a number",
        ("highest_density", "lowest_density"),
    ),
    _Kind(OTHER, "Highest log density, data's units", "nats a number", ("highest_density_per_unit",)),
    _Kind(OTHER, "Farthest below a normal distribution", "nats a number", ("below_normal",)),
    _Kind(OTHER, "Numbers of an example that have a density", "numbers", ("density_numbers",)),
)

# Quantities that belong together, of any player; in this order within a section.
PANELS = (
    _Kind(
        QUALITY,
        f"Distance of samples to held-out examples, by {MEASURED_BY}",
        "energy distance, 0: alike",
        ("energy_distance", "reconstruction_distance"),
    ),
    _Kind(
        QUALITY,
        f"Precision and recall of samples, by {MEASURED_BY}",
        "relative to real examples (1)",
        ("precision", "recall"),
    ),
    _Kind(
        SAMPLES,
        "Spread and coverage of samples",
        "1: like the data",
        ("diversity", "coverage", "coverage_widened", "modes", "high_quality", "reach"),
    ),
    _Kind(SAMPLES, "Samples that moved since the last probe", "share of samples", ("turnover",)),
    _Kind(SAMPLES, "Copies of training examples", "share, 0: none", ("copies", "copied")),
    _Kind(
        SAMPLES,
        "Nearest training example against nearest held-out one",
        "ratio, 1: no copies",
        ("nearest_ratio",),
        "log",
    ),
    _Kind(
        DISCRIMINATOR,
        "Probability of being real that the discriminator gives",
        "probability, 0 to 1",
        ("real_score", "fake_score", "train_score", "held_out_score"),
        limits=(0.0, 1.0),
    ),
    _Kind(DISCRIMINATOR, "Outputs of the discriminator", "mean output", ("real_logit", "fake_logit", "held_out_logit")),
    _Kind(
        DISCRIMINATOR,
        "Spread of the discriminator's outputs",
        "standard deviation",
        ("real_logit_spread", "fake_logit_spread"),
    ),
    _Kind(
        DISCRIMINATOR,
        "How well the discriminator tells examples apart",
        "2 AUC - 1; 0: not at all",
        ("advantage", "overfitting"),
    ),
    _Kind(CODES, "KL of single latent units", NATS, ("kl_low", "kl_high", "head_kl")),
    _Kind(CODES, "Active latent units", "units", ("active_units",)),
    _Kind(CODES, "Active latent units", "share of all units", ("active_share",), limits=(0.0, 1.0)),
    _Kind(CODES, "Spread of codes", "mean square, 1: as the prior", ("code_spread", "squared_code")),
    _Kind(
        CODES,
        "Range of the heads' outputs",
        "smallest and largest output",
        ("mean_low", "mean_high", "log_variance_low", "log_variance_high"),
    ),
    _Kind(CODES, "Outputs of the heads on one number", "share of outputs", ("mean_ties", "log_variance_ties")),
    _Kind(LEARNING, "Gradient norms", "norm, before clipping", ("grad_norm",), "log"),
    _Kind(LEARNING, "Length of a step", "share of the weights' length", ("update_ratio",), "log"),
    _Kind(LEARNING, "Learning rate", "learning rate", ("learning_rate",)),
    _Kind(LEARNING, "Dead hidden units", "share of units", ("dead_units",)),
    _Kind(LEARNING, "Reinitialised hidden units", "units", ("recycled_units",)),
    _Kind(LEARNING, "Gradient of the generator's loss by its samples", "mean norm", ("sample_gradient",)),
    *PANELS_BY_FAMILY,
)
_KIND_OF = {quantity: kind for kind in PANELS for quantity in kind.quantities}


def panels(names: Iterable[str]) -> list[Panel]:
    """The panels for these series, in the order of SECTIONS."""
    given = list(names)
    bands = {name.removesuffix(ERROR): name for name in given if name.endswith(ERROR)}
    bands = {line: error for line, error in bands.items() if line in given}
    groups: dict[tuple[int, int, str], list[str]] = {}
    plans: dict[tuple[int, int, str], _Kind] = {}
    for name in given:
        if name in bands.values():
            continue
        kind = _kind(name)
        order = PANELS.index(kind) if kind in PANELS else len(PANELS)
        # Of two series of one quantity, units and shares alike, the y axis says which.
        key = (SECTIONS.index(kind.section), order, f"{kind.title} {kind.y}")
        groups.setdefault(key, []).append(name)
        plans[key] = kind
    return [
        Panel(
            plans[key].title,
            plans[key].y,
            tuple(members),
            plans[key].scale,
            plans[key].limits,
            plans[key].section,
            {name: bands[name] for name in members if name in bands},
        )
        for key, members in sorted(groups.items())
    ]


def series_label(name: str) -> str:
    """The name of a series in words: `d/real_score` -> "discriminator: real score"."""
    player, _, quantity = name.partition("/")
    name_in_words = (
        quantity.replace("_", " ").replace("/", " ").replace("held out", "held-out").replace(" grad ", " gradient ")
    )
    return f"{PLAYERS.get(player, player)}: {name_in_words}" if quantity else player


def short_label(name: str, panel: Panel) -> str:
    """The name of a series without the part that the panel's title, or all its other names, contain."""
    name_in_words = series_label(name)
    player, _, quantity = name_in_words.partition(": ")
    if len(panel.names) == 1:
        return quantity or name_in_words
    alike = len({series_label(other).partition(": ")[0] for other in panel.names}) == 1
    quantities = {series_label(other).partition(": ")[2] for other in panel.names}
    if len(quantities) == 1 and not alike:
        return player
    return quantity if quantity and (alike or panel.title.lower().startswith(player.lower())) else name_in_words


def panel_scale(panel: Panel, values: Sequence[NDArray[np.float64]]) -> Scale:
    """The scale of a panel; a linear one without fixed limits is replaced by one that suits the values."""
    if panel.scale != "linear" or panel.limits is not None:
        return panel.scale
    return choose_scale(values, of_quality=panel.names[0].startswith("quality/"))


def error_band(
    panel: Panel, name: str, series: Series, *, positive: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]] | None:
    """The band of standard errors around a line.

    Args:
        panel: with the line.
        name: of the line.
        series: {name: (steps (N,), values (N,))}.
        positive: for a log axis: the band then ends at half of the line's lowest value.

    Returns:
        (steps, low, high); None without a band.
    """
    error = panel.bands.get(name)
    if error is None or error not in series:
        return None
    steps, values = (np.asarray(part, dtype=np.float64) for part in series[name])
    at, sizes = (np.asarray(part, dtype=np.float64) for part in series[error])
    shared, first, second = np.intersect1d(steps, at, return_indices=True)
    half = STANDARD_ERRORS * sizes[second]
    known = np.isfinite(half) & np.isfinite(values[first])
    if not known.any():
        return None
    low, high = (values[first] - half)[known], (values[first] + half)[known]
    if positive:
        above = values[first][known]
        low = np.maximum(low, 0.5 * float(above[above > 0].min(initial=np.inf)))
        low, high = (np.where(above > 0, edge, np.nan) for edge in (low, high))
    return shared[known], low, high


def _kind(name: str) -> _Kind:
    player, _, quantity = name.partition("/")
    if name == "time/steps_per_second":
        return _Kind(SPEED, "Speed of training", "steps a second", ())
    if player == "time":
        return _Kind(SPEED, _sentence(series_label(name)), series_label(name), ())
    if quantity in _KIND_OF:
        return _KIND_OF[quantity]
    if player == "quality":
        return _Kind(QUALITY, _sentence(series_label(name)), series_label(name).partition(": ")[2], ())
    if quantity.endswith("grad_norm"):
        return _KIND_OF["grad_norm"]
    if quantity.endswith("_score"):
        return _KIND_OF["real_score"]
    if quantity.endswith(ERROR):
        return _Kind(OTHER, "Standard errors", "standard error", ())
    if "bound" in quantity:
        # Unlike losses, this objective is better when higher, so it has its own panel.
        return _Kind(LOSSES, "Lower bound of the log-likelihood", NATS, ())
    if quantity.endswith("log_prob"):
        return _KIND_OF["log_likelihood"]
    if "nats_per_number" in quantity:
        return _Kind(LOSSES, "Nats a number", "nats a number", ())
    if any(word in quantity for word in LOSS_WORDS):
        unit = f"loss, {NATS}" if player in ("vae", "ar", "d", "g", "e", "flow") else "loss"
        return _Kind(LOSSES, f"{_sentence(PLAYERS.get(player, player))}: loss", unit, ())
    name_in_words = quantity.replace("_", " ").replace("/", " ") or player
    return _Kind(OTHER, _sentence(name_in_words), name_in_words, ())


def _sentence(name_in_words: str) -> str:
    return name_in_words[:1].upper() + name_in_words[1:]
