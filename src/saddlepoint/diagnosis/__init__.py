"""Findings: what goes wrong in a run and why, read from its records. Independent of torch and of training.

`engine` evaluates `rules` on records; `settings` is the registry of codes; `remedies` holds every remedy, `escalation`
the order in which they are tried; `logs` reads the logs of other programs.

The names below are loaded when they are first used, because the settings of training need the registry of codes alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from saddlepoint.diagnosis.causes import causes_first
    from saddlepoint.diagnosis.declaration import Rule, rule
    from saddlepoint.diagnosis.engine import Diagnosis
    from saddlepoint.diagnosis.facts import Facts
    from saddlepoint.diagnosis.series import History, Series
    from saddlepoint.diagnosis.verdict import (
        PROCESSES,
        Process,
        cause_in_words,
        examples_in_words,
        headline,
        process_in,
        process_of,
        what_to_do,
    )

__all__ = [
    "PROCESSES",
    "Diagnosis",
    "Facts",
    "History",
    "Process",
    "Rule",
    "Series",
    "cause_in_words",
    "causes_first",
    "examples_in_words",
    "headline",
    "process_in",
    "process_of",
    "rule",
    "what_to_do",
]
_MODULES = {
    "Diagnosis": "engine",
    "Facts": "facts",
    "History": "series",
    "Rule": "declaration",
    "Series": "series",
    "causes_first": "causes",
    "rule": "declaration",
}  # the others are in `verdict`


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES.get(name, 'verdict')}"), name)
