"""The style of all pictures: colours, type, figures without global state, and files that appear completely or not at all.

Matplotlib's object interface with the Agg canvas is used throughout: no pyplot, no global settings, so that figures
can be drawn from any thread and next to the user's own plots.

Colours: the palette of M. Okabe and K. Ito, "Color Universal Design" (2008), https://jfly.uni-koeln.de/color/,
which readers with any common colour vision can tell apart; continued beyond eight by P. Tol, "Colour Schemes" (2021),
https://personal.sron.nl/~pault/.
"""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from saddlepoint.figures.scales import log_ticks, tick_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

    Picture = Figure | Image

BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, WINE, OLIVE, GREY, BLACK = "#CC79A7", "#56B4E9", "#882255", "#999933", "#777777", "#000000"
PALETTE = (BLUE, RED, GREEN, ORANGE, PURPLE, SKY, WINE, OLIVE, GREY, BLACK)

DATA, GENERATED, TRUTH, FAILURE = BLUE, RED, BLACK, "#B00020"
INK, MUTED, RULE, PAPER = "#222222", "#666666", "#DDDDDD", "#FFFFFF"

TITLE_SIZE, LABEL_SIZE, TICK_SIZE = 12.0, 10.5, 9.5  # points; a phone shows half of that or less
DOTS_PER_INCH = 120
LETTER = 0.56  # mean width of a letter of the typeface, in type sizes
# A linear axis shorter than this share of its numbers is widened to so much on each side.
NARROW, WIDENED = 1e-5, 0.05
MARKERS = ("o", "s", "^", "D", "v")


def colours(n: int) -> list[str]:
    """`n` distinguishable colours: the palette, or evenly spaced ones of viridis for more than ten."""
    if n <= len(PALETTE):
        return list(PALETTE[:n])
    import matplotlib
    from matplotlib.colors import to_hex

    return [to_hex(matplotlib.colormaps["viridis"](position)) for position in np.linspace(0.0, 0.95, n)]


def figure(
    rows: int = 1,
    columns: int = 1,
    *,
    width: float = 7.0,
    height: float = 4.2,
    margins: Mapping[str, float] | None = None,
) -> tuple[Figure, NDArray[Any]]:
    """A figure of `width` x `height` inches with (rows, columns) empty axes, outside pyplot's global state.

    Args:
        margins: arguments of matplotlib's `subplots_adjust`, for frames that are drawn many times, because finding margins
            takes longer than drawing. None finds them.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawing = Figure(
        figsize=(width, height), dpi=DOTS_PER_INCH, facecolor=PAPER, layout="constrained" if margins is None else None
    )
    FigureCanvasAgg(drawing)
    if margins is not None:
        drawing.subplots_adjust(**margins)
    return drawing, drawing.subplots(rows, columns, squeeze=False)


def style_axes(axes: Axes, *, title: str, x: str, y: str) -> None:
    """Set title, axis names and thin grid lines.

    Args:
        axes: to style.
        title: of the axes.
        x: name of the x axis, with units.
        y: name of the y axis, with units.
    """
    wide, high = _inches(axes)
    axes.set_title(text(wrap(title, wide, TITLE_SIZE)), fontsize=TITLE_SIZE, color=INK, loc="left")
    axes.set_xlabel(text(wrap(x, wide, LABEL_SIZE)), fontsize=LABEL_SIZE, color=INK)
    axes.set_ylabel(text(wrap(y, high, LABEL_SIZE)), fontsize=LABEL_SIZE, color=INK)
    axes.tick_params(labelsize=TICK_SIZE, colors=MUTED, length=3)
    axes.grid(True, color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_color(MUTED)
        spine.set_visible(side in ("left", "bottom"))


def wrap(words: str, inches: float, size: float) -> str:
    """Break `words` into lines that fit into a width.

    Args:
        words: one text, perhaps of several lines.
        inches: width of a line.
        size: of the type, in points.
    """
    letters = max(12, int(inches * 72 / (LETTER * size)))
    return "\n".join(textwrap.fill(line, letters) for line in words.split("\n"))


def format_axes(drawing: Figure) -> None:
    """Make the numbers on all axes readable, before a figure is saved.

    Axes have no offsets ("1e-10+7.999999999") and do not stretch differences that six digits cannot show; log axes
    have at least three round ticks.
    """
    from matplotlib.ticker import FixedLocator, LogFormatter, ScalarFormatter

    for axes in drawing.axes:
        for axis in (axes.xaxis, axes.yaxis):
            formatter = axis.get_major_formatter()
            if isinstance(formatter, ScalarFormatter):
                formatter.set_useOffset(False)
            low, high = sorted(axis.get_view_interval())
            setting = axes.set_xlim if axis is axes.xaxis else axes.set_ylim
            automatic = axes.get_autoscalex_on() if axis is axes.xaxis else axes.get_autoscaley_on()
            if axis.get_scale() == "linear" and automatic and high - low < NARROW * max(abs(low), abs(high)):
                middle = (low + high) / 2
                setting(middle - WIDENED * abs(middle), middle + WIDENED * abs(middle))
            elif axis.get_scale() == "log" and isinstance(formatter, LogFormatter) and 0 < low < high:
                ticks = log_ticks(low, high)
                # Values end at ticks where nobody has set limits; steps along the other axis end where they end.
                enclosed = automatic and axis is axes.yaxis
                if enclosed:
                    setting(ticks[0], ticks[-1])
                inside = [tick for tick in ticks if enclosed or low <= tick <= high]
                if len(inside) < 2:
                    continue
                axis.set_major_locator(FixedLocator(inside))
                axis.set_major_formatter(lambda tick, _: tick_label(tick))
                axis.set_minor_formatter(lambda *_: "")


def png(drawing: Figure, file: Any) -> None:
    """Write a figure as PNG. Without the "Software" entry the bytes do not depend on matplotlib's version string."""
    format_axes(drawing)
    # Not `savefig`, which draws everything once more beforehand.
    cast(Any, drawing.canvas).print_png(file, metadata={"Software": None})


def legend(axes: Axes, **options: Any) -> None:
    """Add a legend if the axes have more than one labelled element."""
    handles, names = axes.get_legend_handles_labels()
    if len(handles) > 1:
        axes.legend(handles, names, fontsize=TICK_SIZE, framealpha=0.85, edgecolor=RULE, labelcolor=INK, **options)


def text(words: str) -> str:
    """Escape dollar signs, which start mathematics, and replace characters that the font lacks by a box."""
    known = _known_characters()
    return "".join(c if ord(c) in known or c == "\n" else "\u25a1" for c in words).replace("$", r"\$")


def shorten(name: str, longest: int) -> str:
    """The name, cut and marked by an ellipsis where it has more characters than `longest`."""
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def picture_font(size: int) -> FreeTypeFont:
    """The figures' typeface for text on pixel pictures; `size` in pixels."""
    from PIL import ImageFont

    return ImageFont.truetype(_font_file(), size)


def write_png(picture: Picture, path: Path) -> Path:
    """Write a figure or an image as PNG, atomically: to a temporary file that is then renamed."""
    with replace_file(path) as temporary:
        if hasattr(picture, "savefig"):
            png(cast("Figure", picture), temporary)
        else:
            picture.save(temporary, format="PNG")
    return Path(path)


@contextlib.contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` that replaces it at the end of the block; on an error `path` is unchanged."""
    path = Path(path)
    # One level alone: a run folder that was removed during training must not come back half.
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.part")
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))  # its mode follows the umask
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _inches(axes: Axes) -> tuple[float, float]:
    """Width and height of the axes, before a layout takes room for words off them."""
    place, drawing, spec = axes.get_position(), axes.get_figure(root=True), axes.get_subplotspec()
    if drawing is None:
        return 6.0, 4.0
    # Text may extend to the edge of the figure if nothing else is at the right.
    alone = spec is not None and spec.get_gridspec().ncols == 1
    width = 1 - place.x0 if alone else place.width
    return width * drawing.get_figwidth(), place.height * drawing.get_figheight()


@functools.cache
def _font_file() -> str:
    import matplotlib

    return str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")


@functools.cache
def _known_characters() -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(_font_file()).get_charmap())
