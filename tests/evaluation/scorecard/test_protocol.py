"""Differences that change a number prevent a comparison of two scorecards and are named; others do not."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from saddlepoint.errors import RunError
from saddlepoint.evaluation.scorecard.protocol import FeatureCard, ProtocolCard, differences, require_comparable
from tests.evaluation.cards import card

MATTERS: dict[str, tuple[Any, str]] = {
    "data": ("mnist", "data"),
    "data_fingerprint": ("0" * 64, "content of the data"),
    "split": ("training", "split"),
    "split_fingerprint": ("0" * 64, "examples of the split"),
    "n_real": (10, "number of real examples"),
    "n_fake": (10, "number of samples"),
    "features": ((FeatureCard("PCA-28", "0" * 64, 28),), "weights of the features PCA-28"),
    "preprocessing": ("cropped", "preprocessing"),
    "seeds": ((0, 1), "sampling seeds"),
    "seed": (1, "seed of the measurement"),
    "settings": ({"resamples": 10}, "resamples (25 against 10)"),
    "versions": ({"saddlepoint": "0.2"}, "version of saddlepoint (0.1 against 0.2)"),
}
FREE: dict[str, Any] = {
    "model": "another", "step": 20, "ema": True, "asked": {}, "seconds": 9.0, "finished": "later",
}  # fmt: skip


def test_every_entry_of_a_card_is_decided_on() -> None:
    assert {entry.name for entry in fields(ProtocolCard)} == {*MATTERS, *FREE}


@pytest.mark.parametrize("entry", MATTERS)
def test_relevant_settings_are_named(entry: str) -> None:
    value, words = MATTERS[entry]
    found = differences(card(), card(**{entry: value}))
    assert len(found) == 1
    assert found[0].startswith(words)
    with pytest.raises(RunError, match="--force"):
        require_comparable({"a": card(), "b": card(), "c": card(**{entry: value})})


@pytest.mark.parametrize("entry", FREE)
def test_irrelevant_settings_are_ignored(entry: str) -> None:
    require_comparable({"a": card(), "b": card(**{entry: FREE[entry]})})


def test_other_features_are_named_by_their_names() -> None:
    assert differences(card(), card(features=())) == ["features (PCA-28 against none)"]


def test_torch_may_differ() -> None:
    assert differences(card(), card(versions={"saddlepoint": "0.1", "torch": "3"})) == []
