"""The picture of the adversarial zoo: for each data set the energy distance and the failures of every loss with every penalty."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from tables.diagnosed_runs import Outcome
from tables.zoo_page import SCALE, mean_distance
from tables.zoo_plan import LOSSES, PENALTIES

INK = "#22262b"
RANGE = (0.1, 300.0)  # of the colours; smaller distances, which may be negative, have the first one


def draw(found: Mapping[str, Mapping[tuple[str, str], Sequence[Outcome]]], path: Path) -> None:
    """Draw the picture.

    Args:
        found: the finished runs by data and game.
        path: the PNG file that is written.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.colors import LogNorm

    norm = LogNorm(*RANGE, clip=True)
    figure, panels = plt.subplots(
        1, len(found), figsize=(1.8 + 4.1 * len(found), 6.6), sharey=True, squeeze=False, layout="constrained"
    )
    for axes, (data, games) in zip(panels[0], found.items(), strict=True):
        table = [[_scaled(games.get((loss, penalty), ())) for penalty in PENALTIES] for loss in LOSSES]
        image = axes.imshow(
            [[min(max(cell, RANGE[0]), RANGE[1]) for cell in line] for line in table],
            cmap="YlOrRd", norm=norm, aspect="auto",
        )  # fmt: skip
        for y, loss in enumerate(LOSSES):
            for x, penalty in enumerate(PENALTIES):
                outcomes = games.get((loss, penalty), ())
                if not outcomes:
                    continue
                failed = sum(not outcome.is_whole for outcome in outcomes)
                words = f"{round(table[y][x], 1) + 0.0:.1f}" if abs(table[y][x]) < 10 else f"{table[y][x]:.0f}"
                words += f"\n{failed} of {len(outcomes)} fail" if failed else ""
                colour = "white" if table[y][x] > 40 else INK
                axes.text(x, y, words, ha="center", va="center", fontsize=8, color=colour)
        axes.set(title=data, xlabel="penalty or constraint")
        axes.set_xticks(range(len(PENALTIES)), list(PENALTIES), rotation=40, ha="right")
    panels[0][0].set_yticks(range(len(LOSSES)), list(LOSSES))
    panels[0][0].set_ylabel("loss")
    figure.colorbar(image, ax=panels, label=f"{SCALE:,} × energy distance to held-out data, mean over seeds", pad=0.01)
    figure.suptitle("Every loss with every penalty: distance of samples to the data (numbers), and runs with a failure")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _scaled(outcomes: Sequence[Outcome]) -> float:
    """`SCALE` times the mean distance; NaN, which has no colour, without runs."""
    return SCALE * mean_distance(outcomes) if outcomes else math.nan
