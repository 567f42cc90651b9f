"""What scores of generated rows say: only what their intervals show."""

from __future__ import annotations

from saddlepoint.evaluation.scorecard.score import Estimate
from saddlepoint.evaluation.tables.answer import answer, differs, headline, leaks, passes_as_real
from saddlepoint.evaluation.tables.card import TableScore


def test_a_shown_effect_counts_more_than_a_larger_uncertain_one() -> None:
    def score(metric: str, value: float, low: float) -> TableScore:
        return TableScore(metric, metric, Estimate(value, low, 2 * value - low), "lower")

    attacks = [score("attack-distance", 0.56, 0.52), score("attack-calibrated", 0.61, 0.47)]
    assert leaks(attacks) == "reveal training rows"
    assert "recognises training rows: AUC .56" in answer(attacks)
    assert leaks(attacks[1:]) is None
    detections = [score("detection-logistic", 0.58, 0.53), score("detection-boosting", 0.62, 0.49)]
    assert differs(detections)
    assert headline(detections) == "Rows differ little from real ones"


def test_few_rows_do_not_pass_as_real() -> None:
    def scores(half: float) -> list[TableScore]:
        estimate = Estimate(0.5, 0.5 - half, 0.5 + half)
        return [TableScore(f"detection-{name}", name, estimate, "lower") for name in ("logistic", "boosting")]

    many, few = scores(0.03), scores(0.2)
    assert (passes_as_real(many), passes_as_real(few)) == (True, False)
    assert headline(many) == "Rows pass as real ones"
    assert headline(few) == "Rows show no difference from real ones at this sample size"
    assert not passes_as_real([many[0], few[1]])
