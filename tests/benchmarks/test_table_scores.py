"""The benchmark of scores of tables: its page, and its trials."""

from __future__ import annotations


def test_the_page_counts_intervals() -> None:
    from table_scores import GENERATORS, METRICS, ROWS, Outcome, page

    held, above = (Outcome(dict.fromkeys(METRICS, interval)) for interval in ((0.5, 0.4, 0.6), (0.7, 0.6, 0.8)))
    text = page({(name, ROWS[0]): [held, above] for name in GENERATORS})
    assert "| 100 | copies | 50% | 50% | 50% (0.60) | 50% (0.60) | 50% (0.60) |" in text


def test_trials_have_keys_of_their_own() -> None:
    from table_scores import GENERATORS, Trial

    wanted = [Trial(name, 100, seed) for name in GENERATORS for seed in range(3)]
    assert len({trial.key for trial in wanted}) == len(wanted)
