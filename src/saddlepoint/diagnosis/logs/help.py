"""What would help to judge a log better, and what its losses show about the objective, in words."""

from __future__ import annotations

from collections.abc import Collection

from saddlepoint.diagnosis.log_rules.stretches import FEWEST
from saddlepoint.diagnosis.logs.foreign import Log
from saddlepoint.diagnosis.logs.judging import Judgement
from saddlepoint.diagnosis.logs.names import meaning_of

MOST = 3  # lines


# Series that say most about a family; a column that was not read may be one of them.
BASIC = {"gan": ("d/loss", "g/loss"), "vae": ("vae/reconstruction", "vae/kl")}
_NAMED = {"probability", "cross_entropy", "squared_error", "margin", "unbounded", "log_odds", "energy"}


def help_for(log: Log, judgement: Judgement, traits: Collection[str]) -> tuple[str, ...]:
    """Return what would help most to judge a log, in at most three lines."""
    lines = []
    if judgement.rows < FEWEST:
        lines.append(f"Log at least {FEWEST} rows, better a hundred.")
    absent = [name for family, names in BASIC.items() if family in traits for name in names]
    absent = [name for name in absent if name not in log.taken.values()]
    if absent and log.left:
        listed = ", ".join(log.left[:4])
        lines.append(f"If one of the columns {listed} is {meaning_of(absent[0])}, say so: --map {absent[0]}=COLUMN.")
    if len(judgement.candidates) > 1 or ("gan" in traits and not judgement.candidates and _NAMED.isdisjoint(traits)):
        lines.append("Say what was trained: --objective non-saturating, least-squares, hinge or wasserstein.")
    lines.append("Log the numbers below: they say what losses cannot.")
    return tuple(lines[:MOST])


def objective_in_words(judgement: Judgement) -> str:
    """Return what the losses show about the objective, in a sentence; "" where nothing depends on it."""
    if not judgement.candidates:
        return ""
    if len(judgement.candidates) == 1:
        one = judgement.candidates[0]
        return f"Probably trained with {one.in_words}, since {one.reason}."
    listed = " or ".join(one.in_words for one in judgement.candidates)
    return f"Trained with {listed}: {judgement.candidates[0].reason}, which does not decide it."
