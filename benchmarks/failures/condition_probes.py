"""What a probe measures of a conditional GAN and of an InfoGAN: whether samples follow their labels and codes.

The rules vote by nearest neighbours in projected space, compare distances there, and read codes with the discriminator's own head.
Here a recogniser is fitted in the units of the data by a closed form: for classes on real examples, for codes on samples of
known codes. It never sees the discriminator.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from saddlepoint.models.class_samples import with_classes_in_turn
from saddlepoint.models.code_capabilities import NamedCodes

PER_CLASS = 60  # samples
SAMPLES = 1_200  # of an InfoGAN: half of them to fit the recogniser, half to test it
RIDGE = 0.1
FEWEST = 10  # real examples of a class whose spread is measured

Standard = Callable[[Tensor], Tensor]


def fit_recogniser(x: Tensor, targets: Tensor) -> Callable[[Tensor], Tensor]:
    """Fit a kernel ridge regression with a Gaussian kernel, whose squared width is the median squared distance of its examples.

    Args:
        x: (N, d) float64 examples.
        targets: (N, k) float64.

    Returns:
        (M, d) examples -> (M, k) predicted targets.

    References:
        Ridge Regression Learning Algorithm in Dual Variables (Craig Saunders, Alexander Gammerman, Volodya Vovk, 1998),
            https://eprints.soton.ac.uk/258942/
    """
    from sklearn.kernel_ridge import KernelRidge

    mean, squared_width = targets.mean(0), float(torch.cdist(x, x).square().median().clamp_min(1e-12))
    fitted = KernelRidge(alpha=RIDGE, kernel="rbf", gamma=1 / squared_width).fit(x.numpy(), (targets - mean).numpy())
    return lambda other: mean + torch.from_numpy(fitted.predict(other.numpy()))


def class_facts(
    model: Any, real: tuple[Tensor, Tensor], held_out: tuple[Tensor, Tensor], standard: Standard, seed: int
) -> dict[str, Any]:
    """Measure whether samples are of the classes that they were asked for, and how much those of a class vary.

    Args:
        model: a conditional GAN, with the weights that its users sample from.
        real: (N, *event) examples, and their labels (N,).
        held_out: other examples, and their labels.
        standard: turns examples into (N, d) float64 in standard units.
        seed: of the noise.

    Returns:
        class_recall: mean over classes of the share of samples that the recogniser assigns to their class. real_class_recall:
        the same for held-out examples. class_chance: the same for a guess. class_spread: for each class with enough real
        examples, the root of the total variance of its samples, over that of its real examples.
    """
    classes, noise = model.classes, torch.Generator().manual_seed(seed)
    z, labels = with_classes_in_turn(model, model.fixed_noise(PER_CLASS * classes, noise))
    assert labels is not None
    x, y = standard(real[0]), real[1]
    samples = standard(model.decode(z).cpu())
    recognise = fit_recogniser(x, torch.nn.functional.one_hot(y, classes).double())
    spreads = []
    for label in range(classes):
        own = x[y == label]
        if len(own) >= FEWEST and (width := _total_deviation(own)) > 0:
            spreads.append(_total_deviation(samples[labels == label]) / width)
    return {
        "class_recall": _recall(recognise(samples).argmax(1), labels),
        "real_class_recall": _recall(recognise(standard(held_out[0])).argmax(1), held_out[1]),
        "class_chance": 1 / classes,
        "class_spread": spreads,
    }


def code_facts(model: Any, codes: NamedCodes, standard: Standard, seed: int) -> dict[str, Any]:
    """Measure whether the codes of an InfoGAN can be read from its samples.

    Args:
        model: an InfoGAN, with the weights that its users sample from.
        codes: where its codes are.
        standard: turns examples into (N, d) float64 in standard units.
        seed: of the noise.

    Returns:
        codes_read: by kind of code, "categorical" and "continuous", how well the recogniser reads other samples: the share that it
        recognises between chance (0) and all (1), and R^2; means over the codes of a kind.
    """
    z = model.fixed_noise(SAMPLES, torch.Generator().manual_seed(seed))
    x, half = standard(model.decode(z).cpu()), SAMPLES // 2
    targets = z[:, codes.first : codes.stop].double()
    predicted, drawn = fit_recogniser(x[:half], targets[:half])(x[half:]), targets[half:]
    read: dict[str, list[float]] = {}
    start = 0
    for values in codes.categories:
        own = slice(start, start + values)
        hits = float((predicted[:, own].argmax(1) == drawn[:, own].argmax(1)).double().mean())
        read.setdefault("categorical", []).append((hits - 1 / values) / (1 - 1 / values))
        start += values
    for at in range(start, start + codes.continuous):
        error = (predicted[:, at] - drawn[:, at]).square().mean() / drawn[:, at].var()
        read.setdefault("continuous", []).append(float(1 - error))
    return {"codes_read": {kind: math.fsum(values) / len(values) for kind, values in read.items()}}


def _recall(found: Tensor, labels: Tensor) -> float:
    """Mean over the classes that occur of the share of their examples that are recognised."""
    shares = [float((found[labels == label] == label).double().mean()) for label in labels.unique()]
    return math.fsum(shares) / len(shares)


def _total_deviation(x: Tensor) -> float:
    return float(x.var(0).sum().sqrt())
