"""One sentence on several runs: who is better, by how much, and nothing that is not shown."""

from __future__ import annotations

import json

import pytest

from saddlepoint.evaluation.scorecard.answer import answer
from saddlepoint.evaluation.scorecard.metric_types import SampleMetric
from saddlepoint.evaluation.scorecard.ranking import rank
from saddlepoint.evaluation.scorecard.registry import all_metrics
from saddlepoint.evaluation.scorecard.score import Estimate, Score
from tests.evaluation.cards import score, scorecard

RECALL = {
    "metric": "recall",
    "title": "Recall",
    "better": "higher",
    "baseline": Estimate(20.0, 19.0, 21.0),
    "unit": "share",
}
ENERGY = {"metric": "energy", "title": "Energy distance"}


def answer_for(**runs: tuple[Score, ...]):
    return answer(rank({name: scorecard(*scores) for name, scores in runs.items()}))


@pytest.mark.parametrize(("a", "b", "better"), [(1.0, 9.0, "a"), (9.0, 1.0, "b")])
def test_the_better_of_two_is_named_with_the_difference_and_its_interval(a: float, b: float, better: str) -> None:
    found = answer_for(a=(score(a),), b=(score(b),))
    (pair,) = found.pairs
    assert (pair.outcome, pair.better, found.best) == ("better", better, (better,))
    advantage = pair.advantages[better]
    assert advantage.direction == "lower"
    assert advantage.by == pytest.approx(8.0)
    assert 0 < advantage.low < 8.0 < advantage.high
    assert found.sentence.startswith(f"{better} is better than")
    assert "lower by 8 [7.72, 8.28]; better in 1 of 1 distance, worse in none." in found.sentence


def test_equal_runs_are_called_indistinguishable_at_this_size_and_not_equal() -> None:
    found = answer_for(a=(score(),), b=(score(),))
    assert found.best == ("a", "b")
    assert found.sentence == (
        "No difference between a and b is shown at this sample size (180 samples for each of 3 seeds; 1 distance compared)."
    )


def test_neither_is_better_if_each_wins_in_some_score() -> None:
    found = answer_for(a=(score(1.0), score(9.0, **ENERGY)), b=(score(9.0), score(1.0, **ENERGY)))
    (pair,) = found.pairs
    assert (pair.outcome, pair.better) == ("mixed", None)
    assert dict(pair.wins) == {"a": 1, "b": 1}
    assert found.sentence.startswith("Neither a nor b is better throughout: a has Fréchet")
    assert "b has Energy distance lower by 8" in found.sentence


def test_distances_decide_and_other_scores_are_named_beside_them() -> None:
    found = answer_for(a=(score(1.0), score(1.0, **RECALL)), b=(score(9.0), score(9.0, **RECALL)))
    (pair,) = found.pairs
    assert (pair.outcome, pair.better, pair.decided_by) == ("better", "a", "distances")
    assert found.sentence.endswith(
        "better in 1 of 1 distance, worse in none. Other scores in which b is better: Recall."
    )


def test_without_a_distance_the_side_of_one_decides() -> None:
    found = answer_for(a=(score(1.0, **RECALL),), b=(score(9.0, **RECALL),))
    (pair,) = found.pairs
    assert (pair.outcome, pair.better, pair.decided_by) == ("better", "b", "sides")
    assert "better in 1 of 1 score" in found.sentence


@pytest.mark.parametrize("metric", ["duality_gap", "fixed_point", "likelihood", "reconstruction", "active_units"])
@pytest.mark.parametrize("distance", [(), (score(),)])
def test_scores_that_do_not_measure_samples_never_decide(metric: str, distance: tuple[Score, ...]) -> None:
    other = {"metric": metric, "title": "Another score"}
    found = answer_for(a=(*distance, score(1.0, **other)), b=(*distance, score(9.0, **other)))
    (pair,) = found.pairs
    assert (pair.outcome, pair.better) == ("not shown" if distance else "not tested", None)
    assert found.best == ("a", "b")
    assert found.sentence.endswith(" Other scores in which a is better: Another score.")
    words = (
        "No difference between a and b is shown at this sample size" if distance else "a and b share no score of their"
    )
    assert found.sentence.startswith(words)


def test_every_score_of_samples_with_a_direction_decides_and_ranks_differ() -> None:
    of_samples = [
        metric for metric in all_metrics().values() if isinstance(metric, SampleMetric) and metric.of != "digit triples"
    ]
    assert all((metric.decides is not None) == (metric.better != "none") for metric in of_samples)
    ranks = [metric.decides for metric in all_metrics().values() if metric.decides is not None]
    assert len(ranks) == len(set(ranks))


def test_a_difference_without_a_better_direction_makes_nobody_better() -> None:
    found = answer_for(a=(score(1.0, better="none"),), b=(score(9.0, better="none"),))
    assert found.pairs[0].outcome == "other"
    assert "in no distance is one of them shown to be the better" in found.sentence


def test_without_a_testable_score_this_is_reported() -> None:
    found = answer_for(a=(score(),), b=(score(1.0, **RECALL),))
    assert found.pairs[0].outcome == "not tested"
    assert "share no score" in found.sentence


def test_the_leading_score_is_the_most_informative_one() -> None:
    found = answer_for(a=(score(1.0, **ENERGY), score(1.0)), b=(score(99.0, **ENERGY), score(3.0)))
    assert found.pairs[0].advantages["a"].score.startswith("Fréchet")


def test_the_run_that_beats_all_others_is_named() -> None:
    found = answer_for(a=(score(9.0),), b=(score(1.0),), c=(score(5.0),))
    assert found.best == ("b",)
    assert found.sentence.startswith("b is better than all others: than a by ")
    assert "than c by " in found.sentence


def test_indistinguishable_runs_share_the_first_place() -> None:
    found = answer_for(a=(score(1.0),), b=(score(1.05),), c=(score(9.0),))
    assert found.best == ("a", "b")
    assert found.sentence == (
        "None of a and b is shown to be better than another of them (180 samples for each of 3 seeds); worse: c."
    )
    alike = answer_for(a=(score(),), b=(score(),), c=(score(),))
    assert alike.sentence.startswith("No difference between the 3 runs is shown")


def test_a_run_that_beats_some_names_those_it_does_not_beat() -> None:
    # a and c share no score, and b beats c.
    found = answer_for(a=(score(1.0),), b=(score(9.0), score(9.0, **RECALL)), c=(score(1.0, **RECALL),))
    assert found.best == ("a",)
    assert found.sentence.startswith("a is better than 1 of 2 others: than b by")
    assert found.sentence.endswith("Not shown to be better than c.")


def test_it_is_json() -> None:
    found = answer_for(a=(score(1.0),), b=(score(9.0),)).to_json()
    assert json.loads(json.dumps(found))["pairs"][0]["advantages"]["a"]["by"] == pytest.approx(8.0)
