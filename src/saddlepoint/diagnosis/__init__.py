"""Findings: what goes wrong and why, read from a run's records. Knows nothing of torch or of training."""

from saddlepoint.diagnosis.causes import causes_first
from saddlepoint.diagnosis.engine import Diagnosis, Rule, rule
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
