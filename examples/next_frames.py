"""Predict the next frames of moving digits, and compare with the last frame repeated.

python examples/next_frames.py

A training this short only shows that it works; `saddlepoint predict moving-digits --out next` trains longer.
"""

from __future__ import annotations

import saddlepoint as sp


def main() -> None:
    """Train a small predictor, measure it, and predict on."""
    done = sp.predict("moving-digits", frames_in=3, frames_out=3, points=200, size=24, width=16, steps=150)
    print(done.headline)
    for row in done.measured.rows:
        error, sharpness = row.scores["squared_error"], row.scores["sharpness"]
        print(f"{row.name:<15} squared error {error.value:6.1f}  sharpness {sharpness.value:.2f}")
    frames = (255 * done.given).byte()
    print("ten frames ahead:", tuple(done.model.predict(frames, 10).shape))


if __name__ == "__main__":
    main()
