"""Reads a command's arguments: fixed flags by argparse, recipe settings by their dotted names.

Settings are taken out first, because argparse could not tell their values from positional arguments. Names may be
written with hyphens or underscores.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Literal, NoReturn

from saddlepoint.errors import SettingError, nearest

if TYPE_CHECKING:
    from torch import nn


class Parser(argparse.ArgumentParser):
    """argparse whose mistakes are SettingErrors, with the nearest known option suggested."""

    def __init__(
        self, command: str, description: str, usage: str | None = None, *, add_help: bool = True, epilog: str = ""
    ) -> None:
        self.command = command
        super().__init__(
            prog=f"saddlepoint {command}",
            description=description,
            usage=usage and f"saddlepoint {command} {usage}",
            epilog=epilog,
            allow_abbrev=False,
            add_help=add_help,
            formatter_class=_Formatter,
        )

    def error(self, message: str) -> NoReturn:
        raise SettingError(f"{self.command}: {message}. `{self.prog} --help` explains it.")

    def read(self, argv: Sequence[str], settings: Callable[[], Iterable[str]] = tuple) -> argparse.Namespace:
        """Parse `argv`; `settings` gives dotted names to suggest from where an option is not known."""
        known, unknown = self.parse_known_args([_hyphenated(token) for token in argv])
        if unknown:
            token = unknown[0]
            if not token.startswith("-"):
                self.error(f'"{token}" is one argument too many')
            flags = [flag for action in self._actions for flag in action.option_strings]
            name = token.partition("=")[0]
            names = list(settings())
            inside = next((own for own in names if own.startswith(f"{name[2:].replace('-', '_')}.")), None)
            if inside is not None:
                raise SettingError(
                    f"{self.command}: {name} is a section, not a setting: set one of its settings, such as --{inside}."
                )
            raise SettingError(
                f"{self.command}: there is no option {name}.{_hint(name, flags, names)} `{self.prog} --help` lists them."
            )
        return known


def _hint(name: str, flags: Sequence[str], settings: Sequence[str]) -> str:
    """What may be meant by an option that does not exist: a flag, a setting by its last part, or another's name for it."""
    from saddlepoint.recipe.aliases import ALIASES, usual_name

    word = name.lstrip("-")
    own = {flag.lstrip("-"): flag for flag in flags}
    leaves = {setting.rpartition(".")[2]: f"--{setting}" for setting in reversed(settings)}
    exact = leaves.get(word.replace("-", "_"))
    if exact is not None and word not in ALIASES:
        return f' Did you mean "{exact}"?'
    usual = usual_name(word, settings).replace('"', '"--', 1)
    if usual:
        return usual
    flag = next((own[leaf] for leaf in (t.rpartition(".")[2] for t in ALIASES.get(word, ())) if leaf in own), None)
    if flag is not None:
        return f' Did you mean "{flag}"?'
    near = nearest(word, [*own, *leaves])
    return f' Did you mean "{own.get(near) or leaves[near]}"?' if near else ""


def add_trust(parser: argparse.ArgumentParser) -> None:
    """The flag `--trust`."""
    parser.add_argument(
        "--trust",
        action="store_true",
        help="allow the code that the recipe or run names by import path; remembered for this run",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """The flag `--json`."""
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, the rest on stderr")


def add_seed(parser: argparse.ArgumentParser) -> None:
    """The option `--seed` of a command that draws random numbers in several places."""
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of everything random (0)")


def add_schema(parser: argparse.ArgumentParser) -> None:
    """The option `--schema` of a command that reads tables."""
    parser.add_argument("--schema", metavar="FILE.yaml", help="the table's schema; without it, it is inferred")


def add_networks(parser: argparse.ArgumentParser) -> None:
    """The flag `--network`, for runs whose networks were given as objects in Python."""
    parser.add_argument(
        "--network",
        action="append",
        default=[],
        metavar="ROLE=PATH",
        help="for a run that was trained with networks given as objects: generator=mypackage.nets:make, an object, or a "
        "function or class without arguments that makes one; once for every role",
    )


def networks_of(command: str, given: Sequence[str]) -> dict[str, nn.Module] | None:
    """The networks that `--network ROLE=PATH` names, imported, by role; None without any.

    Raises:
        SettingError: not of this form, a role named twice, or nothing to import that is a network or makes one.
    """
    if not given:
        return None
    from saddlepoint.networks.own import network_at

    networks: dict[str, nn.Module] = {}
    for text in given:
        role, _, path = text.partition("=")
        if not role.isidentifier() or path.count(":") != 1 or not all(path.split(":")):
            raise SettingError(f'{command}: --network: "{text}" is not ROLE=PACKAGE.MODULE:NAME.')
        if role in networks:
            raise SettingError(f"{command}: --network: the {role} is named twice; name it once.")
        networks[role] = network_at(path, f"{command}: --network {role}")
    return networks


def split_settings(argv: Sequence[str], is_setting: Callable[[str], bool]) -> tuple[dict[str, str], list[str]]:
    """Take `--NAME VALUE` and `--NAME=VALUE` out of `argv` wherever `is_setting(NAME)`.

    Returns:
        {name: value}, and the remaining arguments.

    Raises:
        SettingError: a setting has no value.
    """
    settings: dict[str, str] = {}
    rest: list[str] = []
    tokens = iter(argv)
    for token in tokens:
        name, equals, value = token.removeprefix("--").partition("=")
        name = name.replace("-", "_")
        if not token.startswith("--") or not is_setting(name):
            rest.append(token)
            continue
        if not equals:
            value = next(tokens, "--")
            if value.startswith("--"):
                raise SettingError(f"--{name} needs a value: --{name} VALUE.")
        settings[name] = value
    return settings, rest


def is_recipe_setting(name: str) -> bool:
    """Whether an option's name is meant as a recipe's setting: it has a dot, or is one of the two without."""
    return "." in name or name in ("name", "description")


def checkpoint_step(command: str, text: str) -> Literal["newest", "best"] | int:
    """What `--step` means; raises SettingError for what is no step."""
    if text == "newest":
        return "newest"
    if text == "best":
        return "best"
    if text.isdecimal():
        return int(text)
    raise SettingError(f'{command}: --step is newest, best or the number of a step, got "{text}".')


def setting_names() -> list[str]:
    """All settings that a recipe of any family may have, and entries of open sections that have a short form."""
    from saddlepoint.recipe import FAMILIES, Recipe, fields

    families = ({"model": {"family": family}} for family in FAMILIES)
    entries = [entry for content in families for entry in fields(Recipe, content)]
    short = [".".join(entry.path[:-1]) for entry in entries if entry.short_for is not None]
    return list(dict.fromkeys([*(entry.name for entry in entries), *short]))


def _hyphenated(token: str) -> str:
    name, equals, value = token.partition("=")
    return name.replace("_", "-") + equals + value if token.startswith("--") else token


class _Formatter(argparse.HelpFormatter):
    """Keeps the lines of an epilogue as they are."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=100)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)
