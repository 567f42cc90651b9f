"""What each finding means in a few words, for the headline of a verdict.

A title says what was measured, with numbers; a phrase names the problem for somebody who reads nothing else. Phrases are in
the registry of codes (`saddlepoint.diagnosis.settings`).
"""

from __future__ import annotations

from collections.abc import Mapping

from saddlepoint.diagnosis.settings import CODES
from saddlepoint.records import Finding

MOST_WORDS = 12  # of a headline
LONGEST_PHRASE = 10  # words: beside "At risk:"
EXAMPLES = "training examples"  # where their number and kind are not known


def phrase_of(finding: Finding, examples: str = EXAMPLES) -> str:
    """The problem in at most ten words, lower case, without a full stop.

    Args:
        finding: of any code; one that the registry does not know (of a user's own rule) is named by its title.
        examples: what the model was trained on, such as "1,617 images".
    """
    code = finding.code
    if code == "SET401" and (phrase := _unusual_setting(finding)):
        return phrase
    entry = CODES.get(code)
    if entry is None:
        return _shortened(finding.title)
    if entry.before_training and finding.evidence.get("preflight"):
        return entry.before_training
    if entry.milder and finding.severity != "failure":
        return entry.milder
    return entry.phrase.format(examples=examples)


def _unusual_setting(finding: Finding) -> str:
    """The one setting by its name; "" where there are several, or the name is too long for a headline."""
    settings = finding.evidence.get("settings")
    if not isinstance(settings, Mapping) or len(settings) != 1:
        return ""
    name = str(next(iter(settings))).rpartition(".")[2].replace("_", " ")
    phrase = f"the {name} setting is far outside its usual range"
    return phrase if len(phrase.split()) <= LONGEST_PHRASE else ""


def _shortened(title: str) -> str:
    """The beginning of a title, with an ellipsis where words are left out."""
    words = title.strip().rstrip(".").split()
    if not words:
        return "a finding without a title"
    kept = " ".join(words[:LONGEST_PHRASE])
    kept = kept[:1].lower() + kept[1:] if words[0][1:].islower() else kept
    return kept if len(words) <= LONGEST_PHRASE else f"{kept.rstrip('.,;:')}…"
