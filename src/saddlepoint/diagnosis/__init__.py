"""Findings: what goes wrong in a run and why, read from its records. Independent of torch and of training.

`engine` evaluates `rules` on records; `settings` is the registry of codes; `remedies` holds every remedy, `escalation`
the order in which they are tried; `logs` reads the logs of other programs.
"""

from saddlepoint.diagnosis.causes import causes_first
from saddlepoint.diagnosis.engine import Diagnosis
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.rule import Rule, rule
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
