"""Commands in the documentation have options that exist. Settings of recipes, which have a dot, are tested with the training commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from saddlepoint.cli.commands import COMMANDS
from saddlepoint.cli.main import main
from saddlepoint.cli.simulate import ACTIONS

CHECKOUT = Path(__file__).parents[2]
PAGES = (CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md")))
LINE = re.compile(rf"saddlepoint ({'|'.join(COMMANDS)})\b([^`#\n|]*)")
OPTION = re.compile(r"(?<!\S)--([a-z][\w-]*)(?![\w.-])")


def printed_options() -> dict[tuple[str, ...], set[tuple[str, str]]]:
    """Pairs of a page and an option by command; those of simulate by its action."""
    found: dict[tuple[str, ...], set[tuple[str, str]]] = {}
    for page in PAGES:
        for command, rest in LINE.findall(page.read_text("utf-8")):
            action = next(iter(rest.split()), "")
            words = (command, action) if command == "simulate" and action in ACTIONS else (command,)
            found.setdefault(words, set()).update((page.name, option) for option in OPTION.findall(rest))
    return found


@pytest.mark.parametrize("words", printed_options())
def test_printed_options_exist(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--help"]) == 0
    known = set(OPTION.findall(re.sub(r"[\[\],]", " ", capsys.readouterr().out)))
    assert {one for one in printed_options()[words] if one[1] not in known} == set()


def test_every_command_is_documented() -> None:
    assert {words[0] for words in printed_options()} == set(COMMANDS)
