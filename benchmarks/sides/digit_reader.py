"""A small convolutional classifier of single MNIST digits, which reads the channels of Stacked MNIST.

Papers count the modes of Stacked MNIST by classifiers of their own; this one is trained on MNIST's training images, with a
seed, in about a minute on one core. Its accuracy on the test images is measured, and one that reads too badly is refused.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from saddlepoint.data import load
from saddlepoint.evaluation.features.fitting import fit

STEPS, BATCH = 1_400, 128  # three epochs
LEAST_ACCURACY = 0.985
CHUNK = 2_000  # digits read together


@dataclass(frozen=True, eq=False)
class DigitReader:
    """A trained classifier of digits.

    Attributes:
        network: (n, 1, 28, 28) with values in [0, 1] -> (n, 10) logits.
        accuracy: share of MNIST's test images that it reads correctly.
    """

    network: nn.Module
    accuracy: float

    def __call__(self, x: Tensor) -> Tensor:
        """(n, 1, 28, 28) with values 0 to 255 -> (n, 10) probabilities."""
        with torch.no_grad():
            parts = [self.network(part.float() / 255).softmax(1) for part in x.split(CHUNK)]
        return torch.cat(parts)


def read_digits(folder: Path, steps: int = STEPS) -> DigitReader:
    """The classifier, trained unless its weights are in the folder.

    Args:
        folder: keeps the weights.
        steps: of training.

    Raises:
        RuntimeError: it was trained for all steps and reads too few test images.
    """
    network = _network()
    file = folder / f"digit-reader-{steps}.safetensors"
    if file.exists():
        network.load_state_dict(load_file(file))
    else:
        _train(network, steps)
        folder.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".part-{os.getpid()}")
        save_file(network.state_dict(), part)
        part.replace(file)
    reader = DigitReader(network.eval(), math.nan)
    test = load("mnist").held_out
    assert test is not None
    accuracy = float((reader(test.x).argmax(1) == test.y).double().mean())
    if steps >= STEPS and accuracy <= LEAST_ACCURACY:
        raise RuntimeError(
            f"The classifier of digits reads {accuracy:.2%} of the test images; more than 98.5 % are needed."
        )
    return DigitReader(network, accuracy)


def _network() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Conv2d(1, 16, 5, stride=2, padding=2),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(32 * 7 * 7, 128),
            nn.ReLU(),
            nn.Linear(128, 10),
        )


def _train(network: nn.Module, steps: int) -> None:
    digits = load("mnist")
    assert digits.y is not None
    x, y = digits.x, digits.y

    def loss(index: Tensor) -> Tensor:
        return functional.cross_entropy(network(x[index].float() / 255), y[index])

    generator = torch.Generator().manual_seed(0)
    fit(
        (network,),
        loss,
        examples=len(x),
        batch=BATCH,
        steps=steps,
        generator=generator,
        what="Training a classifier of digits",
    )
