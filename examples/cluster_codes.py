"""Group examples by the codes of a small model, and compare the groups with those of the raw values.

python examples/cluster_codes.py

Here the examples are points of three rings around the origin, which k-means cannot separate; put any array of shape (N, ...) in their place.
"""

from __future__ import annotations

import numpy as np

import saddlepoint as sp

RADII = (1.0, 3.0, 5.0)


def rings(each: int) -> tuple[np.ndarray, np.ndarray]:
    """Points (3 each, 2) on three rings with some noise, and the number of each point's ring."""
    random = np.random.default_rng(0)
    ring = np.repeat(np.arange(len(RADII)), each)
    angle = random.uniform(0, 2 * np.pi, len(ring))
    radius = np.array(RADII)[ring] + 0.1 * random.standard_normal(len(ring))
    return np.stack((radius * np.cos(angle), radius * np.sin(angle)), 1), ring


def main() -> None:
    """Train an autoencoder, cluster its codes, print what was found."""
    done = sp.cluster(rings(200), steps=300, seeds=2, outliers=3, progress=False)
    print(done.headline)
    for method in done.assignments:
        found = {name: done.scores[name][method].metrics["ami"] for name in done.scores}
        print(f"  {method}: " + ", ".join(f"{name} {ami.value:.2f}" for name, ami in found.items()))
    if done.probes is not None:
        print(f"The nearest neighbours of a code tell the ring: {done.probes.scores['k-nn']['codes'].accuracy}")
    print("Unusual:", ", ".join(one.name for one in done.outliers if one.criterion == "density"))


if __name__ == "__main__":
    main()
