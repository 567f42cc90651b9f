"""Apply a trained predictor to other sequences: each is continued after its last frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.data.videos import read_sequences
from saddlepoint.errors import SettingError
from saddlepoint.experiment import load
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import PredictsFrames, require


@dataclass(frozen=True)
class Continued:
    """A sequence and what is predicted to follow it.

    Attributes:
        name: of the sequence.
        given: (C, T, H, W) uint8, all its frames.
        predicted: (C, frames, H, W) uint8.
    """

    name: str
    given: Tensor
    predicted: Tensor


def load_predictor(run: Path, *, trust: bool = False) -> PredictsFrames:
    """The predictor of a run; raises DataError where its model predicts no frames."""
    return require(load(run, trust=trust), PredictsFrames)


def continue_sequences(model: PredictsFrames, source: Path, frames: int | None = None) -> Iterator[Continued]:
    """Continue each sequence of a video file, a folder of videos, or folders of frames.

    Args:
        model: a trained predictor.
        source: of the sequences; frames are brought to the size of those that the model was trained on.
        frames: number of predicted frames; None for as many as in training.

    Raises:
        SettingError: the model was trained on other values than bytes.
        DataError: there are no sequences, one cannot be read, or is shorter than the frames that the model needs.
    """
    assert isinstance(model, Model)
    event = _event_of_bytes(model)
    channels, _, height, width = event.shape
    for name, given in read_sequences(source, (height, width), channels, least=model.frames_in):
        batch = torch.as_tensor(given)[None]
        yield Continued(name, batch[0], model.predict(batch, frames)[0])


def _event_of_bytes(model: Model) -> Event:
    event = model.event
    if event.dtype != "uint8":
        raise SettingError(
            "predict: this model was trained on arrays of real numbers, and files of pictures hold bytes; call model.predict(frames) in Python."
        )
    return event
