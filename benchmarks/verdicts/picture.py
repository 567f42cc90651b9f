"""The picture of the validation: the verdict's score against the truth's, one panel a data set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from saddlepoint.records.result import RESULT_LEVELS
from verdicts.answers import Answer
from verdicts.scores import rank_correlation

COLOURS = dict(zip(RESULT_LEVELS, ("#b5483a", "#d9a441", "#2f6f9f", "#3c8d5a"), strict=True))
INK, GREY = "#22262b", "#c9ced6"


def draw(answers: Sequence[Answer], path: Path) -> None:
    """Written to `path` as PNG."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    names = list(dict.fromkeys(answer.case.problem for answer in answers))
    columns = min(4, len(names))
    rows = math.ceil(len(names) / columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(3.4 * columns, 3.2 * rows + 0.9), sharex=True, sharey=True, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for place, name in zip(axes.flat, names, strict=False):
        own = [answer for answer in answers if answer.case.problem == name]
        place.plot([0, 1], [0, 1], color=GREY, lw=0.8, zorder=0)
        for level, colour in COLOURS.items():
            for is_close, marker in ((True, "o"), (False, "x")):
                shown = [a for a in own if a.result.level == level and a.is_close == is_close]
                place.scatter(
                    [a.score for a in shown], [a.result.score for a in shown], s=22, c=colour, marker=marker, lw=1.2
                )
        rank = rank_correlation(own).value
        place.set(
            title=f"{name} ({len(own)} sets, rank correlation {rank:.2f})", xlim=(-0.03, 1.03), ylim=(-0.03, 1.03)
        )
        place.title.set_fontsize(9)
        place.spines[["top", "right"]].set_visible(False)
        place.tick_params(color=GREY)
    for place in list(axes.flat)[len(names) :]:
        place.axis("off")
    for place in axes[-1]:
        place.set_xlabel("score of the truth (1: like fresh real examples)", fontsize=8, color=INK)
    figure.supylabel("score of the verdict (1: not told apart)", fontsize=10, color=INK)
    marks = [
        plt.Line2D([], [], color=colour, marker="s", ls="", label=f"verdict: {level}")
        for level, colour in COLOURS.items()
    ]
    marks += [
        plt.Line2D([], [], color=INK, marker=marker, ls="", label=f"truth: {words}")
        for marker, words in (("o", "close"), ("x", "not close"))
    ]
    figure.legend(handles=marks, loc="outside lower center", ncols=6, fontsize=9, frameon=False)
    figure.suptitle("The result of the verdict against the truth, sample sets of the reporting half", fontsize=11)
    figure.savefig(path, dpi=110)
    plt.close(figure)
