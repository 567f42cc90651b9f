"""Findings: what goes wrong and why, read from a run's records. Knows nothing of torch or of training."""

from saddlepoint.diagnosis.engine import Diagnosis, Rule, rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.series import History, Series
from saddlepoint.diagnosis.verdict import HEALTHS, Health, health_of

__all__ = ["HEALTHS", "Diagnosis", "Facts", "Health", "History", "Rule", "Series", "health_of", "rule"]
