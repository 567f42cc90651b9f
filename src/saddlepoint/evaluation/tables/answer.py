"""What the scores of generated rows say, in at most twelve words and in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence

from saddlepoint.evaluation.scorecard.score import Estimate
from saddlepoint.evaluation.tables.card import TableScore

HARD, EASY = 0.6, 0.8  # areas under the ROC curve from which on rows are told, and told easily
DETECTION = ("detection-logistic", "detection-boosting")
ATTACKS = ("attack-distance", "attack-calibrated")
COPIED = 0.1  # share of exact copies beyond that of real rows that the headline names


def headline(scores: Sequence[TableScore]) -> str:
    """Whether rows look real and whether training rows leak, in at most twelve words."""
    seen = _strongest(scores, DETECTION)
    leak = leaks(scores)
    if seen is None:
        return "Rows were measured" if leak is None else f"Rows {leak}"
    if not _is_above(seen, 0.5):
        looks = "pass as real ones"
    elif seen.value.value < HARD:
        looks = "differ little from real ones"
    else:
        looks = "differ from real ones" if seen.value.value < EASY else "differ clearly from real ones"
    if leak is None:
        return f"Rows {looks}"
    return f"Rows {looks}, {'and' if _is_above(seen, 0.5) and seen.value.value >= HARD else 'but'} {leak}"


def looks_real(scores: Sequence[TableScore]) -> bool:
    """Whether no classifier is shown to tell rows from real ones; also where none was asked."""
    seen = _strongest(scores, DETECTION)
    return seen is None or not _is_above(seen, 0.5)


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
    how = "gradient boosting" if seen.metric.endswith("boosting") else "logistic regression"
    tells = (
        "Rows are told from real ones with"
        if _is_above(seen, 0.5)
        else "Rows are not told from real ones at this sample size:"
    )
    return f"{tells} AUC {estimate_text(seen.value)} by {how}; real against real {_real(seen)}."


def _usefulness(scores: Sequence[TableScore]) -> str:
    for key, models, measure in (
        ("usefulness", "Classifiers", "macro-F1"),
        ("usefulness-number", "Regressions", "R²"),
    ):
        one = _named(scores, key)
        if one is not None:
            return (
                f"{models} trained on them alone predict held-out rows with {measure} {estimate_text(one.value)}; trained on as many real rows "
                f"{_real(one)}."
            )
    return ""


def _copies(scores: Sequence[TableScore]) -> str:
    one, exact = _named(scores, "copies"), _named(scores, "exact-copies")
    if one is None or exact is None:
        return ""
    near = f"{one.value.value:.0%} are nearer to a training row than to one of as many held-out rows (no copies: 50 %)"
    return f"{near}, and {exact.value.value:.1%} are equal to one (of real rows {exact.baselines['real'].value:.1%})."


def _attack(scores: Sequence[TableScore]) -> str:
    seen = _strongest(scores, ATTACKS)
    if seen is None:
        return ""
    found = (
        "recognises training rows" if _is_above(seen, 0.5) else "does not recognise training rows at this sample size"
    )
    return f"An attack that sees the rows alone {found}: AUC {estimate_text(seen.value)}, .50 is chance."


def leaks(scores: Sequence[TableScore]) -> str | None:
    """What rows do to training rows, as the headline says it: "many copy training rows"; None where nothing is shown."""
    exact, near, attack = _named(scores, "exact-copies"), _named(scores, "copies"), _strongest(scores, ATTACKS)
    if exact is not None and exact.value.value > exact.baselines["real"].value + COPIED and exact.differs_from_real:
        return "many copy training rows"
    if near is not None and near.value.low is not None and near.value.low > 0.5 and near.value.value > HARD:
        return "many nearly copy training rows"
    if attack is not None and _is_above(attack, 0.5):
        return "reveal training rows"
    return None


def _strongest(scores: Sequence[TableScore], keys: Sequence[str]) -> TableScore | None:
    found = [score for score in scores if score.metric in keys]
    return max(found, key=lambda score: score.value.value, default=None)


def _named(scores: Sequence[TableScore], key: str) -> TableScore | None:
    return next((score for score in scores if score.metric == key), None)


def _is_above(score: TableScore, chance: float) -> bool:
    return score.value.low is not None and score.value.low > chance


def _real(score: TableScore) -> str:
    return short(score.baselines["real"].value) if "real" in score.baselines else "not measured"
