"""Rules, one file an idea. The registry of codes (`saddlepoint.diagnosis.settings`) names them; `RULES` has them loaded."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from saddlepoint.diagnosis.declaration import Rule
from saddlepoint.diagnosis.settings import CODES, Code


def load_rules(codes: Mapping[str, Code]) -> tuple[Rule, ...]:
    """Import the rules of a registry.

    Args:
        codes: entries by code.

    Returns:
        The rules in the order of the registry.

    Raises:
        ValueError: a rule has another code than the entry that names it.
    """
    rules = []
    for code, entry in codes.items():
        for path in entry.rules:
            module, _, name = path.partition(":")
            found: Rule = getattr(import_module(module, __name__), name)
            if found.code != code:
                raise ValueError(f"rule {path} is registered under {code}, but its code is {found.code}.")
            rules.append(found)
    return tuple(rules)


RULES: tuple[Rule, ...] = load_rules(CODES)
