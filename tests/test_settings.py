"""Every field of every section of settings refuses values that cannot be used, printed or saved."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import ValidationError

from saddlepoint.errors import SettingError
from saddlepoint.recipe import FAMILIES, Recipe, fields
from saddlepoint.settings import LARGEST_COUNT, Settings

SECTIONS = [{"model": {"family": family}} for family in FAMILIES]
# The first family that has a setting, by the name of the setting.
FIRST = {entry.name: content for content in reversed(SECTIONS) for entry in fields(Recipe, content)}
NAMES = sorted(FIRST.keys() - {"model.family"})


HOSTILE: list[Any] = [math.nan, math.inf, 10**40, 1e300, -1e300, "\0", "\x1b[31m", "\ud800", "x" * 20_000, [[]] * 3]


def content_with(name: str, value: Any) -> dict[str, Any]:
    """The content of a recipe of the first family that has this setting, with this value."""
    content = FIRST[name]
    for part in reversed(name.split(".")):
        value = {part: value}
    return {**content, **value, "model": {**content["model"], **value.get("model", {})}}


@pytest.mark.parametrize("name", NAMES)
def test_a_value_that_nothing_can_carry_is_one_sentence(name: str) -> None:
    for value in HOSTILE:
        if name.endswith("arguments"):
            if isinstance(value, list) or (isinstance(value, float) and not math.isfinite(value)):
                continue  # a network of one's own may be given such a value
            value = {"a": [value]}
        if isinstance(value, list) and name.startswith("model.views.") and name.endswith(".strength"):
            continue  # short for the names of the changes
        with pytest.raises(SettingError) as caught:
            Recipe.from_mapping(content_with(name, value))
        said = str(caught.value)
        assert name in said
        assert len(said) < 1_000
        assert said.isprintable()
        assert "input" not in said.replace(name, "").split("cannot be")[0].lower()
        assert not any(words in said for words in ("nput should", "valid ", "unable to parse"))


class Own(Settings):
    count: int = 1
    entry: Any = None


def test_a_count_without_a_bound_of_its_own_has_one() -> None:
    assert Own(count=LARGEST_COUNT).count == LARGEST_COUNT
    with pytest.raises(ValidationError, match="at most 1,000,000,000,000"):
        Own(count=LARGEST_COUNT + 1)


def test_free_form_values_have_a_limited_depth() -> None:
    deep: Any = []
    for _ in range(60):
        deep = [deep]
    with pytest.raises(ValidationError, match="nested deeper than 50"):
        Own(entry=deep)


@pytest.mark.parametrize("name", ["two\nlines", "a\ttab"])
def test_a_recipe_s_name_is_one_line(name: str) -> None:
    with pytest.raises(SettingError, match="one line"):
        Recipe().override({"name": name})


def test_help_on_settings_is_about_them_and_not_about_pydantic() -> None:
    import pydoc

    from saddlepoint.recipe import Recipe

    text = pydoc.render_doc(Recipe, renderer=pydoc.plaintext)
    assert "to_yaml" in text
    assert "__pydantic" not in text
    assert "model_dump" not in text
    assert len(text.splitlines()) < 150
