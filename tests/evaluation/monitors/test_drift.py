"""Drift of samples: closed forms, what it must not depend on, and a model whose samples drift."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from saddlepoint.data import Event
from saddlepoint.diagnosis import Diagnosis, Facts
from saddlepoint.diagnosis.rules import RULES
from saddlepoint.evaluation.metrics.divergence import jensen_shannon
from saddlepoint.evaluation.monitors.drift import (
    EARLY,
    ERROR,
    LATE,
    SHORTEST,
    TOGETHER,
    WINDOWS,
    Drift,
    divergence_terms,
)
from saddlepoint.models import build
from saddlepoint.models.autoregressive.settings import AutoregressiveNetworkSettings, AutoregressiveSettings
from saddlepoint.models.classical.settings import ClassicalSettings
from saddlepoint.objectives.autoregression import step_log_probs
from saddlepoint.objectives.phase import Batch
from saddlepoint.records import Record

AR503 = [rule for rule in RULES if rule.code == "AR503"]


def text(length: int = 64, symbols: int = 3) -> Event:
    alphabet = tuple("abcdefgh"[:symbols])
    return Event((length,), "text", dtype="uint8", low=0.0, high=symbols - 1.0, alphabet=alphabet)


def found(early: float, late: float, error: float = 0.003, at: float = 1.0) -> str:
    """The severity of AR503 after some measurements; empty for none."""
    diagnosis = Diagnosis(("autoregressive", "likelihood"), AR503, Facts(steps=1_000))
    for step in (round(400 * at), round(700 * at), round(1_000 * at)):
        diagnosis.watch(Record(step, 0.0, {EARLY: early, LATE: late, ERROR: error}))
    return diagnosis.found["AR503"].severity if "AR503" in diagnosis.found else ""


def spoilt(share: float) -> float:
    """The divergence of samples of which this share of the triples does not occur in the data, and the others are as in these."""
    kept = 1 - share
    return 0.5 * (kept * math.log(kept / (1 - share / 2)) + share * math.log(2.0)) - 0.5 * math.log(1 - share / 2)


@pytest.mark.parametrize("rate", [0.001, 0.01, 0.05])
def test_a_chain_that_leaves_the_data_has_the_divergence_of_its_closed_form(rate: float) -> None:
    # The data repeat one symbol; at each place, samples change to another one for ever with probability `rate`.
    length, count = 64, 10_000
    left = torch.rand(count, length, generator=torch.Generator().manual_seed(0)) < rate
    samples = left.cumsum(1).clamp_max(1).to(torch.uint8)
    measured = Drift(torch.zeros(500, length, dtype=torch.uint8), text(length)).series(samples)
    quarter = length // WINDOWS
    for name, starts in ((EARLY, range(quarter - 2)), (LATE, range(length - quarter, length - 2))):
        kept = sum((1 - rate) ** (start + TOGETHER) for start in starts) / len(starts)
        assert measured[name] == pytest.approx(spoilt(1 - kept), abs=6 * measured[ERROR] + 1e-4)
    assert measured[LATE] > measured[EARLY]
    assert found(measured[EARLY], measured[LATE], measured[ERROR]) == ("" if rate < 0.005 else "failure")


def test_a_divergence_is_symmetric_and_between_nothing_and_one_bit() -> None:
    generator = torch.Generator().manual_seed(0)
    one, other = (torch.randint(high, (50, 12), generator=generator) for high in (4, 6))
    total = [
        sum(float(term.mean()) for term in divergence_terms(*pair)) for pair in ((one, other), (other, one), (one, one))
    ]
    assert total[0] == pytest.approx(total[1])
    assert 0 < total[0] < math.log(2.0)
    assert total[2] == 0
    assert sum(float(term.mean()) for term in divergence_terms(one, one + 100)) == pytest.approx(math.log(2.0))


def test_the_terms_add_up_to_the_divergence_of_the_counts() -> None:
    generator = torch.Generator().manual_seed(0)
    ours, theirs = (torch.randint(high, (30, 9), generator=generator) for high in (5, 7))
    counts = [each.flatten().bincount(minlength=7) for each in (ours, theirs)]
    terms = divergence_terms(ours, theirs)
    assert sum(float(term.mean()) for term in terms) == pytest.approx(jensen_shannon(*counts), rel=1e-9)


def test_the_standard_error_is_that_of_repeated_samples() -> None:
    generator = torch.Generator().manual_seed(0)
    ramp = torch.linspace(0.05, 0.4, 40)  # ends of samples are worse

    def draw(count: int, worse: bool) -> Tensor:
        odd = torch.rand(count, 40, generator=generator) < (ramp if worse else 0.05)
        return torch.where(odd, torch.randint(1, 3, (count, 40), generator=generator), 0).to(torch.uint8)

    drift = Drift(draw(2_000, False), text(40))  # many, because the reference stays the same
    measured = [drift.series(draw(100, True)) for _ in range(100)]
    differences = torch.tensor([values[LATE] - values[EARLY] for values in measured])
    errors = torch.tensor([values[ERROR] for values in measured])
    assert float(errors.mean()) == pytest.approx(float(differences.std()), rel=0.25)


@pytest.mark.parametrize("shape", [(2, 200), (200, 2)])
def test_sounds_and_series_become_symbols_by_quartiles_whatever_their_units(shape: tuple[int, int]) -> None:
    event = Event(shape, "sound" if shape[0] == 2 else "series", mean=(0.0, 0.0), std=(1.0, 1.0))
    generator = torch.Generator().manual_seed(0)
    axis = 1 + (1 - event.channel_axis)
    steps = torch.randn(300, *shape, generator=generator)
    walks, same = steps.cumsum(axis) * 0.2 + steps, torch.randn(300, *shape, generator=generator)
    values = Drift(steps, event).series(walks)
    assert values[LATE] - values[EARLY] > 10 * values[ERROR], "a walk leaves the data"
    assert Drift(1_000 * steps, event).series(1_000 * walks)[LATE] == pytest.approx(values[LATE], abs=1e-3)
    calm = Drift(steps, event).series(same)
    assert abs(calm[LATE] - calm[EARLY]) < 5 * calm[ERROR]


def test_only_sequences_that_are_long_enough_are_compared() -> None:
    assert Drift.applies_to(text(WINDOWS * SHORTEST))
    assert not Drift.applies_to(text(WINDOWS * SHORTEST - 1))
    assert not Drift.applies_to(Event((1, 8, 8), "image"))


def test_channels_that_never_vary_are_not_compared() -> None:
    x = torch.randn(40, 64, 2, generator=torch.Generator().manual_seed(0))
    event = Event((64, 2), "series", constants=((1, 3.0),))
    assert Drift.applies_to(event)
    assert Drift(x, event).series(x) == Drift(x[:, :, :1], Event((64, 1), "series")).series(x[:, :, :1])
    assert not Drift.applies_to(Event((64, 2), "series", constants=((0, 5.0), (1, 3.0))))


@pytest.mark.parametrize(
    ("early", "late", "severity"),
    [(0.01, 0.02, ""), (0.01, 0.06, "warning"), (0.01, 0.2, "failure"), (0.4, 0.45, ""), (0.05, 0.0, "")],
)
def test_ends_count_that_are_far_worse_than_beginnings(early: float, late: float, severity: str) -> None:
    assert found(early, late) == severity
    assert found(early, late, error=0.1) == "", "within the noise"
    assert found(early, late, at=0.25) == "", "early in the run"


def test_a_model_without_trained_ends_drifts_and_markov_chains_and_data_do_not() -> None:
    generator = torch.Generator().manual_seed(0)

    def draw(count: int) -> Tensor:  # abcabc..., from any of the three on, with a few other symbols
        phase = torch.randint(3, (count, 1), generator=generator) + torch.arange(40)
        return torch.where(torch.rand(count, 40, generator=generator) < 0.02, 0, phase % 3).to(torch.uint8)

    event, x, rest = text(40), draw(600), draw(300)
    drift = Drift(rest, event)
    network = AutoregressiveNetworkSettings(network="made", hidden=(32,))
    model: Any = build(AutoregressiveSettings(network=network), event, seed=0)
    optimiser = torch.optim.Adam(model.player.parameters(), lr=3e-2)
    for _ in range(60):
        batch = model.model_units(x[torch.randint(len(x), (64,), generator=generator)])
        optimiser.zero_grad()
        (-step_log_probs(model.player(batch, None), model.likelihood)[:, :12]).sum(1).mean().backward()
        optimiser.step()
    chain = build(ClassicalSettings(distribution="markov", order=2, smoothing=0.01), event, seed=0)
    chain.phases[0].loss(chain.players, Batch(chain.model_units(x), None), torch.tensor(0))
    severities = []
    for made in (model.sample(300, generator=generator), chain.sample(300, generator=generator), x):
        values = drift.series(made)
        severities.append(found(values[EARLY], values[LATE], values[ERROR]))
    assert severities == ["failure", "", ""]
