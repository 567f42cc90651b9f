"""Errors that users cause: one family, and a hint where a word is nearly right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint import errors
from saddlepoint.errors import MissingExtraError, SaddlepointError, suggestion

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
SETTINGS = ["training.steps", "training.seed", "model.beta", "data.source", "data.batch_size"]


@pytest.mark.parametrize("kind", KINDS)
def test_one_except_catches_them_all(kind: type[Exception]) -> None:
    assert issubclass(kind, SaddlepointError)


def test_a_missing_extra_names_what_to_install() -> None:
    text = str(MissingExtraError("av", "video", "Writing a video"))
    assert text.startswith("Writing a video needs")
    assert "'av'" in text
    assert "pip install 'saddlepoint[video]'" in text


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("trainig.steps", "training.steps"), ("training.step", "training.steps"), ("model.betta", "model.beta")],
)
def test_a_typing_error_is_corrected(typed: str, meant: str) -> None:
    assert suggestion(typed, SETTINGS) == f' Did you mean "{meant}"?'


@pytest.mark.parametrize("word", ["zzzzzz", "", "0"])
def test_nothing_is_suggested_for_what_is_near_to_nothing(word: str) -> None:
    assert suggestion(word, SETTINGS) == ""


@pytest.mark.parametrize(("word", "known"), [("nope", "dino"), ("what", "clip"), ("cat", "raw")])
def test_short_words_that_share_half_their_letters_are_not_near(word: str, known: str) -> None:
    assert suggestion(word, [known]) == ""


@given(word=st.sampled_from(SETTINGS), known=st.permutations(SETTINGS))
def test_a_known_word_is_nearest_to_itself_in_any_order(word: str, known: list[str]) -> None:
    assert suggestion(word, known) == f' Did you mean "{word}"?'


def test_any_iterable_of_known_words_is_accepted() -> None:
    assert suggestion("a", iter(())) == ""
    assert suggestion("betas", (name for name in ["beta"])) == ' Did you mean "beta"?'


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("steps", "setps", 1),
        ("steps", "step", 1),
        ("steps", "stops", 1),
        ("lr", "r2", 2),
        ("Fashion_MNIST", "fashion-mnist", 0),
    ],
)
def test_typing_errors_are_counted_as_a_reader_would(one: str, other: str, count: int) -> None:
    assert errors.edit_distance(one, other) == errors.edit_distance(other, one) == count


@given(word=st.text("abc", max_size=8), other=st.text("abc", max_size=8))
def test_typing_errors_are_an_edit_distance(word: str, other: str) -> None:
    assert (errors.edit_distance(word, other) == 0) == (word == other)
    assert abs(len(word) - len(other)) <= errors.edit_distance(word, other) <= max(len(word), len(other))
