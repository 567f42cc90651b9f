"""What the scores of generated rows say, in at most twelve words and in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence

from saddlepoint.evaluation.scorecard.score import Estimate
from saddlepoint.evaluation.tables.card import TableScore

SLIGHT, CLEAR = 0.6, 0.8  # AUC of detection: below, rows differ little from real ones; from there on, clearly
UNSURE = " from real ones at this sample size"
DETECTION = ("detection-logistic", "detection-boosting")
ATTACKS = ("attack-distance", "attack-calibrated")
NEARER = 0.6  # share of rows nearer to training rows that the headline mentions; .5 without copies
COPIED = 0.1  # share of exact copies, above that of real rows, that the headline mentions


def headline(scores: Sequence[TableScore]) -> str:
    """Whether rows look real and whether training rows leak, in at most twelve words."""
    seen = _strongest(scores, DETECTION)
    leak = leaks(scores)
    if seen is None:
        if leak is None:
            return "Rows were measured"
        return f"Many rows {leak.removeprefix('many ')}" if leak.startswith("many ") else f"Rows {leak}"
    looks = _looks(seen, passes_as_real(scores))
    if leak is None:
        return f"Rows {looks}"
    link = "and" if _is_above(seen, 0.5) and seen.value.value >= SLIGHT else "but"
    return f"Rows {looks.removesuffix(UNSURE)}, {link} {leak}"


def _looks(seen: TableScore, is_sure: bool) -> str:
    """What a detection says of rows; `is_sure` is whether `passes_as_real` holds."""
    if not _is_above(seen, 0.5):
        return "pass as real ones" if is_sure else f"show no difference{UNSURE}"
    if seen.value.value < SLIGHT:
        return "differ little from real ones"
    return "differ from real ones" if seen.value.value < CLEAR else "differ clearly from real ones"


def differs(scores: Sequence[TableScore]) -> bool:
    """Whether a classifier is shown to distinguish rows from real ones."""
    seen = _strongest(scores, DETECTION)
    return seen is not None and _is_above(seen, 0.5)


def passes_as_real(scores: Sequence[TableScore]) -> bool:
    """Whether the intervals of detection exclude more than slight differences; false where there are too few rows for that."""
    found = [score for score in scores if score.metric in DETECTION]
    return bool(found) and not differs(scores) and all(map(_passes, found))


def answer(scores: Sequence[TableScore]) -> str:
    """Detection, usefulness and privacy in plain sentences, each with the number of real rows."""
    return " ".join(filter(None, (_detection(scores), _usefulness(scores), _copies(scores), _attack(scores))))


def estimate_text(estimate: Estimate) -> str:
    """The value with its interval, such as ".62 (.58 to .66)"."""
    text = short(estimate.value)
    return (
        text
        if estimate.low is None or estimate.high is None
        else f"{text} ({short(estimate.low)} to {short(estimate.high)})"
    )


def short(value: float) -> str:
    """Two decimals without the leading zero; more of small numbers."""
    text = f"{value:.2f}" if abs(value) >= 0.005 or value == 0 else f"{value:.1g}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) and float(text) else text


def _detection(scores: Sequence[TableScore]) -> str:
    seen = _strongest(scores, DETECTION)
    if seen is None:
        return ""
    how = "Gradient boosting" if seen.metric.endswith("boosting") else "Logistic regression"
    result = (
        "distinguishes these rows from real ones"
        if _is_above(seen, 0.5)
        else "does not distinguish these rows from real ones at this sample size"
    )
    return f"{how} {result}: AUC {estimate_text(seen.value)}; real against real {_real(seen)}."


def _usefulness(scores: Sequence[TableScore]) -> str:
    for key, models, measure in (
        ("usefulness", "Classifiers", "macro-F1"),
        ("usefulness-number", "Regressions", "R²"),
    ):
        one = _named(scores, key)
        if one is not None:
            return (
                f"{models} trained on these rows alone reach {measure} {estimate_text(one.value)} on held-out rows; trained on as many real "
                f"rows, {_real(one)}."
            )
    return ""


def _copies(scores: Sequence[TableScore]) -> str:
    one, exact = _named(scores, "copies"), _named(scores, "exact-copies")
    if exact is None:
        return ""
    equal = (
        f"{exact.value.value:.1%} of the rows equal a training row (of real rows, {exact.baselines['real'].value:.1%})."
    )
    if one is None:
        return equal
    near = f"{one.value.value:.0%} are nearer to a training row than to one of as many held-out rows (50 % without copies)."
    return f"{equal} {near}"


def _attack(scores: Sequence[TableScore]) -> str:
    seen = _strongest(scores, ATTACKS)
    if seen is None:
        return ""
    found = (
        "recognises training rows" if _is_above(seen, 0.5) else "does not recognise training rows at this sample size"
    )
    return f"An attack that sees only these rows {found}: AUC {estimate_text(seen.value)}; chance is .50."


def leaks(scores: Sequence[TableScore]) -> str | None:
    """What rows do to training rows, as the headline says it: "many copy training rows"; None where nothing is shown."""
    exact, near, attack = _named(scores, "exact-copies"), _named(scores, "copies"), _strongest(scores, ATTACKS)
    if exact is not None and exact.value.value > exact.baselines["real"].value + COPIED and exact.differs_from_real:
        return "many copy training rows"
    if near is not None and near.value.low is not None and near.value.low > 0.5 and near.value.value > NEARER:
        return "many nearly copy training rows"
    if attack is not None and _is_above(attack, 0.5):
        return "reveal training rows"
    return None


def _strongest(scores: Sequence[TableScore], keys: Sequence[str]) -> TableScore | None:
    """The score that shows most: the one with the highest lower end of its interval, since a high but uncertain value shows nothing."""
    found = [score for score in scores if score.metric in keys]
    return max(found, key=lambda score: score.value.value if score.value.low is None else score.value.low, default=None)


def _named(scores: Sequence[TableScore], key: str) -> TableScore | None:
    return next((score for score in scores if score.metric == key), None)


def _is_above(score: TableScore, chance: float) -> bool:
    return score.value.low is not None and score.value.low > chance


def _passes(score: TableScore) -> bool:
    """Whether the interval of a detection leaves only slight differences."""
    return score.value.high is not None and score.value.high < SLIGHT


def _real(score: TableScore) -> str:
    return short(score.baselines["real"].value) if "real" in score.baselines else "not measured"
