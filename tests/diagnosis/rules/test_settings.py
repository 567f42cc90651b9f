"""Rules take settings and sizes into account: targets of the scores, rates that may be raised, the size of chance."""

from __future__ import annotations

import pytest

from saddlepoint.diagnosis import Facts, Series
from saddlepoint.diagnosis.rules.balance import discriminator_overpowers
from saddlepoint.diagnosis.rules.codebook import codebook_collapse
from saddlepoint.diagnosis.rules.learning import stalled
from saddlepoint.diagnosis.rules.memory import generator_copies

STEPS = list(range(500, 1_000, 100))


def series(name: str, value: float) -> Series:
    return Series(name, STEPS, [value] * len(STEPS))


def is_overpowering(smoothing: float, flipping: float, share: float) -> bool:
    """Whether scores are GAN101 at this share of the way from those of a blind discriminator to those of a perfect one."""
    best_real, best_fake = (1 - smoothing) * (1 - flipping), flipping
    middle = (best_real + best_fake) / 2
    real, fake = middle + share * (best_real - middle), middle + share * (best_fake - middle)
    run = Facts(steps=1_000, settings={"model.labels.smoothing": smoothing, "model.labels.flipping": flipping})
    return discriminator_overpowers.judge(series("d/real_score", real), series("d/fake_score", fake), run) is not None


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("flipping", [0.0, 0.05, 0.1, 0.3])
def test_a_discriminator_whose_scores_are_its_targets_overpowers(smoothing: float, flipping: float) -> None:
    assert is_overpowering(smoothing, flipping, 0.99)
    assert not is_overpowering(smoothing, flipping, 0.8)


@pytest.mark.parametrize("rate", [1e-7, 1e-5, 1e-3, 5e-3, 1e-2, 0.03, 1.0])
def test_the_remedy_of_a_stall_never_lowers_a_rate(rate: float) -> None:
    name = "training.optimiser.learning_rate"
    found = stalled.judge({"g/update_ratio": series("g/update_ratio", 1e-9)}, Facts(steps=1_000, settings={name: rate}))
    assert found is not None
    assert (found.remedy is None) == (rate >= 1e-2)
    assert found.remedy is None or found.remedy[name] > rate


@pytest.mark.parametrize(("error", "found"), [(0.05, True), (0.2, True), (0.21, False), (0.4, False)])
def test_a_preference_within_chance_is_no_copying(error: float, found: bool) -> None:
    preferred, share = series("g/copies", 0.61), series("g/copied", 0.9)
    ratio, diversity = series("g/nearest_ratio", 0.1), series("g/diversity", 1.0)
    spread = series("g/copies_error", error)
    assert (generator_copies.judge(share, preferred, Facts(steps=1_000), ratio, diversity, spread) is not None) == found


@pytest.mark.parametrize(("held_out", "collapsed"), [(200.0, False), (31.0, True)])
def test_a_small_batch_cannot_show_all_codes_of_a_large_codebook(held_out: float, collapsed: bool) -> None:
    """16 examples with 2 places have at most 32 codes."""
    run = Facts(steps=1_000, settings={"model.codes": 512, "training.batch_size": 16})
    found = codebook_collapse.judge(series("vq/perplexity", 31.0), run, series("vq/held_out_perplexity", held_out))
    assert (found is not None) == collapsed
