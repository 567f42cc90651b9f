"""The page's pictures: samples over time, what the model does with codes, curves; and how many bytes they may take.

Every plot is a still picture; where the page's script runs, an interactive plot replaces it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from saddlepoint.diagnosis.traits import describe_losses
from saddlepoint.figures.curves import Best, panel_curves
from saddlepoint.figures.interactive import panel_plot
from saddlepoint.figures.latent import latent_plot, latent_scatter
from saddlepoint.figures.panels import FIRST, LOSSES, panels
from saddlepoint.figures.style import png
from saddlepoint.markup import Markup, html, joined
from saddlepoint.records import shell_command
from saddlepoint.report.embedding import Embedded, embedded_json, embedded_picture
from saddlepoint.report.facts import UNREADABLE, Facts
from saddlepoint.report.layout import absent, image, mapping, none_of, section
from saddlepoint.report.words import command

T = TypeVar("T")

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_FRAMES = 60
PICTURE_SHARE = 700_000
FRAME_SHARE = 400_000
PICTURES = (
    "image",
    "volume",
    "video",
)  # kinds of data whose samples are shown as they are; those of others are plotted
PAIRS = ("nearest", "farthest")  # pictures of sample pairs, which belong to the scores


@dataclass
class Album:
    """Collects plots and notes while pictures are embedded.

    Attributes:
        left: bytes of the page that are still free.
        plots: interactive plots by identifier.
        notes: what was left out.
    """

    left: int
    plots: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def embed(self, path: Path, share: int) -> Embedded | None:
        """The picture in at most `share` bytes, or None (with a note) where it is damaged or no room is left."""
        try:
            picture = embedded_picture(path, min(share, self.left))
        except (*UNREADABLE, SyntaxError) as error:
            self.notes.append(f"{path.name} could not be read and is left out ({error}).")
            return None
        if len(picture.address) > self.left:
            self.notes.append(f"{path.name} is left out: the page is full.")
            return None
        self.left -= len(picture.address)
        return picture

    def plot(self, title: str, still: Figure, interactive: dict[str, Any], *, wide: bool = False) -> Markup:
        """A still plot, with the number of the interactive one that replaces it."""
        file = io.BytesIO()
        png(still, file)
        picture = embedded_picture(file.getvalue(), PICTURE_SHARE)
        identifier = f"plot-{len(self.plots) + 1}"
        self.plots[identifier] = interactive
        self.left -= len(picture.address) + len(embedded_json(interactive))
        kind = "plot wide" if wide else "plot"
        return html(
            '<div class="{}" data-plot="{}"><h4>{}</h4>{}</div>', kind, identifier, title, image(picture, title)
        )


def samples(facts: Facts, album: Album, heard: Markup) -> tuple[Markup, Markup]:
    """The newest samples for the first screen, and the section with the earlier ones from the same noise.

    Where the page is full, fewer of them are shown, from the first to the newest.

    Args:
        facts: of the run.
        album: takes the pictures.
        heard: sounds and texts of the newest samples, which come first in the section.

    Returns:
        A figure, empty where there are no samples, and a section.
    """
    title = "Samples over time"
    if not facts.frames:
        return Markup(), section("samples", title, heard + none_of(facts, "sample pictures"))
    chosen = _evenly(facts.frames)
    if len(chosen) < len(facts.frames):
        album.notes.append(f"Of {len(facts.frames)} sample pictures, {len(chosen)} evenly chosen ones are shown.")
    kept: list[tuple[int, Markup]] = []
    dropped = 0
    for step, path in _coarse_to_fine(chosen):
        if album.left < 20_000:
            dropped += 1
            continue
        picture = album.embed(path, min(FRAME_SHARE, max(20_000, album.left // 2)))
        if picture is not None:
            kept.append((step, image(picture, f"samples at step {step}")))
    if dropped:
        album.notes.append(f"{dropped} of the sample pictures are left out to keep the page small.")
    kept.sort(key=lambda entry: entry[0], reverse=True)
    if not kept:
        return Markup(), section("samples", title, heard + absent("No sample picture could be read."))
    (newest, shown), *earlier = kept
    # A plot has text, and needs more room than pictures do.
    drawn = html(" drawn") if mapping(facts.summary.get("data")).get("kind", "image") not in PICTURES else ""
    stage = html(
        '<figure class="stage{}" id="stage">{}<figcaption>Samples at step {:,}</figcaption></figure>',
        drawn,
        shown,
        newest,
    )
    frames = joined(
        html('<figure class="frame">{}<figcaption>Step {:,}</figcaption></figure>', picture, step)
        for step, picture in reversed(earlier)
    )
    strip = html('<div class="strip">{}</div>', frames) if earlier else absent("There are no earlier samples.")
    same = absent(f"All from the same noise as those above, of step {newest:,}.")
    return stage, section("samples", title, joined((heard, same, strip)))


def _coarse_to_fine(frames: Sequence[T]) -> Iterator[T]:
    """Yield the last, the first, then what halves the gaps: however many are taken, they cover all of the run."""
    yielded: set[int] = set()
    positions = [len(frames) - 1, 0]
    gap = len(frames)
    while gap > 1:
        gap = (gap + 1) // 2
        positions += range(0, len(frames), gap)
    for position in positions:
        if position not in yielded:
            yielded.add(position)
            yield frames[position]


def gallery(facts: Facts, album: Album) -> Markup:
    """Reconstructions, interpolations, traversals, densities and the other pictures in figures/, with the latent space."""
    parts: list[Markup] = []
    figures: list[Markup] = []
    if facts.latent is not None:
        latent = facts.latent
        still = latent_scatter(latent.codes, latent.labels, latent.class_names)
        interactive = latent_plot(latent.codes, latent.labels, latent.class_names)
        parts.append(html('<div class="plots">{}</div>', album.plot("Latent space", still, interactive, wide=True)))
    for path, caption in facts.pictures:
        drawn = facts.latent is not None and path.stem.startswith("latent") and "trav" not in path.stem
        if not drawn and path.stem not in PAIRS:
            figures.append(_figure(path, caption, album))
    if figures:
        parts.append(html('<div class="gallery">{}</div>', joined(figures)))
    body = joined(parts) or none_of(facts, "pictures beside its samples and curves")
    if facts.summary.get("pictures") is False:
        how = command(shell_command("report", facts.path, "--pictures"))
        body += html("<p>Training left them out. This command draws them:</p>{}", how)
    return section("pictures", "What the model does", body)


def nearest_and_farthest(facts: Facts, album: Album) -> Markup:
    """The samples nearest to and farthest from real examples, as drawn by an evaluation."""
    return joined(_figure(path, caption, album) for path, caption in facts.pictures if path.stem in PAIRS)


def curves(facts: Facts, album: Album) -> Markup:
    """Every recorded series, in the panels of the figures: quality and losses first, the rest folded by subject."""
    if not facts.series:
        return section("curves", "Curves", none_of(facts, "records"))
    best = _best(facts)
    plots: dict[str, list[Markup]] = {}
    for panel in panels(facts.series):
        still, interactive = panel_curves(panel, facts.series, best=best), panel_plot(panel, facts.series, best=best)
        plots.setdefault(panel.section, []).append(album.plot(panel.title, still, interactive))
    # The sections that most readers look for are open; where a run has none of them, the first one is.
    opened = [heading for heading in FIRST if heading in plots] or list(plots)[:1]
    notes = {LOSSES: _loss_note(facts)}
    parts = [
        html('<h3>{}</h3>{}<div class="plots">{}</div>', heading, notes.get(heading, Markup()), joined(own))
        if heading in opened
        else html(
            '<details class="more"><summary>{} ({})</summary><div class="plots">{}</div></details>',
            heading,
            len(own),
            joined(own),
        )
        for heading, own in plots.items()
    ]
    return section("curves", "Curves", joined(parts))


def _loss_note(facts: Facts) -> Markup:
    """How to read the losses of this objective; empty where it is not known."""
    objective = re.search(r"^  objective: (\S+)$", facts.recipe or "", re.MULTILINE)
    penalised = re.search(r"^  penalties:$", facts.recipe or "", re.MULTILINE) is not None
    note = describe_losses(("gan", objective[1]), facts.series, penalised=penalised) if objective else ""
    return html("<p>{}</p>", note) if note else Markup()


def _figure(path: Path, caption: str, album: Album) -> Markup:
    picture = album.embed(path, PICTURE_SHARE)
    if picture is None:
        return Markup()
    return html("<figure>{}<figcaption>{}</figcaption></figure>", image(picture, caption), caption)


def _evenly(frames: Sequence[tuple[int, Path]]) -> list[tuple[int, Path]]:
    if len(frames) <= MOST_FRAMES:
        return list(frames)
    return [frames[i] for i in np.unique(np.linspace(0, len(frames) - 1, MOST_FRAMES).round().astype(int))]


def _best(facts: Facts) -> Best | None:
    best = facts.summary.get("best")
    try:
        return (str(best["series"]), int(best["step"]), float(best["value"])) if best else None
    except (KeyError, TypeError, ValueError):
        return None
