"""Attempts to break the command line with hostile or damaged input, one module a kind.

Every module has a `KIND` (see attempt.py), which names its attempts. `benchmarks/campaign.py` runs them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .attempt import Kind

# Kind: the module that holds it.
KINDS: dict[str, str] = {
    "logs": "logs",
    "recipes": "recipes",
    "idx": "idx",
    "images": "images",
    "arrays": "arrays",
    "sounds": "sounds",
    "texts": "texts",
    "sequences": "sequences",
    "html": "html",
    "run_folders": "run_folders",
    "kills": "kills",
}


def kind(name: str) -> Kind:
    """The kind of this name."""
    found: Kind = import_module(f".{KINDS[name]}", __package__).KIND
    return found
