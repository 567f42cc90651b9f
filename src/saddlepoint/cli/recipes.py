"""`saddlepoint recipes`: list the ready-made recipes, or show one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from saddlepoint.cli.arguments import Parser, add_json
from saddlepoint.cli.console import print_json
from saddlepoint.cli.program import typed
from saddlepoint.recipe import Recipe
from saddlepoint.recipe.catalogue import recipes_by_family


def run(argv: Sequence[str]) -> int:
    """List the recipes, or show one; return the exit code."""
    parser = Parser("recipes", "List the ready-made recipes, or print one as YAML.", "[[show] NAME] [--json]")
    parser.add_argument("action", nargs="?", default="list", metavar="ACTION", help="list (default) or show")
    parser.add_argument("name", nargs="?", metavar="NAME", help="show: a recipe's name, a YAML file, or a run folder")
    add_json(parser)
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
    families = recipes_by_family()
    recipes = [recipe for of_family in families.values() for recipe in of_family]
    if arguments.json:
        print_json([_entry(recipe) for recipe in recipes])
        return 0
    width = max(len(recipe.name) for recipe in recipes)
    for of_family in families.values():
        print(of_family[0].model.title)
        for recipe in of_family:
            can = ", ".join(recipe.model.abilities)
            print(f"  {recipe.name:<{width}}  {recipe.description}{f' [{can}]' if can else ''}")
        print()
    print("All models generate examples; [brackets] say what else they can do. Recipes to begin with come first.")
    print(typed("Train one: saddlepoint train NAME. See its settings: saddlepoint train NAME --help"))
    return 0


def _entry(recipe: Recipe) -> dict[str, Any]:
    """A recipe in the JSON document."""
    model = recipe.model
    return {
        "name": recipe.name,
        "description": recipe.description,
        "family": model.family,
        "abilities": list(model.abilities),
        "recommended": recipe.name in model.recommended,
    }
