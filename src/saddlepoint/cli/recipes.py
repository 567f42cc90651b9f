"""`saddlepoint recipes`: list the ready-made recipes, or show one."""

from __future__ import annotations

from collections.abc import Sequence

from saddlepoint.cli.arguments import Parser
from saddlepoint.cli.console import print_json
from saddlepoint.cli.program import typed
from saddlepoint.recipe import Recipe, shipped_names


def run(argv: Sequence[str]) -> int:
    """List the recipes, or show one; return the exit code."""
    parser = Parser("recipes", "List the ready-made recipes, or print one as YAML.", "[[show] NAME] [--json]")
    parser.add_argument("action", nargs="?", default="list", metavar="ACTION", help="list (default) or show")
    parser.add_argument("name", nargs="?", metavar="NAME", help="show: a recipe's name, a YAML file, or a run folder")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    arguments = parser.read(argv)
    if arguments.action not in ("list", "show"):
        if arguments.name is not None:
            parser.error(f'"{arguments.action}" is neither list nor show')
        arguments.action, arguments.name = "show", arguments.action
    if arguments.action == "show":
        if arguments.name is None:
            parser.error("show which? Give a NAME")
        recipe = Recipe.load(arguments.name)
        if arguments.json:
            print_json(recipe.model_dump(mode="json"))
        else:
            print(recipe.to_yaml(), end="")
        return 0
    if arguments.name is not None:
        parser.error(f'list takes no name; to see one: saddlepoint recipes show "{arguments.name}"')
    recipes = [Recipe.load(name) for name in shipped_names()]
    if arguments.json:
        print_json([{"name": recipe.name, "description": recipe.description} for recipe in recipes])
        return 0
    width = max(len(recipe.name) for recipe in recipes)
    for recipe in recipes:
        print(f"{recipe.name:<{width}}  {recipe.description}")
    print(typed("\nTrain one: saddlepoint train NAME. See its settings: saddlepoint train NAME --help"))
    return 0
