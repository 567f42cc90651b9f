"""The page of completed images: the completions, where pixels were missing, and how far completions differ.

One HTML file that opens without a network.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.figures.pixel_map import pixel_map_figure
from saddlepoint.markup import Markup, html, joined
from saddlepoint.report.layout import absent
from saddlepoint.report.measurement_page import FirstScreen, embedded_figure, embedded_image, write_measurement_page
from saddlepoint.report.words import count, definitions

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

GRID_SHARE = 600_000  # bytes of the picture of completions
MAPS = {
    "missing": ("Missing pixels", "Share of all images that lack the pixel"),
    "spread": (
        "Spread of completions",
        "Standard deviation of the completions of an image, in shares of the data's range",
    ),
    "error": ("Error of completions", "Root mean squared error of a completion, in shares of the data's range"),
}
ERRORS = {
    "draw": "Error of a completion",
    "mean": "Error of the mean of all completions",
    "energy": "Energy score of the completions",
}


def write_inpainting_page(
    document: Mapping[str, Any], maps: Mapping[str, NDArray[Any]], grid: Image | None, path: Path
) -> Path:
    """Write the page.

    Args:
        document: what `CompletedImages.to_json` returns.
        maps: what `CompletedImages.maps` returns.
        grid: the picture of holes and completions; None for examples that are no images.
        path: of the page, which appears whole or stays as it was.

    Returns:
        The path.
    """
    note = document["note"]
    sections = {
        "completions": ("Completions", _completions(grid)),
        "maps": ("Where, and how certain", _maps(maps)),
        "errors": ("Errors", _errors(document["errors"])),
        "facts": ("Details", definitions([("How the model completes", note[:1].upper() + note[1:])])),
    }
    return write_measurement_page(path, _first_screen(document), sections)


def _first_screen(document: Mapping[str, Any]) -> FirstScreen:
    several = document["draws"] > 1
    advice = (
        "Known numbers are unchanged. The completions of one example differ as far as the model is uncertain; none of them is the truth."
        if several
        else "Known numbers are unchanged. A completion is one draw of many that are possible; several, by --draws, show how far they differ."
    )
    errors = document["errors"]
    measured = [] if errors is None else [("Error of a completion", f"{errors['draw']:.4f}")]
    return FirstScreen(
        tone="good",
        about=html("holes, filled in by a model"),
        headline=document["headline"],
        verdict=html("<h2>How to use it</h2><p>{}</p>", advice),
        tiles=[
            ("Examples", count(document["examples"])),
            ("Missing numbers", f"{document['missing_share']:.1%}"),
            ("Completions of each", count(document["draws"])),
            *measured,
        ],
    )


def _completions(grid: Image | None) -> Markup:
    if grid is None:
        return absent("These examples are no images; the completions are in the file of arrays.")
    caption = "The first examples: holes in magenta, the completions below them, and last the truth where it is known"
    return embedded_image(grid, caption, share=GRID_SHARE)


def _maps(maps: Mapping[str, NDArray[Any]]) -> Markup:
    if not maps:
        return absent("Maps are drawn of images alone.")
    said = "Over all examples, not only those that are shown. Grey pixels are missing in no example."
    drawn = [embedded_figure(pixel_map_figure(numbers, MAPS[name][0]), MAPS[name][1]) for name, numbers in maps.items()]
    return html('<p class="quiet">{}</p><div class="plots">{}</div>', said, joined(drawn))


def _errors(errors: Mapping[str, float] | None) -> Markup:
    if errors is None:
        return absent("They need the complete images: give them by --truth.")
    said = (
        "Root mean squared errors of missing numbers, in shares of the data's range where it has one. The mean of all completions has the "
        "least error and looks blurred; the energy score is lowest for completions that are distributed as the truth."
    )
    return html(
        '<p class="quiet">{}</p>{}',
        said,
        definitions([(ERRORS[name], f"{value:.4f}") for name, value in errors.items()]),
    )
