"""Settings as they are typed."""

from __future__ import annotations

import shlex

from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.records import argument, change, explained, options


def test_overrides_are_what_the_command_line_takes() -> None:
    overrides = {"a.b": 1e-4, "c": [0.5, 0.9], "d": None, "e": True, "f": "two words", "g": (), "h": {"k": [1]}}
    assert shlex.split(options(overrides)) == [
        *("--a.b", "0.0001", "--c", "0.5,0.9", "--d", "none", "--e", "true", "--f", "two words"),
        *("--g", "", "--h", '{"k": [1]}'),
    ]


@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])))
def test_any_text_is_quoted_as_one_shell_word(text: str) -> None:
    assert shlex.split(argument(text)) == [text]


def test_none_for_one_player_refers_to_the_setting_of_all_players() -> None:
    rate = "training.players.generator.learning_rate"
    assert change(rate, 1e-7, None) == "1e-07 -> none (as training.optimiser.learning_rate)"
    assert change("training.optimiser.clip_norm", None, 1.0) == "none -> 1.0"
    assert explained({rate: None, "model.discriminator.packing": 2}) == " (none: as training.optimiser.learning_rate)"
    assert explained({rate: 1e-3, "training.threads": None}) == ""
