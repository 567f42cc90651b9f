"""Small scorecards to compare, without measuring anything."""

from __future__ import annotations

from typing import Any

from saddlepoint.evaluation.scorecard.protocol import FeatureCard, ProtocolCard
from saddlepoint.evaluation.scorecard.score import ClassScores, Estimate, Score, Skipped
from saddlepoint.evaluation.scorecard.scorecard import Scorecard


def card(**changes: Any) -> ProtocolCard:
    values: dict[str, Any] = {
        "model": "a model",
        "data": "digits",
        "data_fingerprint": "d" * 64,
        "split": "held-out",
        "split_fingerprint": "e" * 64,
        "n_real": 180,
        "n_fake": 180,
        "features": (FeatureCard("PCA-28", "f" * 64, 28, ("holds 95 %",)),),
        "preprocessing": "none",
        "seeds": (0, 1, 2),
        "seed": 0,
        "step": 10,
        "ema": False,
        "settings": {"resamples": 25},
        "asked": {"samples": None},
        "versions": {"saddlepoint": "0.1", "torch": "2.13"},
        "seconds": 1.5,
        "finished": "2026-01-01T00:00:00+00:00",
    }
    return ProtocolCard(**{**values, **changes})


def score(value: float = 1.0, **changes: Any) -> Score:
    values: dict[str, Any] = {
        "metric": "frechet",
        "title": "Fréchet distance (PCA-28)",
        "value": value,
        "low": value - 0.2,
        "high": value + 0.2,
        "better": "lower",
        "features": "PCA-28",
        "baseline": Estimate(0.1, 0.05, 0.15),
        "worst_case": Estimate(10.0),
        "repeats": (value, value),
    }
    return Score(**{**values, **changes})


def scorecard(*scores: Score, **changes: Any) -> Scorecard:
    return Scorecard(
        card(**changes),
        scores or (score(),),
        (Skipped("truth", "Log-likelihood under the truth", "the true distribution of these data is not known."),),
        (ClassScores("zero", 0.1, 0.2, 0.15, 0.25, precision=0.5), ClassScores("<b>", 0.9, 0.8, 0.7, 0.9)),
        ("too few",),
    )
