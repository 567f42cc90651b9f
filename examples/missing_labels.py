"""Fill in missing labels of an array, and measure with hidden labels how well that works.

python examples/missing_labels.py

Here the examples are the digits of scikit-learn, of which one in ten keeps its label; put any array (N, ...) in their place.
"""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

import saddlepoint as sp


def main() -> None:
    """Hide labels, fill them in, and compare."""
    digits = load_digits()
    known = np.random.default_rng(0).random(len(digits.target)) < 0.1
    labels = np.where(known, digits.target, -1)
    done = sp.label(digits.images, labels, method="spreading", progress=False)
    right = np.mean([name == str(true) for name, true in zip(done.labels, digits.target, strict=True)])
    print(done.headline)
    print(f"right: {right:.3f} of all labels; mean confidence: {done.confidence.mean():.3f}")
    tested = sp.label("digits", per_class=5, method="spreading", progress=False).tested
    assert tested is not None
    print(f"held-out accuracy with 5 labels a class: {tested.inductive}; supervised baseline: {tested.baseline}")


if __name__ == "__main__":
    main()
