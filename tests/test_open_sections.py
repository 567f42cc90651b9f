"""Open sections: their settings are read, overridden, listed, suggested and saved as any others are."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from pydantic import Field

from saddlepoint.cli.arguments import split_settings
from saddlepoint.errors import SettingError
from saddlepoint.lanes.replica import numbers, replaced
from saddlepoint.open_sections import split_key
from saddlepoint.recipe import Recipe, fields
from saddlepoint.records import argument
from saddlepoint.settings import Settings

OWN = "mypackage.penalties:Own"


class Penalty(Settings):
    shorthand: ClassVar[str] = "weight"
    weight: float = Field(1.0, ge=0.0, description="How much it counts.")
    half_life: int | None = Field(None, description="Steps in which it halves.")
    arguments: dict[str, Any] = Field(default_factory=dict, description="Further arguments.")


class Part(Settings):
    rate: float | None = Field(None, description="Its rate.")


class Section(Settings):
    penalties: dict[str, Penalty] = Field(
        default_factory=dict, json_schema_extra={"keys": ["r1", "between-two"], "own": True}, description="Penalties."
    )
    parts: dict[str, Part] = Field(default_factory=dict, json_schema_extra={"keys": None}, description="Parts.")


class Toy(Recipe):
    game: Section = Field(Section(), description="The game.")


def toy(**game: Any) -> Toy:
    return Toy.from_mapping({"game": game})


def test_a_plain_value_is_short_for_the_entry() -> None:
    assert toy(penalties={"r1": 0.1}) == toy(penalties={"r1": {"weight": 0.1}})
    assert toy(penalties={"r1": 0.1}).game == Section.model_validate({"penalties": {"r1": 0.1}})


def test_declared_entries_are_listed_whether_or_not_they_are_there_and_others_where_they_are() -> None:
    names = [entry.name for entry in fields(Toy)]
    assert {"game.penalties.r1.weight", "game.penalties.between-two.half_life"} <= set(names)
    assert not any(name.startswith("game.parts") for name in names)
    names = [entry.name for entry in fields(Toy, {"game": {"penalties": {OWN: {}}, "parts": {"a": {}}}})]
    assert {f"game.penalties.{OWN}.weight", "game.parts.a.rate"} <= set(names)
    assert len(names) == len(set(names))


@pytest.mark.parametrize("recipe", [toy(), toy(penalties={"r1": {"half_life": 3}})])
def test_every_setting_typed_as_it_is_shown_changes_nothing(recipe: Toy) -> None:
    shown = {entry.name: argument(value) for entry, value in recipe.settings() if entry.name.startswith("game.")}
    assert recipe.override({name: value for name, value in shown.items() if "arguments" not in name}) == recipe


def test_settings_of_an_absent_entry_are_none() -> None:
    values = {entry.name: value for entry, value in toy(penalties={OWN: 2}).settings()}
    assert values["game.penalties.r1.weight"] is None
    assert values[f"game.penalties.{OWN}.weight"] == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("game.penalties.r1", 0.1),
        ("game.penalties.r1", "0.1"),
        ("game.penalties.r1", {"weight": 0.1}),
        ("game.penalties.r1", "{weight: 0.1}"),
        ("game.penalties.r1.weight", "0.1"),
    ],
)
def test_an_entry_is_overridden_by_its_short_form_as_a_whole_or_by_one_setting(name: str, value: object) -> None:
    assert toy().override({name: value}).game == toy(penalties={"r1": 0.1}).game


def test_the_short_form_leaves_the_other_settings_of_the_entry() -> None:
    recipe = toy(penalties={"r1": {"weight": 1, "half_life": 5}})
    assert recipe.override({"game.penalties.r1": 2}).game.penalties["r1"] == Penalty(weight=2, half_life=5)


@pytest.mark.parametrize("name", ["game.penalties.r1", "game.penalties.r1.weight"])
@pytest.mark.parametrize("value", [None, "none"])
def test_none_removes_an_entry(name: str, value: object) -> None:
    assert toy(penalties={"r1": {"weight": 1, "half_life": 5}}).override({name: value}).game == Section()
    assert toy(penalties={"r1": None}).game == Section()


def test_a_setting_that_takes_none_keeps_its_entry() -> None:
    recipe = toy(penalties={"r1": {"weight": 1, "half_life": 5}}).override({"game.penalties.r1.half_life": "none"})
    assert recipe.game.penalties == {"r1": Penalty()}


def test_an_import_path_is_a_key_and_keeps_its_dots() -> None:
    assert split_key(f"{OWN}.weight") == (OWN, "weight")
    recipe = toy().override({f"game.penalties.{OWN}": 3, f"game.penalties.{OWN}.arguments.depth": 4})
    assert recipe.game.penalties == {OWN: Penalty(weight=3, arguments={"depth": 4})}
    assert Toy.parse(recipe.to_yaml(whole=False)) == recipe


def test_keys_may_be_typed_with_underscores() -> None:
    given, rest = split_settings(["--game.penalties.between-two", "2"], lambda name: "." in name)
    assert not rest
    assert toy().override(given).game == toy(penalties={"between-two": 2}).game


@pytest.mark.parametrize(
    "recipe",
    [
        toy(),
        toy(penalties={"r1": 1}),
        toy(penalties={"r1": {"half_life": 3}, OWN: 0}, parts={"a": {}, "b": {"rate": 1}}),
    ],
)
def test_recipes_with_open_sections_are_saved_and_read_back(recipe: Toy) -> None:
    assert Toy.parse(recipe.to_yaml()) == recipe
    assert Toy.parse(recipe.to_yaml(whole=False)).game.penalties == recipe.game.penalties


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("game.penalties.r3", 'there is no setting game.penalties.r3. Did you mean "game.penalties.r1"'),
        ("game.penalties.r1.wieght", 'Did you mean "game.penalties.r1.weight"'),
        (
            "game.penalties",
            "game.penalties is a section, not a setting: set one of its settings, such as game.penalties.r1",
        ),
        ("game.parts.a", "game.parts.a is a section, not a setting"),
    ],
)
def test_misspelt_names_are_reported_with_a_suggestion(name: str, message: str) -> None:
    with pytest.raises(SettingError) as error:
        toy().override({name: 1})
    assert message in str(error.value)


def test_an_unknown_key_in_a_file_is_answered_with_the_known_ones() -> None:
    with pytest.raises(SettingError, match=r"no setting game\.penalties\.r3\. Known: r1, between-two"):
        toy(penalties={"r3": 1})


def test_an_invalid_value_is_reported_with_its_full_name() -> None:
    with pytest.raises(SettingError, match=r"game\.penalties\.r1\.weight cannot be -1: it must be at least 0"):
        toy(penalties={"r1": -1})


def test_replicas_walk_into_entries() -> None:
    game = toy(penalties={"r1": {"weight": 0.5, "half_life": 5}}).game
    assert numbers(game, "float") == {"penalties.r1.weight": 0.5}
    other = numbers(game, "other")
    assert other["penalties.r1.half_life"] == "5"
    assert other != numbers(toy(penalties={"between-two": {"weight": 0.5, "half_life": 5}}).game, "other")
    assert replaced(game, {"penalties.r1.weight": 2.0}).penalties == {"r1": Penalty(weight=2.0, half_life=5)}
    assert game.penalties["r1"].weight == 0.5
