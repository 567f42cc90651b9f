"""The benchmark of simulators: its trials, its budget of real steps and its page."""

from __future__ import annotations


def outcome(returns: list[float], promised: float | None) -> object:
    import simulate

    obtained = unusual = None if promised is None else 0.5
    return simulate.Outcome(returns, promised, obtained, unusual, 20.0, simulate.STEPS, 5.0, 60.0)


def test_no_trial_takes_more_real_steps_than_the_budget() -> None:
    import simulate

    assert all(sum(row.recordings) == simulate.STEPS for row in simulate.ROWS.values())
    assert {len(row.recordings) for row in simulate.ROWS.values() if row.task == "CartPole-v1"} == {1, 2}
    keys = {simulate.Trial(row, seed).key for row in simulate.ROWS.values() for seed in range(2)}
    assert len(keys) == 2 * len(simulate.ROWS)


def test_the_page_counts_the_seeds_that_reach_the_goal() -> None:
    import simulate

    row = "CartPole-v1 mppi, recorded twice"
    found = simulate.body({row: [outcome([500.0, 490.0], 25.0), outcome([500.0, 100.0], 25.0)]})
    text = " ".join(found.split())
    assert "| 1 of 2 |" in text
    assert "| 5,000 + 5,000 |" in text
    assert "| +24.50 | 50% |" in text
    assert "| 0 of 1 |" in " ".join(simulate.body({"CartPole-v1 PPO": [outcome([100.0], None)]}).split())
