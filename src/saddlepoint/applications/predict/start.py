"""Train a predictor of next frames and measure it, in one call."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from torch import Tensor

from saddlepoint.applications.predict.measuring import measure
from saddlepoint.applications.predict.prediction import Prediction
from saddlepoint.applications.predict.settings import FRAMES_IN, FRAMES_OUT, LOSS, METHODS, STEPS, TESTED
from saddlepoint.applications.predict.sources import data_settings, read_videos
from saddlepoint.applications.predict.training import predictor_recipe, trained_run
from saddlepoint.arguments import check_count, check_path
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import SettingError, suggestion
from saddlepoint.experiment import Listener, Run
from saddlepoint.models.capabilities import PredictsFrames, require
from saddlepoint.recipe import Recipe

SHOWN = 8  # test sequences that are kept to be looked at


def predict(
    data: str | Path,
    *,
    frames_in: int = FRAMES_IN,
    frames_out: int = FRAMES_OUT,
    loss: str = LOSS,
    steps: int = STEPS,
    size: int | None = None,
    stride: int | None = None,
    points: int | None = None,
    channels: str = "auto",
    width: int | None = None,
    seed: int = 0,
    run: str | Path | None = None,
    listener: Listener | None = None,
) -> Prediction:
    """Train a predictor of the next frames of videos, and measure it on held-out sequences beside predictions that need no training.

    Args:
        data: moving-digits, moving-mnist, or the path of a folder of videos or of frame sequences.
        frames_in: frames that are given.
        frames_out: frames that are predicted.
        loss: squared, adversarial, gradient-difference or both.
        steps: of training.
        size: height and width of the frames in pixels; None keeps those of the data.
        stride: frames between the starts of two examples of one sequence; None for examples without common frames.
        points: moving digits: number of training videos.
        channels: grey or rgb; auto takes what the frames have.
        width: channels of the network's finest level; None takes the usual number.
        seed: of training.
        run: folder of the training run; a run of the same settings there is continued or used. None keeps no run.
        listener: gets callbacks while it trains.

    Returns:
        The predictor and its scores.

    Raises:
        SettingError: an argument is invalid.
        DataError: the data cannot be read, frames have different sizes, or sequences are too short.
        MissingExtraError: the data are video files, and PyAV is not installed.
    """
    if run is not None:
        check_path("predict", "run", run)
    recipe, settings = check_request(
        data, frames_in, frames_out, loss, steps, size=size, stride=stride, points=points, channels=channels, width=width,
        seed=seed,
    )  # fmt: skip
    dataset = read_videos(settings)
    if run is not None:
        return measure_run(trained_run(recipe, dataset, Path(run), listener), dataset, Path(run))
    with tempfile.TemporaryDirectory() as folder:
        return measure_run(trained_run(recipe, dataset, Path(folder) / "run", listener, pictures=False), dataset, None)


def check_request(
    data: str | Path,
    frames_in: int,
    frames_out: int,
    loss: str,
    steps: int,
    *,
    size: int | None = None,
    stride: int | None = None,
    points: int | None = None,
    channels: str = "auto",
    width: int | None = None,
    seed: int = 0,
) -> tuple[Recipe, DataSettings]:
    """Check the arguments of `predict` before anything is read; return the recipe and the settings of the data."""
    check_count("predict", "frames_in", frames_in, 1)
    check_count("predict", "frames_out", frames_out, 1)
    check_count("predict", "steps", steps, 1)
    if loss not in METHODS:
        raise SettingError(
            f"predict: there is no loss {loss!r}; there are {', '.join(METHODS)}.{suggestion(loss, METHODS)}"
        )
    settings = data_settings(data, frames_in + frames_out, size=size, stride=stride, points=points, channels=channels)
    return predictor_recipe(settings, frames_in, loss, steps, seed, width), settings


def measure_run(run: Run, dataset: Dataset, place: Path | None) -> Prediction:
    """Measure a trained predictor on the held-out sequences of a dataset.

    Args:
        run: the run.
        dataset: its data.
        place: folder of the run that the result names; None if it is not kept.
    """
    model = require(run.model, PredictsFrames)
    assert dataset.held_out is not None, "read_videos checks that"
    tested = evenly_spaced(len(dataset.held_out), TESTED)
    x, sequences = dataset.held_out.x[tested], dataset.held_out.sequences
    shown = evenly_spaced(len(x), SHOWN)
    units = dataset.event.scaling("unit")
    frames = units.to_model(model.predict(x[:, :, : model.frames_in]))
    given, truth = (units.to_model(part) for part in (x[:, :, : model.frames_in], x[:, :, model.frames_in :]))
    recipe = run.recipe
    return Prediction(
        model,
        recipe.model.objective,  # type: ignore[attr-defined]  # the recipe is one of `predictor_recipe`
        dataset.name,
        measure(given, truth, frames, None if sequences is None else sequences[tested]),
        given[shown],
        truth[shown],
        frames[shown],
        place,
        recipe.training.steps,
        recipe.training.seed,
        dataset.notes,
    )


def evenly_spaced(n: int, most: int) -> Tensor:
    """At most `most` of the positions 0 to n - 1, evenly spaced, so that all sequences are among them; int64."""
    return torch.linspace(0, n - 1, min(n, most), dtype=torch.float64).round().long()
