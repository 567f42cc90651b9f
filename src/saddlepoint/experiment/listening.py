"""Samples of sounds and texts as the report plays and quotes them: figures/sample-01.wav, ..., and figures/texts.json."""

from __future__ import annotations

import json

import torch
from torch import Tensor

from saddlepoint.data.alphabet import decode
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.wav import UNKNOWN_RATE, wav_bytes
from saddlepoint.records import RunFolder, replaced

SOUNDS, EXAMPLES = 12, 4  # samples that are kept, and real examples to compare them with
TEXTS = 24


def write_examples(samples: Tensor, dataset: Dataset, folder: RunFolder, seed: int) -> None:
    """Write samples of sounds or texts beside a few real examples; samples of other data are pictures already.

    Args:
        samples: (N, *event) in the data's units.
        dataset: its held-out examples are the real ones, or training examples where none are held out.
        folder: the run's.
        seed: of the choice of real examples.
    """
    event = dataset.event
    if event.kind not in ("sound", "text"):
        return
    held_out = dataset.held_out
    source = held_out if held_out is not None and len(held_out) else dataset
    order = torch.randperm(len(source), generator=torch.Generator().manual_seed(seed))
    if event.kind == "sound":
        for name, sounds in (("sample", samples[:SOUNDS]), ("example", source.x[order[:EXAMPLES]])):
            for number, sound in enumerate(sounds.float().numpy(), 1):
                with replaced(folder.figures / f"{name}-{number:02d}.wav", "wb") as file:
                    file.write(wav_bytes(sound, event.rate or UNKNOWN_RATE, code="pcm"))
        return
    alphabet = event.alphabet or ()
    texts = {"samples": decode(samples[:TEXTS], alphabet), "examples": decode(source.x[order[:EXAMPLES]], alphabet)}
    with replaced(folder.figures / "texts.json") as file:
        json.dump(texts, file)
