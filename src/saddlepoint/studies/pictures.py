"""Draws the pictures that a study asks for from its rows."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from saddlepoint.errors import DataError
from saddlepoint.evaluation.statistics.intervals import Interval
from saddlepoint.studies.power_law import PowerLaw, power_law
from saddlepoint.studies.settings import HeatMapPicture, Picture, PowerLawPicture, StudySettings, SurvivalPicture
from saddlepoint.studies.summary import convergence_times, finite, group_rows, mean, share_converged, survival
from saddlepoint.studies.survival import Survival
from saddlepoint.studies.tables import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WORDS = {
    "converged": "share converged",
    "steps_to_convergence": "steps to convergence",
    "wasserstein": "Wasserstein-1 (the data's standard deviations)",
    "modes_covered": "modes covered",
    "high_quality": "share of high quality",
    "least_mode": "least mode's mass over its share",
    "mode_width": "width of modes over the true one",
    "reverse_kl": "reverse KL of the modes (nats)",
    "quality": "energy distance",
}


def draw(study: StudySettings, rows: Sequence[Row], folder: Path) -> tuple[list[Path], list[str]]:
    """Draw the study's pictures.

    Args:
        study: the settings of the study.
        rows: one per run, as in results.csv.
        folder: where to write the pictures.

    Returns:
        The files, and one sentence for each picture that cannot be drawn or leaves something out.
    """
    from saddlepoint.figures.style import write_png

    drawn: list[Path] = []
    missing: list[str] = []
    for picture in study.pictures:
        try:
            figure = _figure(study, picture, rows, missing)
        except DataError as error:
            missing.append(f"the picture {picture.kind} cannot be drawn: {error}")
            continue
        drawn.append(write_png(figure, folder / _file(picture)))
    return drawn, missing


def _file(picture: Picture) -> str:
    parts: list[str] = [picture.kind]
    if isinstance(picture, SurvivalPicture):
        parts += list(picture.by or ())
    elif isinstance(picture, HeatMapPicture):
        parts += [picture.value, picture.y, picture.x]
    else:
        parts += [picture.value, picture.x, *([picture.by] if picture.by else [])]
    return re.sub(r"[^\w.]+", "-", "-".join(parts)) + ".png"


def _figure(study: StudySettings, picture: Picture, rows: Sequence[Row], missing: list[str]) -> Figure:
    if isinstance(picture, SurvivalPicture):
        return _survival(study, picture, rows)
    if isinstance(picture, HeatMapPicture):
        return _heat_map(study, picture, rows)
    return _power_law(study, picture, rows, missing)


def _survival(study: StudySettings, picture: SurvivalPicture, rows: Sequence[Row]) -> Figure:
    from saddlepoint.figures.survival import Curve, survival_figure

    by = list(study.axes) if picture.by is None else list(picture.by)
    curves: dict[str, Curve] = {}
    for key, own in group_rows(rows, by).items():
        found = cast(Survival, survival(own))  # the settings ask for convergence
        words = ", ".join(f"{short(name)} {value}" for name, value in zip(by, key, strict=True)) or "all runs"
        curves[words] = Curve(found.times, found.survival, found.low, found.high, found.last, found.n, found.quantile())
    return survival_figure(curves, title=picture_title("Runs not converged yet", study, by, rows))


def _heat_map(study: StudySettings, picture: HeatMapPicture, rows: Sequence[Row]) -> Figure:
    import numpy as np

    from saddlepoint.figures.heat_map import heat_map_figure

    xs, ys = study.axes[picture.x].labels, study.axes[picture.y].labels
    found = {key: _number(own, picture.value) for key, own in group_rows(rows, (picture.x, picture.y)).items()}
    if all(interval is None for interval in found.values()):
        raise DataError(f"no run has {picture.value}.")

    def table(part: str) -> Any:
        cells = [[found.get((x, y)) for x in xs] for y in ys]
        return np.array([[math.nan if c is None else getattr(c, part) for c in row] for row in cells])

    words = WORDS.get(picture.value, picture.value)
    words = f"median {words}" if picture.value == "steps_to_convergence" else words
    words = f"mean {words}" if picture.value not in ("converged", "steps_to_convergence") else words
    return heat_map_figure(
        table("value"), table("low"), table("high"),
        [str(x) for x in xs], [str(y) for y in ys],
        x=short(picture.x), y=short(picture.y),
        title=picture_title(words[0].upper() + words[1:], study, (picture.x, picture.y), rows, picture.value),
        share=picture.value in ("converged", "high_quality"),
    )  # fmt: skip


def _power_law(study: StudySettings, picture: PowerLawPicture, rows: Sequence[Row], missing: list[str]) -> Figure:
    """Draw power laws. What the picture leaves out is added to `missing`."""
    from saddlepoint.figures.power_law import Law, power_law_figure

    by = [picture.by] if picture.by is not None else []
    laws: dict[str, Law] = {}
    why_not = ""
    left_out: list[str] = []
    for key, own in group_rows(rows, by).items():
        words = f"{short(by[0])} {key[0]}" if by else ""
        try:
            law = fit_axis(own, picture.x, picture.value)
        except DataError as error:
            why_not = str(error)
            left_out.append(f"{words} ({why_not.rstrip('.')})")
            continue
        axis = study.axes[picture.x].labels
        left_out += [
            f"{words} {short(picture.x)} {x} (no run has {picture.value})".strip() for x in axis if x not in law.x
        ]
        laws[words] = Law(law.x, law.medians, law.limits, law.line, law.exponent)
    if not laws:
        raise DataError(why_not)
    if left_out:
        missing.append(f"the picture {picture.kind} of {picture.value} leaves out {', '.join(left_out)}.")
    return power_law_figure(
        laws,
        x=short(picture.x),
        y=f"median {WORDS.get(picture.value, picture.value)}",
        title=picture_title("A power law through the medians", study, [picture.x, *by], rows, picture.value),
    )


def fit_axis(rows: Sequence[Row], axis: str, value: str = "steps_to_convergence") -> PowerLaw:
    """Fit a power law of steps to convergence or of an outcome to the values of a numeric axis.

    Steps are censored for runs that did not converge.

    Args:
        rows: one per run.
        axis: name of the axis, with values above 0.
        value: "steps_to_convergence", or the name of an outcome.

    Raises:
        DataError: the axis has values that are not numbers above 0, or there are too few medians.
    """
    groups = {}
    for (x,), own in group_rows(rows, (axis,)).items():
        if isinstance(x, bool) or not isinstance(x, int | float):
            raise DataError(f"the axis {axis} has the value {x!r}, which is not a number: give the axis `values`.")
        if value == "steps_to_convergence":
            groups[float(x)] = convergence_times(own)
        elif finite(own, value):
            numbers = finite(own, value)
            groups[float(x)] = (numbers, [True] * len(numbers))
    return power_law(groups)


def _number(rows: Sequence[Row], value: str) -> Interval | None:
    if value == "converged":
        return share_converged(rows)
    if value == "steps_to_convergence":
        curve = survival(rows)
        return None if curve is None else curve.quantile()
    return mean(rows, value)


def picture_title(
    words: str, study: StudySettings, shown: Sequence[str], rows: Sequence[Row], value: str = "steps_to_convergence"
) -> str:
    """A title that states which axes are pooled, how many runs a point has, and how many diverged and are left out.

    Pictures of convergence leave out no runs: a run that diverged counts as one that did not converge.

    Args:
        words: the beginning of the title.
        study: the settings of the study.
        shown: the axes that the picture shows; runs are pooled over the others.
        rows: one per run.
        value: the value that the picture shows.
    """
    pooled = [short(name) for name in study.axes if name not in shown and len(study.axes[name]) > 1]
    sizes = {len(own) for own in group_rows(rows, [name for name in study.axes if name in shown]).values()}
    said = [f"{min(sizes)} runs each" if len(sizes) == 1 else f"{min(sizes)} to {max(sizes)} runs each"]
    if pooled:
        said.append(f"pooled over {', '.join(pooled)}")
    if value not in ("converged", "steps_to_convergence"):
        diverged = sum(row["frozen_at"] is not None for row in rows)
        said += [f"without the {diverged} that diverged"] * (diverged > 0)
    return f"{words}\n({', '.join(said)})"  # one line would be wider than a small heat map


def short(axis: str) -> str:
    """The name of an axis in pictures and tables: the last part of its dotted name, in words."""
    return axis.rpartition(".")[2].replace("_", " ")
