"""The page about the adversarial zoo says what was run."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(("counts", "words"), [((8, 3), "3 to 8 of 8"), ((3, 8, 5), "3 to 8 of 8"), ((4, 4), "4 of 8")])
def test_the_page_says_how_many_seeds_games_have(counts: tuple[int, ...], words: str) -> None:
    import zoo

    outcome = zoo.Outcome(0.1, None, None, "", (), 100.0)
    games = {(f"loss {number}", "none"): [outcome] * count for number, count in enumerate(counts)}
    assert f"Seeds of each game: {words}." in zoo.page({"digits": games}, seeds=8)


@pytest.mark.slow
def test_an_outcome_is_read_from_the_finished_run() -> None:
    import zoo
    from saddlepoint.experiment.run import NOT_ENDED

    outcome = zoo.train(zoo.Trial("ring", *zoo.PLAIN, seed=0, quick=True))
    assert outcome.headline not in {"", NOT_ENDED}
    assert outcome.modes is not None
