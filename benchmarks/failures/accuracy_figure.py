"""The figure of the diagnosis accuracy: detection by code with intervals, and which codes are raised in which runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from failures.accuracy import CODES, CodeAccuracy
from saddlepoint.evaluation.statistics.intervals import wilson_interval

BLUE, RED, GREY, INK = "#2f6f9f", "#b5483a", "#c9ced6", "#22262b"


def draw(codes: Sequence[CodeAccuracy], rows: Mapping[str, Counter[str]], path: Path) -> None:
    """Draw the figure.

    Args:
        codes: accuracies on the reporting half.
        rows: the confusion table, counted in runs.
        path: the PNG file that is written.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.colors import LinearSegmentedColormap

    shown = [code for code in codes if code.detected.of]
    figure, (left, right) = plt.subplots(1, 2, figsize=(15, 7.2), width_ratios=[1, 1.55], layout="constrained")
    for at, code in enumerate(shown):
        rate = wilson_interval(code.detected.count, code.detected.of)
        colour = BLUE if rate.value >= 0.98 else RED
        left.plot([rate.low, rate.high], [at, at], color=colour, lw=2)
        left.plot(rate.value, at, "o", color=colour, ms=7)
    left.axvline(0.98, color=INK, lw=0.8, ls=":")
    left.text(0.97, 6.5, "goal 98 %", ha="right", va="center", fontsize=9, color=INK)
    left.set(
        yticks=range(len(shown)),
        yticklabels=[f"{code.code}  ({code.detected.of})" for code in shown],
        xlim=(-0.02, 1.02),
        ylim=(len(shown) - 0.4, -0.6),
        xlabel="share of runs with the failure in which its code was raised, and 95 % interval",
        title="Detection, reporting half (failures in brackets)",
    )
    names = [*CODES, "none"]
    table = [[counts[name] / counts["runs"] for name in names] for counts in rows.values()]
    colours = LinearSegmentedColormap.from_list("alarms", ["#ffffff", BLUE])
    right.imshow(table, cmap=colours, vmin=0, vmax=1, aspect="auto")
    for y, counts in enumerate(rows.values()):
        for x, name in enumerate(names):
            if counts[name]:
                share = counts[name] / counts["runs"]
                right.text(
                    x, y, counts[name], ha="center", va="center", fontsize=7, color="white" if share > 0.6 else INK
                )
    right.set(
        xticks=range(len(names)),
        yticks=range(len(rows)),
        yticklabels=[f"{code}  ({counts['runs']})" for code, counts in rows.items()],
        xlabel="code raised (a run may raise several)",
        ylabel="what the run is",
        title="Who is taken for what, both halves, in runs",
    )
    right.set_xticks(range(len(names)), names, rotation=60, ha="right", fontsize=8)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(color=GREY)
    figure.savefig(path, dpi=110)
    plt.close(figure)
