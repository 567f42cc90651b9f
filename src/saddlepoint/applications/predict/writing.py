"""What a prediction is written as: a document, a page, a picture of strips and a film."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from saddlepoint.applications.predict.prediction import Prediction
from saddlepoint.applications.predict.settings import METHODS, SCORES
from saddlepoint.figures.frames import comparison_film, comparison_strips
from saddlepoint.figures.style import write_png
from saddlepoint.figures.video import film, gif_bytes
from saddlepoint.records import replaced
from saddlepoint.records.schema import number_to_json
from saddlepoint.report.prediction import Pictures, write_prediction_page

SPEED = 4.0  # frames a second
DIRECTIONS = {"higher": "higher is better", "lower": "lower is better", "near 1": "1 is as sharp as the data"}
RESULT, PAGE, STRIPS, FILM = "result.json", "report.html", "predictions.png", "predictions"


def write_prediction(done: Prediction, folder: Path) -> dict[str, Any]:
    """Write result.json, report.html, predictions.png and predictions.mp4 (.gif without PyAV) into a folder.

    Args:
        done: what `predict` returned.
        folder: is created if need be; these files in it are replaced, result.json as the last.

    Returns:
        The content of result.json.
    """
    folder.mkdir(parents=True, exist_ok=True)
    videos = tuple(part.numpy() for part in (done.given, done.truth, done.predicted))
    strips = comparison_strips(*videos, title=f"{done.data}, trained with {METHODS[done.loss]}")
    write_png(strips, folder / STRIPS)
    made = film(comparison_film(*videos), folder / FILM, frames_per_second=SPEED)
    document: dict[str, Any] = number_to_json(done.to_json())
    labels = {
        name: {"title": one.title, "unit": one.unit, "digits": one.digits, "direction": DIRECTIONS[one.better]}
        for name, one in SCORES.items()
    }
    pictures = Pictures(strips, gif_bytes(comparison_film(*videos), SPEED), made.name)
    write_prediction_page({**document, "labels": labels}, pictures, folder / PAGE)
    with replaced(folder / RESULT) as file:
        json.dump(document, file, indent=2, allow_nan=False)
    return document
