"""The protocol card: everything about how a score was measured that changes the number.

A score means little without it: the same samples have another Fréchet distance at another number of points, against another
split, or in other features. Two scorecards can be compared where their protocols agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from saddlepoint.errors import RunError


@dataclass(frozen=True)
class FeatureCard:
    """One feature extractor.

    Attributes:
        name: shown with every score in these features.
        fingerprint: hash of what computes them.
        dimension: numbers an example.
        notes: how far they can be trusted.
    """

    name: str
    fingerprint: str
    dimension: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProtocolCard:
    """How a scorecard was measured.

    Attributes:
        model: what was measured.
        data: the name of the data.
        data_fingerprint: SHA-256 of their content.
        split: "held-out", or "training" where nothing is held out.
        split_fingerprint: SHA-256 of the examples that samples were compared with.
        n_real: real examples.
        n_fake: samples for each of `seeds`.
        features: every extractor that was used.
        preprocessing: what was done to an example before the features.
        seeds: of the samples.
        seed: of subsets, halves and directions.
        step: of the checkpoint; None outside of runs.
        ema: whether the weights were the moving average; None where that is not known.
        settings: other choices that change a number (neighbours, subsets, ...).
        asked: what the caller requested (samples, seeds, features, data, checkpoint), by which a card is recognised as the
            answer to the same request.
        versions: of saddlepoint and torch.
        seconds: how long it took.
        finished: when, UTC, ISO 8601.
    """

    model: str
    data: str
    data_fingerprint: str
    split: str
    split_fingerprint: str
    n_real: int
    n_fake: int
    features: tuple[FeatureCard, ...]
    preprocessing: str
    seeds: tuple[int, ...]
    seed: int
    step: int | None = None
    ema: bool | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    asked: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    finished: str = ""

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ProtocolCard:
        """Undo `dataclasses.asdict` and a trip through JSON."""
        features = tuple(
            FeatureCard(entry["name"], entry["fingerprint"], entry["dimension"], tuple(entry["notes"]))
            for entry in value["features"]
        )
        return cls(**{**value, "features": features, "seeds": tuple(value["seeds"])})


# What must agree between two cards before their scores are compared, in words.
_MATTERS = {
    "data": "data",
    "data_fingerprint": "content of the data",
    "split": "split",
    "split_fingerprint": "examples of the split",
    "n_real": "number of real examples",
    "n_fake": "number of samples",
    "preprocessing": "preprocessing",
    "seeds": "sampling seeds",
    "seed": "seed of the measurement",
}


def differences(first: ProtocolCard, second: ProtocolCard) -> list[str]:
    """Why the scores of two cards cannot be compared, one phrase a difference; empty where they can.

    Model, step, averaging and time may differ, since they are what a comparison is about, and so may the version of torch,
    which changes numbers by rounding alone.
    """
    found = [
        f"{words} ({_short(getattr(first, name))} against {_short(getattr(second, name))})"
        for name, words in _MATTERS.items()
        if getattr(first, name) != getattr(second, name)
    ]
    ours, theirs = ({f.name: f.fingerprint for f in card.features} for card in (first, second))
    if set(ours) != set(theirs):
        found.append(f"features ({', '.join(ours) or 'none'} against {', '.join(theirs) or 'none'})")
    else:
        found += [f"weights of the features {name}" for name in ours if ours[name] != theirs[name]]
    for name in sorted({*first.settings, *second.settings}):
        if first.settings.get(name) != second.settings.get(name):
            found.append(f"{name} ({first.settings.get(name)} against {second.settings.get(name)})")
    versions = [card.versions.get("saddlepoint") for card in (first, second)]
    if versions[0] != versions[1]:
        found.append(f"version of saddlepoint ({versions[0]} against {versions[1]})")
    return found


def require_comparable(cards: Mapping[str, ProtocolCard]) -> None:
    """Check every card against the first.

    Raises:
        RunError: two differ; the message names what in.
    """
    names = list(cards)
    for name in names[1:]:
        found = differences(cards[names[0]], cards[name])
        if found:
            raise RunError(
                f"{names[0]} and {name} were measured by different protocols, so their scores say nothing of each other: "
                f"they differ in {'; '.join(found)}. Evaluate both the same way, or compare all the same with --force."
            )


def _short(value: Any) -> str:
    text = str(value)
    return text[:12] if len(text) == 64 and " " not in text else text
