"""The page about the adversarial zoo says what was run."""

from __future__ import annotations

import math
from pathlib import Path

import pytest


@pytest.mark.parametrize(("counts", "words"), [((8, 3), "3 to 8 of 8"), ((3, 8, 5), "3 to 8 of 8"), ((4, 4), "4 of 8")])
def test_the_page_says_how_many_seeds_games_have(counts: tuple[int, ...], words: str) -> None:
    import zoo

    outcome = zoo.Outcome(0.1, None, None, "", (), 100.0)
    games = {(f"loss {number}", "none"): [outcome] * count for number, count in enumerate(counts)}
    assert f"Seeds of each game: {words}." in zoo.page({"digits": games}, {}, 8, "2026-11-20")


def test_the_page_recommends_the_game_without_failures_that_is_best_over_all_data() -> None:
    import zoo
    from tables import zoo_page

    def outcomes(distance: float, *codes: str) -> list[zoo.Outcome]:
        return [zoo.Outcome(distance, None, None, "", codes, 100.0)] * 3

    games = {zoo.PLAIN: outcomes(0.3), ("hinge", "r1"): outcomes(0.2), ("hinge", "none"): outcomes(0.1, "GAN103")}
    alone = {**games, ("minimax", "none"): outcomes(0.0)}  # on one data set only
    said = "\n".join(zoo_page.recommendation({"ring": games, "digits": alone}))
    assert "the loss `hinge` with the penalty `r1` comes first" in said
    assert "ring: 200.00 ± 0.00 against 300.00 ± 0.00" in said
    games_in_order = [line.split("|")[1:3] for line in said.splitlines() if line.startswith("| ")][1:]
    assert [[cell.strip() for cell in row] for row in games_in_order] == [
        ["hinge", "r1"],
        ["non-saturating", "none"],
        ["hinge", "none"],
    ]
    assert "minimax" not in said
    assert zoo_page.recommendation({}) == []


def test_penalties_are_compared_over_all_losses() -> None:
    import zoo
    from tables import zoo_page

    def outcomes(distance: float, *codes: str) -> list[zoo.Outcome]:
        return [zoo.Outcome(distance, None, None, "", codes, 100.0)] * 2

    games = {zoo.PLAIN: outcomes(0.3), ("hinge", "none"): outcomes(0.1, "GAN103"), ("hinge", "r1"): outcomes(0.2)}
    rows = {
        line.split("|")[1].strip(): line.split("|")[2:4] for line in zoo_page.by_penalty({"ring": games}).splitlines()
    }
    assert [cell.strip() for cell in rows["none"]] == ["2 of 4", "200.00"]
    assert [cell.strip() for cell in rows["r1"]] == ["2 of 2", "200.00"]
    assert [cell.strip() for cell in rows["spectral"]] == ["0 of 0", "-"]


def test_a_picture_is_drawn_of_what_is_there(tmp_path: Path) -> None:
    import zoo

    diverged = [zoo.Outcome(math.inf, None, None, "", ("NUM301",), 100.0)]
    games = {zoo.PLAIN: [zoo.Outcome(-0.001, None, None, "", (), 100.0)] * 3, ("hinge", "r1"): diverged}
    zoo.draw({"ring": games, "digits": {zoo.PLAIN: games[zoo.PLAIN]}}, tmp_path / "zoo.png")
    assert (tmp_path / "zoo.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_an_outcome_is_read_from_the_finished_run() -> None:
    import zoo
    from saddlepoint.experiment.run import NOT_ENDED

    outcome = zoo.train(zoo.Trial("ring", *zoo.PLAIN, seed=0, quick=True))
    assert outcome.headline not in {"", NOT_ENDED}
    assert outcome.modes is not None


@pytest.mark.slow
def test_a_cost_is_a_positive_number() -> None:
    import zoo
    from tables.step_costs import measure_cost

    plain = zoo.Trial("ring", *zoo.PLAIN, seed=0).recipe
    assert (
        0 < measure_cost(plain.override({"model.objective": "hinge"}), plain, few=1, many=6, rounds=1).ratio < math.inf
    )
