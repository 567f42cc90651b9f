"""Training commands in the documentation can be typed: recipe and options exist, and the parts can be combined."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from saddlepoint.cli.arguments import is_recipe_setting, split_settings
from saddlepoint.experiment.contest.candidates import candidates, is_contest
from saddlepoint.models import check_settings
from saddlepoint.recipe import Recipe

CHECKOUT = Path(__file__).parents[2]
COMMAND = re.compile(r"saddlepoint train [a-z][^`#\n]*")
COMMANDS = [
    (page.name, found.strip())
    for page in (CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md")))
    for found in COMMAND.findall(page.read_text("utf-8"))
    if not re.search(r"\w:\w", found)  # code of the reader's own
]


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_a_printed_training_command_is_accepted(page: str, command: str) -> None:
    settings, rest = split_settings(shlex.split(command)[2:], is_recipe_setting)
    for name in candidates() if is_contest(rest[0]) else rest[:1]:
        recipe = Recipe.load(name).override(settings, where=page)
        check_settings(recipe.model, 10 if "condition" in recipe.to_yaml() else None)
