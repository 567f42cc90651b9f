"""Findings: what goes wrong and why, read from a run's records. Knows nothing of torch or of training."""

from saddlepoint.diagnosis.engine import Diagnosis, Rule, rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.series import History, Series

__all__ = ["Diagnosis", "Facts", "History", "Rule", "Series", "rule"]
