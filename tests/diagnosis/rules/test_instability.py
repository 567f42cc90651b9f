"""GAN105, GAN106, GAN109: distant samples, samples that approach the data, and short runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from saddlepoint.diagnosis import Diagnosis, Facts
from saddlepoint.diagnosis.rules import RULES
from saddlepoint.records import Record

SETTINGS = {"model.penalties.r1.weight": 0.0, "training.optimiser.learning_rate": 1e-3}


def codes(series: Mapping[str, Sequence[float]], steps: int, every: int) -> set[str]:
    """Return the codes of the active findings after records with these values, one every `every` steps."""
    diagnosis = Diagnosis({"gan", "non-saturating"}, RULES, Facts(steps=steps, settings=SETTINGS))
    for place, values in enumerate(zip(*series.values(), strict=True)):
        diagnosis.watch(Record(place * every, 0.0, dict(zip(series, values, strict=True))))
    return set(diagnosis.found)


def test_a_mixture_whose_modes_become_narrower_is_past_its_best() -> None:
    shrinking = [0.32, 0.0024, 0.0028, 0.0038, 0.0057, 0.0077, 0.0092]
    quality = {"quality/energy_distance": shrinking, "quality/energy_distance_error": [5e-4] * len(shrinking)}
    assert "GAN109" in codes(quality, steps=3_000, every=500)


@pytest.mark.parametrize("every", [10, 100])
def test_a_generator_that_starts_far_away_and_approaches_does_not_diverge(every: int) -> None:
    nearer = [35.4, 34.0, 33.0, 38.0, 40.0, 30.0, 20.0, 10.0, 4.0, 2.6]
    assert "GAN106" not in codes({"g/reach": nearer}, steps=9 * every, every=every)


@pytest.mark.parametrize("untrained", [0.5, 5.0, 15.0])
@pytest.mark.parametrize("every", [10, 100])
def test_a_generator_that_moves_away_diverges_in_a_run_of_any_length(untrained: float, every: int) -> None:
    further = [untrained * 1.8**place for place in range(10)]
    assert "GAN106" in codes({"g/reach": further}, steps=9 * every, every=every)


def test_a_generator_that_stays_far_away_diverges_after_the_beginning() -> None:
    slowly_further = [14.4 + 0.2 * place for place in range(15)]
    assert "GAN106" in codes({"g/reach": slowly_further}, steps=1_400, every=100)


@pytest.mark.parametrize(("last", "found"), [(0.22, False), (0.6, True)])
def test_samples_that_are_far_out_but_improve_do_not_diverge(last: float, found: bool) -> None:
    """The reach of a healthy LSGAN of digits, some of whose pixels hardly vary; then one whose samples become worse too."""
    reach = [10.5, 10.0, 6.7, 4.2, 3.0, 2.8, 5.4, 7.2, 7.0, 7.1]
    distance = [0.87, 0.87, 0.71, 0.71, 0.48, 0.48, 0.29, 0.29, last, last]
    found_codes = codes({"g/reach": reach, "quality/energy_distance": distance}, steps=900, every=100)
    assert ("GAN106" in found_codes) == found


@pytest.mark.parametrize(("every", "found"), [(3, False), (30, True)])
def test_players_circle_only_after_the_beginning(every: int, found: bool) -> None:
    probes = 20
    circling = {
        "g/turnover": [0.6] * probes,
        "g/diversity": [1.0] * probes,
        "quality/energy_distance": [0.3] * probes,
    }
    assert ("GAN105" in codes(circling, steps=(probes - 1) * every, every=every)) == found
