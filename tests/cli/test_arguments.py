"""Settings are distinguished from flags at any position and in any notation."""

from __future__ import annotations

import pytest

from saddlepoint.cli.arguments import Parser, is_recipe_setting, setting_names, split_settings
from saddlepoint.errors import SettingError


def parser() -> Parser:
    made = Parser("train", "Trains.")
    made.add_argument("recipe")
    made.add_argument("--dry-run", action="store_true")
    return made


@pytest.mark.parametrize(
    "argv",
    [
        ["--training.batch_size", "8", "toy", "--dry-run"],
        ["toy", "--dry-run", "--training.batch_size=8"],
        ["toy", "--training.batch-size", "8", "--dry_run"],
        ["--dry-run", "--training.batch-size=8", "toy"],
    ],
)
def test_order_and_spelling_do_not_matter(argv: list[str]) -> None:
    settings, rest = split_settings(argv, is_recipe_setting)
    assert settings == {"training.batch_size": "8"}
    arguments = parser().read(rest)
    assert (arguments.recipe, arguments.dry_run) == ("toy", True)


@pytest.mark.parametrize(
    ("argv", "value"),
    [
        (["--a.b=x=y"], "x=y"),
        (["--a.b="], ""),
        (["--a.b", "-1"], "-1"),
        (["--a.b", "1", "--a.b", "2"], "2"),
        (["--a.b", ""], ""),
    ],
)
def test_a_value_is_kept_as_it_is(argv: list[str], value: str) -> None:
    assert split_settings(argv, is_recipe_setting) == ({"a.b": value}, [])


@pytest.mark.parametrize("argv", [["--training.steps"], ["--training.steps", "--run", "x"]])
def test_a_setting_without_a_value_is_named(argv: list[str]) -> None:
    with pytest.raises(SettingError, match="needs a value"):
        split_settings(argv, is_recipe_setting)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["toy", "--dry-rnu"], 'Did you mean "--dry-run"?'),
        (["toy", "--steps", "3"], 'Did you mean "--training.steps"?'),
        (["toy", "--batch_sizes=3"], 'Did you mean "--training.batch_size"?'),
        (
            ["toy", "--training=3"],
            "--training is a section, not a setting: set one of its settings, such as --training.",
        ),
        (["toy", "more"], '"more" is one argument too many'),
        (["toy", "--dry"], "there is no option --dry"),
        ([], "recipe"),
    ],
)
def test_a_mistake_is_reported_with_a_suggestion(argv: list[str], said: str) -> None:
    with pytest.raises(SettingError) as caught:
        parser().read(argv, setting_names)
    assert said in str(caught.value)
    assert str(caught.value).startswith("train: ")


def test_the_settings_of_all_families_are_known() -> None:
    names = setting_names()
    assert {"model.beta", "model.objective", "training.steps"} <= set(names)
    assert len(names) == len(set(names))
