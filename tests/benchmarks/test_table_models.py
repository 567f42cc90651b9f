"""The benchmark of models for tables: its page, and its trials."""

from __future__ import annotations


def test_the_page_puts_published_numbers_and_goals_beside_ours() -> None:
    from tables.table_models_page import page
    from tables.table_models_plan import DATA, Outcome

    outcomes = [
        Outcome((0.2, 0.4), (0.9, 1.0), "gaussian-table", "said", 1.0),
        Outcome((0.5,), (0.97,), "gaussian-table", "said", 3.0),
    ]
    text = page({(data, "auto"): outcomes for data in DATA})
    assert "0.400 (0.300 to 0.500)" in text
    assert "| ForestFlow (published)" in text
    assert "iris: auto chose gaussian-table, gaussian-table; W at most 0.33 missed, F1 at least 0.976 missed" in text
    assert "wine: auto chose gaussian-table, gaussian-table; W at most 1.42 met" in text


def test_trials_come_in_rounds_and_have_keys_of_their_own() -> None:
    import table_models
    from tables.table_models_plan import DATA, models

    wanted = table_models.trials(models(), DATA, 2, quick=False)
    assert [trial.seed for trial in wanted] == sorted(trial.seed for trial in wanted)
    assert len({trial.key for trial in wanted}) == 2 * len(DATA) * len(models())
    assert {"training rows", "auto", "gaussian-table"} <= set(models())
