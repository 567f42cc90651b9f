"""NUM301 on recorded traces, healthy ones and ones with injected non-finite numbers."""

from __future__ import annotations

import math

import pytest

from saddlepoint.diagnosis import Diagnosis
from saddlepoint.diagnosis.rules import RULES
from saddlepoint.records import Record

# The beginnings of three real runs on digits, shortened: a GAN, a VAE and an autoencoder.
HEALTHY: dict[str, list[dict[str, float]]] = {
    "non-saturating": [
        {"quality/energy_distance": 0.83, "d/held_out_score": 0.49},
        {"d/loss": 1.31, "d/grad_norm": 1.9, "d/real_score": 0.55, "d/fake_score": 0.47, "g/loss": 0.79, "g/grad_norm": 0.6,
         "d/learning_rate": 2e-4, "g/learning_rate": 1e-4, "time/steps_per_second": 810.0},
        {"d/loss": 1.12, "d/grad_norm": 2.2, "d/real_score": 0.61, "d/fake_score": 0.41, "g/loss": 0.98, "g/grad_norm": 0.9,
         "d/learning_rate": 2e-4, "g/learning_rate": 1e-4, "time/steps_per_second": 822.0,
         "quality/energy_distance": 0.42, "d/held_out_score": 0.52},
    ],
    "vae": [
        {"quality/energy_distance": 0.38, "vae/held_out_bound": -44.1},
        {"vae/loss": 38.2, "vae/kl": 0.9, "vae/reconstruction": 37.3, "vae/grad_norm": 9.1, "vae/learning_rate": 1e-3},
        {"vae/loss": 29.0, "vae/kl": 3.1, "vae/reconstruction": 25.9, "vae/grad_norm": 7.4, "vae/learning_rate": 1e-3},
    ],
    "autoencoder": [
        {"quality/energy_distance": 0.53},
        {"ae/loss": 0.11, "ae/grad_norm": 0.4, "ae/learning_rate": 1e-3},
        {"ae/loss": 0.06, "ae/grad_norm": 0.2, "ae/learning_rate": 5e-4},
    ],
}  # fmt: skip

POISONS = [
    (objective, name)
    for objective, trace in HEALTHY.items()
    for name in sorted({name for tick in trace for name in tick})
]


def diagnose(objective: str, ticks: list[dict[str, float]]) -> Diagnosis:
    watch = Diagnosis(objective, RULES)
    for number, tick in enumerate(ticks):
        watch.watch(Record(50 * number, float(number), tick))
    return watch


@pytest.mark.parametrize("code", sorted({rule.code for rule in RULES}))
@pytest.mark.parametrize("objective", HEALTHY)
def test_silent_on_a_healthy_trace(code: str, objective: str) -> None:
    assert code not in diagnose(objective, HEALTHY[objective]).found


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(("objective", "name"), POISONS)
def test_any_non_finite_number_is_found(objective: str, name: str, value: float) -> None:
    trace = HEALTHY[objective]
    finding = diagnose(objective, [*trace, {**trace[-1], name: value}]).found["NUM301"]
    assert finding.severity == "failure"
    assert finding.step == 50 * len(trace)
    assert set(finding.evidence) == {name, "window"}
    assert name in finding.title
    assert str(value) in finding.title


def test_the_remedy_lowers_the_rate_at_the_start_of_each_player() -> None:
    trace = HEALTHY["non-saturating"]
    found = diagnose("non-saturating", [*trace, {"g/loss": math.nan}]).found["NUM301"]
    assert found.remedy == {
        "training.players.discriminator.learning_rate": pytest.approx(2e-5),
        "training.players.generator.learning_rate": pytest.approx(1e-5),
    }
    trace = HEALTHY["autoencoder"]
    found = diagnose("autoencoder", [*trace, {"ae/loss": math.nan}]).found["NUM301"]
    assert found.remedy == {"training.optimiser.learning_rate": pytest.approx(1e-4)}
    assert diagnose("vae", [{"vae/loss": math.nan}]).found["NUM301"].remedy is None


def test_a_huge_rate_is_limited() -> None:
    found = diagnose("vae", [{"vae/loss": 1.0, "vae/learning_rate": 1e30}, {"vae/loss": math.inf}]).found["NUM301"]
    assert found.remedy == {"training.optimiser.learning_rate": 1e-2}


def test_many_broken_series_make_a_short_title() -> None:
    ticks = [{f"d/{letter}": math.nan for letter in "abcdefgh"}]
    finding = diagnose("minimax", ticks).found["NUM301"]
    assert finding.title == "d/a, d/b, d/c and 5 more became nan by step 0."
    assert len(finding.evidence) == 8 + 1  # and the window
