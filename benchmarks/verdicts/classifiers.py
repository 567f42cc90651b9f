"""Classifier two-sample tests on raw values, as the truth uses them.

References:
    "Revisiting Classifier Two-Sample Tests", D. Lopez-Paz, M. Oquab, 2017, https://arxiv.org/abs/1610.06545.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

FOLDS = 2
MANY = 1_000  # examples of a set from which on one fold is tested: half of them give an error of 1.6 % or less
EPOCHS = 10
LARGE = 20  # pixels a side, from which on the network takes every second position

Fit = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def held_out_accuracy(real: Tensor, samples: Tensor, fit: Fit, *, seed: int = 0) -> float:
    """Accuracy with which a classifier recognises samples among real examples, on examples it was not trained on.

    Args:
        real: (R, *event) real examples.
        samples: (S, *event) samples; the larger set is cut to the size of the smaller one.
        fit: (training x, training y in {0, 1}, test x) -> (T,) scores, above 0 for a sample.
        seed: Of the folds.

    Returns:
        Share in [0, 1] of right answers over the tested folds; 0.5 where the sets cannot be told apart.
    """
    count = min(len(real), len(samples))
    rng = np.random.default_rng(seed)
    # Each set is split by itself, so that every fold is balanced.
    parts = [rng.permutation(len(x))[:count] for x in (real, samples)]
    right = asked = 0
    for fold in range(FOLDS if count < MANY else 1):
        train_x, train_y, test_x, test_y = [], [], [], []
        for label, (x, chosen) in enumerate(zip((real, samples), parts, strict=True)):
            in_test = np.arange(count) % FOLDS == fold
            train_x.append(x[chosen[~in_test]].float().numpy())
            test_x.append(x[chosen[in_test]].float().numpy())
            train_y.append(np.full(int((~in_test).sum()), label))
            test_y.append(np.full(int(in_test.sum()), label))
        scores = fit(np.concatenate(train_x), np.concatenate(train_y), np.concatenate(test_x))
        answers = (scores > 0) == np.concatenate(test_y)
        right, asked = right + int(answers.sum()), asked + len(answers)
    return right / asked


def boosted_trees(x: np.ndarray, y: np.ndarray, test: np.ndarray) -> np.ndarray:
    """A strong classifier for vectors."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.1, max_leaf_nodes=15, l2_regularization=1.0, early_stopping=False, random_state=0
    ).fit(x, y)
    return np.asarray(model.decision_function(test))


def boosted_stumps(x: np.ndarray, y: np.ndarray, test: np.ndarray) -> np.ndarray:
    """A simple classifier for vectors: a sum of 20 one-column thresholds."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=20, learning_rate=0.3, max_leaf_nodes=2, early_stopping=False, random_state=0
    ).fit(x, y)
    return np.asarray(model.decision_function(test))


def linear(x: np.ndarray, y: np.ndarray, test: np.ndarray) -> np.ndarray:
    """A simple classifier for images: regularised logistic regression on raw pixels."""
    from sklearn.linear_model import LogisticRegression

    x, test = _standardise(x.reshape(len(x), -1), test.reshape(len(test), -1))
    return np.asarray(LogisticRegression(C=0.003, max_iter=200).fit(x, y).decision_function(test))


def convolutional(x: np.ndarray, y: np.ndarray, test: np.ndarray) -> np.ndarray:
    """A strong classifier for images: a small convolutional network, trained for `EPOCHS` epochs."""
    generator = torch.Generator().manual_seed(0)
    x, test = _standardise(x, test, whole=True)
    inputs, targets = torch.from_numpy(x), torch.from_numpy(y).float()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        stride, pool = (2, nn.Identity()) if x.shape[-1] >= LARGE else (1, nn.MaxPool2d(2))
        network = nn.Sequential(
            nn.Conv2d(x.shape[1], 16, 3, stride, padding=1), nn.ReLU(), pool,
            nn.Conv2d(16, 32, 3, stride, padding=1), nn.ReLU(), pool,
            nn.Flatten(), nn.Dropout(0.25), nn.LazyLinear(64), nn.ReLU(), nn.Linear(64, 1),
        )  # fmt: skip
        network(inputs[:2])
        optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-2)
        for _ in range(EPOCHS):
            for rows in torch.randperm(len(inputs), generator=generator).split(64):
                loss = nn.functional.binary_cross_entropy_with_logits(network(inputs[rows])[:, 0], targets[rows])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
    network.eval()
    with torch.inference_mode():
        return torch.cat([network(rows)[:, 0] for rows in torch.from_numpy(test).split(500)]).numpy()


def _standardise(x: np.ndarray, test: np.ndarray, *, whole: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Both by the mean and deviation of x: of each column, or of all numbers together."""
    mean, std = (x.mean(), x.std()) if whole else (x.mean(0), x.std(0))
    std = np.where(std > 0, std, 1)
    return ((x - mean) / std).astype(np.float32), ((test - mean) / std).astype(np.float32)
