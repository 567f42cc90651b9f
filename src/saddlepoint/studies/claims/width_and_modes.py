"""C11: whether the generator's width must grow with the number of modes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from saddlepoint.evaluation.statistics.intervals import Interval
from saddlepoint.figures.heat_map import heat_map_figure
from saddlepoint.figures.style import MUTED, PALETTE, RULE, figure, legend, style_axes
from saddlepoint.studies.claims.contract import Claim, Measured, Picture, Quantity, verdict
from saddlepoint.studies.claims.failure_times import Fit, fit_failure_times
from saddlepoint.studies.claims.laboratory import Outcome, Setup
from saddlepoint.studies.claims.quantities import median_steps, share_converged
from saddlepoint.studies.claims.setups import POST, POST_ADDRESS, ours

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MODES = (1, 2, 3, 5, 10, 15)
WIDTHS = (4, 8, 16, 32)
QUICK_MODES, QUICK_WIDTHS = (1, 2), (4, 8)
MOST_SEEDS = 64  # of each of the many setups
REPEATS = 200
LEAST, MOST = 0.5, 2.0  # an exponent with a wider interval does not show "about linearly"
FEWEST = 0.05  # share of runs that must converge for a law to be fitted


def name(modes: int, width: int) -> str:
    """The name of a setup."""
    return f"{modes} mode{'s' if modes > 1 else ''}, width {width}"


def setups(quick: bool) -> dict[str, Setup]:
    """This project's training with three hidden layers of each width.

    There are fewer seeds than in other claims, because there are many setups.
    """
    modes, widths = (QUICK_MODES, QUICK_WIDTHS) if quick else (MODES, WIDTHS)
    return {
        name(m, w): replace(ours(m, hidden=(w,) * 3, quick=quick), most=None if quick else MOST_SEEDS)
        for m in modes
        for w in widths
    }


def measure(outcomes: Mapping[str, Outcome], quick: bool) -> Measured:
    """Measure steps to convergence by modes and width, and how width must grow with modes at equal time."""
    modes, widths = (QUICK_MODES, QUICK_WIDTHS) if quick else (MODES, WIDTHS)
    own = {(m, w): outcomes[name(m, w)] for m in modes for w in widths}
    quantities = []
    for (m, w), outcome in own.items():
        quantities.append(Quantity(f"median steps to convergence, {name(m, w)}", median_steps(outcome), "steps"))
        quantities.append(
            Quantity(f"share that converges within {outcome.last:,} steps, {name(m, w)}", share_converged(outcome))
        )
    pictures = [
        Picture(
            "converged", "Share of seeds that converge, by the number of modes and the width of the generator's layers.",
            _map(own, modes, widths, share=True),
        ),
        Picture(
            "steps", "Median steps to convergence; grey where fewer than half of the seeds converge.",
            _map(own, modes, widths, share=False),
        ),
    ]  # fmt: skip
    fit = _fitted(own)
    if fit is None:
        because = "Too few runs converge for a law of their times."
        return Measured("not decided", because, tuple(quantities), tuple(pictures))
    quantities += [
        Quantity("exponent of time by modes, at equal width", fit.of_modes),
        Quantity("exponent of time by width, at equal modes", fit.of_width),
        Quantity("exponent of width by modes, at equal time", fit.exponent, "", "about 1"),
    ]
    pictures.append(
        Picture(
            "law",
            "Median steps by the number of modes, a colour a width, with 95 % intervals; an arrow is a median that was not "
            "reached. Lines are the fitted law.",
            _law(own, fit),
        )
    )
    shrinks, linear = fit.of_width.high < 0, LEAST <= fit.exponent.low <= 1 <= fit.exponent.high <= MOST
    grows = fit.of_modes.low > 0
    return Measured(
        verdict(shrinks and grows and linear, shrinks and grows),
        f"Time grows as modes to the power of {fit.of_modes.value:.2f} and {'falls' if shrinks else 'does not fall'} with width "
        f"(power {fit.of_width.value:.2f} [{fit.of_width.low:.2f}, {fit.of_width.high:.2f}]); equal time asks for width as modes "
        f"to the power of {_words(fit.exponent)}. One law for all is a summary, and need not fit each: with {modes[0]} "
        f"mode{'s' if modes[0] > 1 else ''}, {', '.join(f'{share_converged(own[modes[0], w]).value:.0%}' for w in widths)} of seeds "
        f"converge with widths {', '.join(map(str, widths))}.",
        tuple(quantities),
        tuple(pictures),
    )


def _fitted(own: Mapping[tuple[int, int], Outcome]) -> Fit | None:
    rows = [(m, w, outcome) for (m, w), outcome in own.items()]
    converged = np.concatenate([outcome.converged.numpy() for *_, outcome in rows])
    seen = {(m, w) for m, w, outcome in rows if bool(outcome.converged.any())}
    if converged.mean() < FEWEST or len({m for m, _ in seen}) < 2 or len({w for _, w in seen}) < 2:
        return None
    x = np.concatenate([np.tile([math.log(m), math.log(w)], (outcome.seeds, 1)) for m, w, outcome in rows])
    times = np.concatenate([outcome.times.numpy() for *_, outcome in rows])
    seeds = np.concatenate([np.arange(outcome.seeds) for *_, outcome in rows])
    return fit_failure_times(x, np.log(times), converged, seeds, repeats=REPEATS)


def _words(interval: Interval) -> str:
    return f"{interval.value:.2f} [{interval.low:.2f}, {interval.high:.2f}]"


def _map(
    own: Mapping[tuple[int, int], Outcome], modes: tuple[int, ...], widths: tuple[int, ...], *, share: bool
) -> Figure:
    found = [[(share_converged if share else median_steps)(own[m, w]) for m in modes] for w in widths]
    value, low, high = (
        np.array([[getattr(one, part) for one in row] for row in found]) for part in ("value", "low", "high")
    )
    return heat_map_figure(
        value, low, high, [str(m) for m in modes], [str(w) for w in widths], x="modes", y="width of the generator's layers",
        title="Share that converges" if share else "Median steps to convergence", share=share,
    )  # fmt: skip


def _law(own: Mapping[tuple[int, int], Outcome], fit: Fit) -> Figure:
    drawing, grid = figure(width=8.2, height=4.8)
    axes = grid[0, 0]
    style_axes(axes, title="Steps to convergence by modes and width", x="modes", y="median steps to convergence")
    widths = sorted({w for _, w in own})
    modes: NDArray[np.float64] = np.array(sorted({m for m, _ in own}), np.float64)
    for tint, width in zip(PALETTE, widths, strict=False):
        for m in modes:
            median, last = median_steps(own[int(m), width]), own[int(m), width].last
            if math.isfinite(median.value):
                top = min(median.high, float(last))
                axes.errorbar(
                    [m],
                    [median.value],
                    yerr=[[median.value - median.low], [top - median.value]],
                    fmt="o",
                    color=tint,
                    capsize=3,
                )
            else:
                axes.plot([m], [last], "^", color=tint, fillstyle="none", markersize=8)
        line = np.exp(fit.intercept + fit.of_modes.value * np.log(modes) + fit.of_width.value * math.log(width))
        axes.plot(modes, line, color=tint, linewidth=1.3, label=f"width {width}")
    axes.axhline(max(outcome.last for outcome in own.values()), color=RULE, linewidth=1.2)
    axes.plot([], [], "^", color=MUTED, fillstyle="none", label="not reached: above")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(modes, [f"{m:.0f}" for m in modes])
    axes.minorticks_off()
    legend(axes, loc="upper left", bbox_to_anchor=(1.01, 1.0))
    return drawing


CLAIM = Claim(
    "C11",
    "For the time to convergence to stay the same, the width of the generator's layers must grow about linearly with the number "
    "of modes.",
    f"{POST}, conclusion, {POST_ADDRESS}",
    "Holds if, with our training, with three layers of equal width, time grows with modes and falls with width, and the exponent of "
    "width by modes at equal time has 1 in its 95 % interval, which lies "
    f"between {LEAST:g} and {MOST:g}; in part if time grows with modes and falls with width; not decided where fewer than "
    f"{FEWEST:.0%} of runs converge. The law is fitted to the logarithms of all times together; runs that did not converge count as longer than they were followed.",
    setups,
    measure,
)
