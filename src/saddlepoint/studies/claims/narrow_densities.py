"""C14: whether generated densities are narrower than the density of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.modes import mode_report
from saddlepoint.evaluation.statistics.intervals import Interval, wilson_interval
from saddlepoint.figures.style import DATA, GENERATED, INK, MARKERS, colours, figure, legend, style_axes
from saddlepoint.studies.claims.contract import Claim, Measured, Picture, Quantity, verdict
from saddlepoint.studies.claims.laboratory import Outcome, target
from saddlepoint.studies.claims.quantities import median_interval
from saddlepoint.studies.claims.setups import POST, POST_ADDRESS, WIDTHS
from saddlepoint.studies.claims.steps_to_convergence import KINDS, name, setups
from saddlepoint.studies.convergence import MASS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NARROW = 0.9
FEWEST = 10  # seeds with all modes that a ratio needs
SHOWN = 4  # densities per panel
BINS = 80


def has_all_modes(outcome: Outcome) -> Tensor:
    """Whether every mode holds at least half its mass at the end, (S,) bool.

    Widths are meaningless for the other seeds.
    """
    _, mass = target(outcome).measure(outcome.samples)
    return mass.amin(1) >= MASS


def ratios(outcome: Outcome) -> tuple[Tensor, Tensor]:
    """Standard deviation of all samples, and median width of the modes, both divided by that of the data.

    Args:
        outcome: the results of all seeds.

    Returns:
        Two ratios, each (S,); NaN for seeds without all modes.
    """
    chosen = has_all_modes(outcome)
    whole = outcome.samples.double().std(1) / target(outcome).std
    truth = outcome.dataset.truth
    assert truth is not None
    assert truth.modes is not None
    assert truth.mode_std is not None
    widths = torch.full_like(whole, torch.nan)
    for seed in chosen.nonzero()[:, 0].tolist():
        widths[seed] = mode_report(outcome.samples[seed, :, None], truth.modes, truth.mode_std).width.nanmedian()
    return whole.masked_fill(~chosen, torch.nan), widths


def measure(outcomes: Mapping[str, Outcome], quick: bool) -> Measured:
    """Measure both ratios, and show the densities."""
    quantities = []
    per_mode: dict[str, Interval] = {}
    enough: dict[str, bool] = {}
    every: dict[str, tuple[Interval, Interval]] = {}
    for kind in KINDS:
        for modes in WIDTHS:
            label = name(kind, modes)
            outcome = outcomes[label]
            whole, widths = ratios(outcome)
            reached = int((~widths.isnan()).sum())
            quantities.append(
                Quantity(
                    f"share of seeds whose samples hold every mode, {label}", wilson_interval(reached, outcome.seeds)
                )
            )
            every[label] = (median_interval(whole), median_interval(widths))
            quantities.append(
                Quantity(f"standard deviation over the data's, median, {label}", every[label][0], "", "below 1")
            )
            quantities.append(
                Quantity(f"width of a mode over the true one, median, {label}", every[label][1], "", "below 1")
            )
            per_mode[label], enough[label] = every[label][1], reached >= FEWEST
    own = [name("as described", modes) for modes in WIDTHS]
    narrow = [enough[label] and per_mode[label].high < NARROW for label in own]
    return Measured(
        verdict(all(narrow), any(narrow)),
        f"Of seeds that found all modes: {'; '.join(widths_text(kind, per_mode, enough) for kind in KINDS)}.",
        tuple(quantities),
        (
            Picture(
                "widths",
                "Width of a mode (filled) and standard deviation of all samples (hollow) over the true ones, medians over "
                "seeds with 95 % intervals (one seed has none). 1 is right.",
                _intervals(every),
            ),
            Picture(
                "densities",
                f"The data's density and those of {SHOWN} seeds that found all modes, evenly chosen from the nearest to the "
                "farthest.",
                _densities({label: outcomes[label] for label in per_mode}),
            ),
        ),
    )


def widths_text(kind: str, per_mode: Mapping[str, Interval], enough: Mapping[str, bool]) -> str:
    """Describe in one sentence how wide the modes are.

    Args:
        kind: kind of training.
        per_mode: by name of the setup, the median width of the modes divided by the true one.
        enough: by name of the setup, whether enough seeds have all modes.
    """
    measured = [modes for modes in WIDTHS if enough[name(kind, modes)]]
    few = [modes for modes in WIDTHS if modes not in measured]
    lacking = f"fewer than {FEWEST} seeds found all of {_listed(few, 'or')}"
    if not measured:
        return f"{kind}, {lacking} modes"
    widths = ", ".join(f"{per_mode[name(kind, modes)].value:.2f}" for modes in measured)
    said = f"{kind}, modes are {widths} times as wide as the true ones, with {_listed(measured, 'and')}"
    return said + (f" ({lacking})" if few else "")


def _listed(numbers: Sequence[int], word: str) -> str:
    words = list(map(str, numbers))
    return f" {word} ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _intervals(every: Mapping[str, tuple[Interval, Interval]]) -> Figure:
    drawing, grid = figure(width=7.6, height=3.6)
    axes = grid[0, 0]
    style_axes(axes, title="How wide generated densities are", x="ratio to the data's", y="")
    tints = colours(2)
    for row, (label, pair) in enumerate(every.items()):
        for part, own in enumerate(pair):
            if np.isfinite(own.value):
                ends = [[own.value - own.low], [own.high - own.value]] if np.isfinite(own.low) else None
                axes.errorbar(
                    [own.value], [row + 0.16 - 0.32 * part], xerr=ends,
                    fmt=MARKERS[part], color=tints[label.startswith("with our training")], capsize=3, markersize=6,
                    fillstyle="full" if part else "none",
                )  # fmt: skip
    axes.axvline(1.0, color=INK, linewidth=1.0, linestyle=":")
    axes.set_yticks(range(len(every)), list(every))
    axes.invert_yaxis()
    return drawing


def _densities(outcomes: Mapping[str, Outcome]) -> Figure:
    drawing, grid = figure(len(KINDS), len(WIDTHS), width=12.5, height=6.0)
    for axes, (label, outcome) in zip(grid.flat, outcomes.items(), strict=True):
        truth = outcome.dataset.truth
        assert truth is not None
        assert truth.modes is not None
        style_axes(axes, title=label, x="x", y="density" if axes in grid[:, 0] else "")
        centres = truth.modes[:, 0]
        low, high = float(centres.min()) - 2.5, float(centres.max()) + 2.5
        line = torch.linspace(low, high, 600, dtype=torch.float64)
        axes.plot(line, truth.log_prob(line[:, None]).exp(), color=DATA, linewidth=1.8, label="data")
        seeds = has_all_modes(outcome).nonzero()[:, 0]
        order = seeds[outcome.distance[-1][seeds].argsort()]
        chosen = order[torch.linspace(0, max(len(order) - 1, 0), min(SHOWN, len(order))).long()]
        for seed in chosen.tolist():
            heights, edges = np.histogram(outcome.samples[seed].numpy(), np.linspace(low, high, BINS + 1))
            heights = heights / (outcome.samples.shape[1] * np.diff(edges))
            axes.stairs(heights, edges, color=GENERATED, alpha=0.55, linewidth=1.0)
        axes.plot([], [], color=GENERATED, label="generated, a line a seed")
    legend(grid[0, -1], loc="upper left", bbox_to_anchor=(1.01, 1.0))
    return drawing


CLAIM = Claim(
    "C14",
    "Generated densities are too narrow: most samples lie around the modes' means, in great peaks.",
    f"{POST}, {POST_ADDRESS}",
    f"Holds if, as described and with each of one, two and three modes, the width of a mode over the true one is below {NARROW:g} "
    f"with its whole 95 % interval (median over seeds whose samples hold every mode, {FEWEST} of them at least); in part if "
    "with any of the three.",
    setups,
    measure,
)
