"""Every rule for logs finds its problem in a log that has it, at any length, and nothing in logs of trainings that go well."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping

import pytest

from saddlepoint.diagnosis import Facts, History
from saddlepoint.diagnosis.log_rules import LOG_RULES
from saddlepoint.records import Record

Row = Mapping[str, float]
Made = Callable[[float, random.Random], Row]  # of the share of the log that is over, from 0 to 1


def game(d: Callable[[float, random.Random], float], g: Callable[[float, random.Random], float]) -> Made:
    return lambda t, rng: {"d/loss": d(t, rng), "g/loss": g(t, rng)}


def near(level: float, noise: float = 0.1) -> Callable[[float, random.Random], float]:
    return lambda _, rng: level * (1 + noise * rng.uniform(-1, 1))


def vae(recon: Callable[[float], float], kl: Callable[[float], float]) -> Made:
    def made(t: float, rng: random.Random) -> Row:
        terms = recon(t) * (1 + 0.005 * rng.uniform(-1, 1)), kl(t) * (1 + 0.02 * rng.uniform(-1, 1))
        return {"vae/loss": sum(terms), "vae/reconstruction": terms[0], "vae/kl": terms[1]}

    return made


def falling(t: float) -> float:
    return 80 + 60 * math.exp(-6 * t)


def one(loss: Callable[[float], float], held_out: Callable[[float], float] | None = None) -> Made:
    def made(t: float, rng: random.Random) -> Row:
        row = {"model/loss": loss(t) * (1 + 0.003 * rng.uniform(-1, 1))}
        return (
            row if held_out is None else {**row, "model/held_out_loss": held_out(t) * (1 + 0.003 * rng.uniform(-1, 1))}
        )

    return made


# The problem, what was trained, and a log.
ILL: dict[str, tuple[str, Made]] = {
    "never finite": ("non-saturating", lambda t, rng: {"d/loss": math.nan, "g/loss": 1.0}),
    "not finite": ("non-saturating", lambda t, rng: {"d/loss": math.nan if t > 0.7 else 1.0, "g/loss": 1.0}),
    "negative KL": ("vae", vae(falling, lambda t: -5 * t)),
    "averaged KL": ("vae", vae(lambda t: 0.1 + 0.05 * math.exp(-8 * t), lambda t: 1e-6)),
    "vanished KL": ("vae", vae(falling, lambda t: 5 * math.exp(-60 * t))),
    "unweighted KL": ("vae", lambda t, rng: {"vae/loss": falling(t), "vae/reconstruction": falling(t), "vae/kl": 30 + 20 * t}),
    "unlimited KL": ("vae", vae(falling, lambda t: 20 + 600 * t)),
    "never moves": ("non-saturating", game(near(1.386, 0.002), near(0.693, 0.002))),
    "constant": ("least-squares", lambda t, rng: {"d/loss": 0.5, "g/loss": 0.0} if t > 0.5 else {"d/loss": 0.1 * rng.random(), "g/loss": 0.4}),
    "everything wrong": ("non-saturating", game(near(6.0), near(0.02))),
    "disagreement": ("non-saturating", game(near(0.01), near(0.02))),
    "critic runs away": ("wasserstein", game(lambda t, rng: -2000 * t * rng.uniform(0.9, 1.1), lambda t, rng: 900 * t)),
    "distance": ("wasserstein", game(lambda t, rng: -8 * min(1, 20 * t) * rng.uniform(0.98, 1.02), lambda t, rng: -5 * rng.uniform(0.98, 1.02))),
    "breaks": ("non-saturating", game(lambda t, rng: rng.uniform(8, 12) if t > 0.6 else rng.uniform(0.9, 1.1), lambda t, rng: rng.uniform(18, 22) if t > 0.6 else rng.uniform(1, 1.2))),
    "vanished": ("non-saturating", game(near(0.01, 0.5), lambda t, rng: 4 + 4 * t)),
    "runs away": ("non-saturating", game(near(0.3, 0.5), lambda t, rng: 5 + 20 * t)),
    "swings": ("non-saturating", game(lambda t, rng: 1 + 0.6 * math.sin(60 * t), lambda t, rng: 1.2 + 0.8 * math.cos(60 * t))),
    "game explodes": ("least-squares", game(near(2e4, 0.9), near(5e3, 0.9))),
    "explodes": ("autoencoder", one(lambda t: 1e-2 * (1 + 9 * math.exp(-20 * t)) if t < 0.8 else 50.0)),
    "never falls": ("autoencoder", one(lambda t: 0.3)),
    "overfits": ("autoencoder", one(lambda t: 0.01 + math.exp(-6 * t), lambda t: 0.3 + math.exp(-12 * t) + 0.5 * t)),
}  # fmt: skip
WELL: dict[str, tuple[str, Made]] = {
    "balanced": ("non-saturating", game(near(1.2, 0.15), near(0.9, 0.2))),
    "averaged and balanced": ("non-saturating", game(near(0.62, 0.1), near(0.85, 0.2))),
    "the discriminator is ahead": ("non-saturating", game(near(0.4, 0.5), near(3.0, 0.4))),
    "the generator catches up": ("non-saturating", game(lambda t, rng: 0.05 if t < 0.3 else rng.uniform(0.5, 0.9), lambda t, rng: 6 * math.exp(-4 * t) + 1.0)),
    "squares": ("least-squares", game(near(0.2, 0.15), near(0.35, 0.2))),
    "margins": ("hinge", game(near(1.6, 0.15), lambda t, rng: rng.uniform(-0.5, 1.0))),
    "a critic that converges": ("wasserstein", game(lambda t, rng: (-12 * math.exp(-4 * t) - 1) * rng.uniform(0.8, 1.2), lambda t, rng: rng.uniform(-4, 4))),
    "a VAE": ("vae", vae(falling, lambda t: 18 * (1 - math.exp(-12 * t)))),
    "terms that are both averaged": ("vae", vae(lambda t: 0.1 + 0.1 * math.exp(-6 * t), lambda t: 0.02)),
    "an autoencoder": ("autoencoder", one(lambda t: 0.02 + math.exp(-9 * t), lambda t: 0.03 + math.exp(-9 * t))),
    "a plateau at last": ("autoencoder", one(lambda t: 0.02 + math.exp(-30 * t))),
}  # fmt: skip


def found(trained: str, made: Made, rows: int, per_row: int = 1, seed: int = 0) -> set[str]:
    rng = random.Random(seed)
    history = History(Record(per_row * (place + 1), 0.0, made(place / (rows - 1), rng)) for place in range(rows))
    facts = Facts(frozenset({"log", trained}), per_row * rows)
    asked = {name: problem.rule for name, problem in LOG_RULES.items()}
    meant = {name: rule for name, rule in asked.items() if rule.applies_to(facts.traits) and not rule.missing(history)}
    return {name for name, rule in meant.items() if rule.evaluate(history, facts) is not None}


def test_held_out_examples_that_gain_nothing_while_training_goes_on_are_found() -> None:
    parted = one(lambda t: math.exp(-7 * t), lambda t: 0.02 + math.exp(-12 * t))
    assert found("autoencoder", parted, 100) == {"overfits"}
    # A loss that has converged on both, with a gap, is no overfitting that goes on.
    assert (
        found("autoencoder", one(lambda t: 0.01 + math.exp(-12 * t), lambda t: 0.02 + math.exp(-12 * t)), 100) == set()
    )


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("rows", [20, 50, 300])
def test_noise_alone_is_no_progress(rows: int, seed: int) -> None:
    """Medians of both halves differ by chance, the more the shorter the log."""
    assert found("non-saturating", game(near(1.387, 0.001), near(0.694, 0.001)), rows, seed=seed) == {"never moves"}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rows", [20, 100, 300])
@pytest.mark.parametrize("score", [-0.005, 0.0, 0.04])
@pytest.mark.parametrize(("trained", "d_level"), [("hinge", 2.0), ("wasserstein", 8.1), ("wasserstein", 0.0)])
def test_untrained_scores_near_zero_scatter_and_never_move(
    trained: str, d_level: float, score: float, rows: int, seed: int
) -> None:
    """A loss of scores may be 0 by chance: what it varies by is compared with the size of both losses."""
    size = max(d_level, abs(score))

    def made(t: float, rng: random.Random) -> Row:
        noise = [0.005 * size * rng.uniform(-1, 1) for _ in range(2)]
        return {"d/loss": d_level + noise[0], "g/loss": -score + noise[1]}

    assert "never moves" in found(trained, made, rows, seed=seed)


@pytest.mark.parametrize("rows", [20, 100, 300])
def test_losses_that_approach_their_last_level_have_moved(rows: int) -> None:
    """A subtracted penalty drives a critic's loss to its bound, which is a course although it is short and ends flat."""
    logs = game(
        lambda t, rng: -10 + math.exp(-9 * t) * rng.uniform(0.9, 1.1), lambda t, _: 0.05 - 0.02 * math.exp(-9 * t)
    )
    assert "never moves" not in found("wasserstein", logs, rows)


def test_every_rule_has_a_log_here() -> None:
    assert ILL.keys() == LOG_RULES.keys()


@pytest.mark.parametrize("per_row", [1, 500])
@pytest.mark.parametrize("rows", [40, 300])
@pytest.mark.parametrize("name", LOG_RULES)
def test_a_problem_is_found_at_any_length_and_whatever_a_step_is(name: str, rows: int, per_row: int) -> None:
    assert name in found(*ILL[name], rows, per_row)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rows", [10, 40, 300])
@pytest.mark.parametrize("name", WELL)
def test_nothing_is_found_where_training_goes_well(name: str, rows: int, seed: int) -> None:
    assert found(*WELL[name], rows, seed=seed) == set()


@pytest.mark.parametrize("name", sorted(set(LOG_RULES) - {"never finite", "not finite", "negative KL"}))
def test_few_rows_show_no_course(name: str) -> None:
    assert found(*ILL[name], 5) <= {"not finite", "negative KL"}


@pytest.mark.parametrize("name", sorted(set(LOG_RULES) - {"not finite", "swings"}))
def test_one_wild_row_changes_nothing(name: str) -> None:
    """Rules go by medians, so a single spike neither makes nor hides a finding."""
    trained, made = ILL[name]

    def spiked(t: float, rng: random.Random) -> Row:
        row = made(t, rng)
        return {series: 50 * value for series, value in row.items()} if abs(t - 0.5) < 1e-3 else row

    assert name in found(trained, spiked, 201)
