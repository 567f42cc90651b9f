"""Names of earlier versions keep their meaning, in recipes and in overrides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from saddlepoint.errors import SettingError
from saddlepoint.recipe import earlier_names
from saddlepoint.recipe.earlier_names import Lookup, current_changes, current_content, current_pairs


def _half_life(value: Any, lookup: Lookup) -> Mapping[str, Any]:
    return {f"m.penalties.{name}.half_life": value for name in ("r1", "r2") if lookup(f"m.penalties.{name}.weight")}


@pytest.fixture(autouse=True)
def rows(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {
        "m.r1": "m.penalties.r1.weight",
        "m.r2": "m.penalties.r2.weight",
        "m.half_life": _half_life,
        "m.replay": "m.replay.share",
        "m.replay_size": "m.replay.size",
        "t.d": "t.players.d",
    }
    monkeypatch.setattr(earlier_names, "EARLIER_NAMES", rows)


def test_settings_sections_and_conversions_are_moved() -> None:
    content = {"m": {"r1": 1, "half_life": 7, "replay": 0.5, "replay_size": 9, "kept": 0}, "t": {"d": {"rate": 2}}}
    before = repr(content)
    assert current_content(content, "x") == {
        "m": {"penalties": {"r1": {"weight": 1, "half_life": 7}}, "replay": {"share": 0.5, "size": 9}, "kept": 0},
        "t": {"players": {"d": {"rate": 2}}},
    }
    assert repr(content) == before


def test_present_names_stay() -> None:
    content = {"m": {"replay": {"share": 0.5}}, "t": {"players": {"d": {"rate": 2}}}}
    assert current_content(content, "x") == content
    changes = {"m.replay.share": 0.5, "t.players.d.rate": 2}
    assert current_changes(changes, {}, "x") == changes


def test_overrides_are_moved() -> None:
    content = {"m": {"penalties": {"r2": {"weight": 3}}}}
    changes = {"m.half_life": 7, "m.r1": 1, "m.replay": 0.5, "t.d.rate": None, "other.name": 4}
    assert current_changes(changes, content, "x") == {
        "m.penalties.r1.weight": 1,
        "m.penalties.r1.half_life": 7,
        "m.penalties.r2.half_life": 7,
        "m.replay.share": 0.5,
        "t.players.d.rate": None,
        "other.name": 4,
    }


def test_recorded_changes_are_moved() -> None:
    changes = {"t.d.rate": (1, None), "m.replay": (0.0, 0.5), "other": (1, 2)}
    moved = {"t.players.d.rate": (1, None), "m.replay.share": (0.0, 0.5), "other": (1, 2)}
    assert current_pairs(changes, {}, "x") == moved


def test_both_names_with_one_value_are_one_setting() -> None:
    content = {"t": {"d": {"rate": 2, "own": 1}, "players": {"d": {"rate": 2}}}}
    assert current_content(content, "x") == {"t": {"players": {"d": {"rate": 2, "own": 1}}}}
    assert current_changes({"t.d.rate": 2, "t.players.d.rate": 2}, {}, "x") == {"t.players.d.rate": 2}


def test_both_names_with_different_values_are_refused() -> None:
    message = r"x: t\.d\.rate is the earlier name of t\.players\.d\.rate, and they differ \(1 and 2\): give t\.players\.d\.rate"
    with pytest.raises(SettingError, match=message):
        current_content({"t": {"d": {"rate": 1}, "players": {"d": {"rate": 2}}}}, "x")
    with pytest.raises(SettingError, match=message):
        current_changes({"t.d.rate": 1, "t.players.d.rate": 2}, {}, "x")


@pytest.mark.parametrize(
    "content", [{"t": 3}, {"t": {"d": 3}}, {"t": {"d": None}}, {"t": {"d": {"rate": 1}, "players": 3}}, {1: 2}]
)
def test_malformed_content_is_left_to_validation(content: Any) -> None:
    assert isinstance(current_content(content, "x"), dict)
