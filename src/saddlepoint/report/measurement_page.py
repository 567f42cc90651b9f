"""A page of one measurement: the answer and its numbers on the first screen, then sections with tables and pictures.

One HTML file that opens without a network. A run's report is another page (`report.page`).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from saddlepoint.figures.style import png
from saddlepoint.markup import Markup, html, joined
from saddlepoint.records import replaced
from saddlepoint.report.embedding import Embedded, embedded_picture
from saddlepoint.report.first_screen import MARKS
from saddlepoint.report.layout import image, section
from saddlepoint.report.page import opening

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

PICTURE_SHARE = 200_000  # bytes of one picture


@dataclass(frozen=True)
class FirstScreen:
    """What the reader sees first.

    Attributes:
        tone: good, info, warning or failure.
        about: what was measured, in a few words above the headline.
        headline: the answer, in at most twelve words.
        verdict: a heading and sentences.
        tiles: numbers by name.
    """

    tone: str
    about: Markup
    headline: str
    verdict: Markup
    tiles: Iterable[tuple[str, str]]

    def markup(self) -> Markup:
        """The page's header."""
        return html(
            '<header class="first {tone}"><p class="run"><span class="brand">Saddlepoint</span> {about}</p>\n'
            '<h1><span class="mark" aria-hidden="true">{mark}</span><span>{headline}</span></h1>\n'
            '<div class="alone"><div class="verdict">{verdict}</div></div>\n<dl class="tiles">{tiles}</dl></header>',
            tone=self.tone,
            about=self.about,
            mark=MARKS[self.tone],
            headline=self.headline,
            verdict=self.verdict,
            tiles=joined(html("<div><dt>{}</dt><dd>{}</dd></div>", name, words) for name, words in self.tiles),
        )


def write_measurement_page(
    path: Path, first: FirstScreen, sections: Mapping[str, tuple[str, Markup]], *, name: str = ""
) -> Path:
    """Write a page.

    Args:
        path: of the page, which appears whole or stays as it was.
        first: the first screen.
        sections: title and content by the identifier that the page's own links lead to.
        name: the title that a browser shows; the headline where it is empty.

    Returns:
        The path.
    """
    links = joined(html('<a href="#{}">{}</a>', identifier, title) for identifier, (title, _) in sections.items())
    body = [
        opening(name or first.headline),
        first.markup(),
        html("<nav>{}</nav>", links),
        *(section(identifier, title, content) for identifier, (title, content) in sections.items()),
        html(
            "<footer><p>Written by Saddlepoint. This file is complete: it loads nothing.</p></footer>\n</body>\n</html>\n"
        ),
    ]
    with replaced(path) as file:
        file.write(joined(body, "\n"))
    return path


def embedded_figure(drawing: Figure, caption: str, *, share: int = PICTURE_SHARE) -> Markup:
    """A drawing and its caption.

    Args:
        drawing: is closed by this.
        caption: below it, and in its place for who cannot see it.
        share: bytes of the picture, about which is the most.
    """
    file = io.BytesIO()
    png(drawing, file)
    return captioned(embedded_picture(file.getvalue(), share), caption)


def embedded_image(pixels: Image, caption: str, *, share: int = PICTURE_SHARE) -> Markup:
    """An image and its caption; for the arguments see `embedded_figure`."""
    file = io.BytesIO()
    pixels.save(file, format="PNG")
    return captioned(embedded_picture(file.getvalue(), share), caption)


def captioned(picture: Embedded, caption: str) -> Markup:
    """An embedded picture and its caption."""
    return html('<figure class="plot">{}<figcaption>{}</figcaption></figure>', image(picture, caption), caption)
