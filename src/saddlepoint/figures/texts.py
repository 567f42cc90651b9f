"""Texts as lines in a fixed-width typeface; a line break inside a text is shown as an arrow, so that one text is one block."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from saddlepoint.figures.style import INK, MUTED, PAPER, picture_font

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

COLUMNS = 64  # characters in a line of a picture
MOST_TEXTS, MOST_LINES = 16, 8
SIZE, LEADING, GAP, MARGIN = 13, 18, 9, 10  # pixels
BREAK, MISSING, CUT = "\u21b5", "\u25a1", " ..."


def text_lines(
    texts: Sequence[str], *, names: Sequence[str] | None = None, limit: int = MOST_TEXTS, title: str = "Texts"
) -> Image:
    """Draw texts below one another, each wrapped at `COLUMNS` characters and cut after `MOST_LINES` lines.

    Args:
        texts: what to draw.
        names: of the texts; their numbers if None.
        limit: largest number of texts.
        title: of the picture.
    """
    from PIL import Image, ImageDraw

    font, title_font, size = _monospace(SIZE), picture_font(SIZE + 2), len(texts[:limit])
    blocks = [wrap_text(text) for text in texts[:limit]]
    labels = [plain(name) for name in (names or [f"{number + 1}" for number in range(size)])[:size]]
    left = MARGIN + int(max((font.getlength(label) for label in labels), default=0)) + MARGIN
    width = left + int(COLUMNS * font.getlength("m")) + MARGIN
    lines = sum(map(len, blocks))
    canvas = Image.new("RGB", (width, 2 * MARGIN + LEADING + LEADING * lines + GAP * (size + 1)), PAPER)
    draw = ImageDraw.Draw(canvas)
    draw.text((MARGIN, MARGIN), title, fill=INK, font=title_font)
    top = MARGIN + LEADING + GAP
    for label, block in zip(labels, blocks, strict=True):
        draw.text((MARGIN, top), label, fill=MUTED, font=font)
        for line in block:
            draw.text((left, top), line, fill=INK, font=font)
            top += LEADING
        top += GAP
    return canvas


def wrap_text(text: str) -> list[str]:
    """The lines of `COLUMNS` characters in which a text is drawn: at least one, at most `MOST_LINES`."""
    most = COLUMNS * MOST_LINES
    shown = plain(text[: most + 1])
    if len(shown) > most:
        shown = shown[: most - len(CUT)] + CUT
    return [shown[start : start + COLUMNS] for start in range(0, len(shown), COLUMNS)] or [""]


def plain(text: str) -> str:
    """A text of as many characters, with line breaks as arrows and what the typeface lacks as boxes."""
    known = _known()
    return "".join(BREAK if c == "\n" else c if ord(c) in known and c.isprintable() else MISSING for c in text)


@functools.cache
def _font_file() -> str:
    import matplotlib

    return str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSansMono.ttf")


@functools.cache
def _monospace(size: int) -> FreeTypeFont:
    from PIL import ImageFont

    return ImageFont.truetype(_font_file(), size)


@functools.cache
def _known() -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(_font_file()).get_charmap())
