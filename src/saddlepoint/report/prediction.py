"""The page of a predictor of frames: scores beside baselines, quality by frame, and predictions beside the truth, in one HTML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from saddlepoint.figures.bands import Band, bands_figure
from saddlepoint.markup import Markup, html, joined
from saddlepoint.report.embedding import embedded_gif
from saddlepoint.report.layout import card_table
from saddlepoint.report.measurement_page import (
    FirstScreen,
    captioned,
    embedded_figure,
    embedded_image,
    write_measurement_page,
)
from saddlepoint.report.words import count, definitions

if TYPE_CHECKING:
    from PIL.Image import Image

STRIPS_SHARE = 1_500_000  # bytes of the picture of strips
FILM_SHARE = 3_000_000  # bytes of the film, which is left out if it is larger
CURVES = ("psnr", "ssim", "sharpness")  # that are drawn by frame


@dataclass(frozen=True)
class Pictures:
    """What is shown of the test sequences.

    Attributes:
        strips: frames of some sequences in rows.
        film: the same as an animated GIF.
        film_file: name of the film beside the page.
    """

    strips: Image
    film: bytes
    film_file: str


def write_prediction_page(document: Mapping[str, Any], pictures: Pictures, path: Path) -> Path:
    """Write the page.

    Args:
        document: what `Prediction.to_json` returns, and under "labels" title, unit and digits of each score.
        pictures: of test sequences.
        path: of the page, in a folder that exists.

    Returns:
        The path.
    """
    sections = {
        "predictions": ("Predictions", _predictions(document, pictures)),
        "scores": ("Scores", _scores(document)),
        "frames": ("By frame", _frames(document)),
        "how": ("How it was measured", _how(document)),
    }
    return write_measurement_page(path, _first_screen(document), sections)


def _first_screen(document: Mapping[str, Any]) -> FirstScreen:
    own = document["rows"][0]["scores"]
    sentences = joined(html("<p>{}</p>", sentence) for sentence in document["sentences"])
    return FirstScreen(
        tone="warning" if document["unbeaten"] else "good",
        about=html("next frames of {}", document["data"]),
        headline=document["headline"],
        verdict=html("<h2>What it means</h2>{}", sentences),
        tiles=[
            ("PSNR", f"{own['psnr']['value']:.2f} dB"),
            ("SSIM", f"{own['ssim']['value']:.3f}"),
            ("Sharpness", f"{own['sharpness']['value']:.0%} of true"),
            ("Frames", f"{document['frames_in']} given, {document['frames_out']} predicted"),
            ("Test sequences", count(document["sequences"])),
            *([("Test videos", count(document["videos"]))] if document["videos"] < document["sequences"] else []),
            ("Loss", document["loss"]),
        ],
    )


def _predictions(document: Mapping[str, Any], pictures: Pictures) -> Markup:
    caption = "Test sequences: the given frames, the frames that followed, and the predicted ones, from left to right in time."
    strips = embedded_image(pictures.strips, caption, share=STRIPS_SHARE)
    said = f"The same in motion ({pictures.film_file}): true on the left, predicted on the right; first the given frames on both sides."
    if len(pictures.film) <= FILM_SHARE:
        film = captioned(embedded_gif(pictures.film), said)
    else:
        film = html('<p class="quiet">The film is too large for this page: see {} beside it.</p>', pictures.film_file)
    return html("{}{}", strips, film)


def _scores(document: Mapping[str, Any]) -> Markup:
    labels: Mapping[str, Mapping[str, Any]] = document["labels"]
    names = ["Predictor", *(f"{label['title']} ({label['direction']})" for label in labels.values()), "Pooled PSNR"]
    rows = [
        [
            ("title", html("<strong>{}</strong>", row["name"])),
            *(("other", _interval(row["scores"][name], label)) for name, label in labels.items()),
            ("other", f"{row['pooled_psnr']:.2f} dB"),
        ]
        for row in document["rows"]
    ]
    return html(
        '<p class="quiet">Means over test sequences with 95 % intervals; the predictor first, then predictions that need no training.</p>'
        '<div class="scroll">{}</div>',
        card_table("scores", names, rows),
    )


def _interval(interval: Mapping[str, float], label: Mapping[str, Any]) -> Markup:
    digits, unit = label["digits"], f" {label['unit']}" if label["unit"] else ""
    value, low, high = (f"{interval[part]:.{digits}f}" for part in ("value", "low", "high"))
    return html('{}{} <span class="quiet">{} to {}</span>', value, unit, low, high)


def _frames(document: Mapping[str, Any]) -> Markup:
    labels = document["labels"]
    drawn = []
    for name in CURVES:
        unit = f" / {labels[name]['unit']}" if labels[name]["unit"] else ""
        panels = {labels[name]["title"]: {row["name"]: _band(row["per_frame"][name]) for row in document["rows"]}}
        drawing = bands_figure(
            panels, y=f"{labels[name]['title']}{unit}", x="predicted frame", log_x=False, log_y=False
        )
        caption = (
            f"{labels[name]['title']} of each predicted frame: the mean over test sequences and its 95 % interval."
        )
        drawn.append(embedded_figure(drawing, caption))
    return html('<div class="plots">{}</div>', joined(drawn))


def _band(intervals: Sequence[Mapping[str, float]]) -> Band:
    low, middle, high = ([one[part] for one in intervals] for part in ("low", "value", "high"))
    return Band(np.arange(1, len(intervals) + 1), low, middle, high)


def _how(document: Mapping[str, Any]) -> Markup:
    labels = document["labels"]
    scores = [(labels[name]["title"], meaning) for name, meaning in document["scores"].items()]
    facts = [
        ("Pooled PSNR", "PSNR of the mean squared error of all frames together, in dB: the other formula in use"),
        ("Trained with", document["trained_with"]),
        ("Training steps", count(document["steps"])),
        ("Seed", str(document["seed"])),
        ("Run", str(document["run"])),
        ("Data", "; ".join([document["data"], *document["notes"]])),
    ]
    return html(
        "<p>Sequences of {} frames that are no part of training: the first {} are given, and the other {} are predicted. Values are from 0 to 1. "
        "Intervals are over {}, and do not cover the chance of training.</p>{}",
        document["frames_in"] + document["frames_out"],
        document["frames_in"],
        document["frames_out"],
        "videos, since sequences of one video are not independent"
        if 1 < document["videos"] < document["sequences"]
        else "sequences",
        definitions([*scores, *facts]),
    )
