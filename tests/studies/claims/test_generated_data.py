"""C18: the trial keeps its results, and the verdict follows from the differences on every data set."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.studies.claims import claim
from saddlepoint.studies.claims.augmentation_gains import DATASETS, AugmentationGains, GainsOutcome
from saddlepoint.studies.claims.generated_data import GENERATED, REPEATED, decide

NAMES = ("real", "duplicated", "class weights", "SMOTE", "real + generated", "generated only")


def outcome(over_real: float, over_repeated: float, splits: int = 12) -> GainsOutcome:
    generator = torch.Generator().manual_seed(0)
    scores = torch.full((len(NAMES), 1, splits), 0.8, dtype=torch.float64)
    scores[NAMES.index(GENERATED)] += over_real
    scores[NAMES.index(REPEATED)] += over_real - over_repeated
    scores += 0.002 * torch.randn(scores.shape, generator=generator, dtype=torch.float64)
    return GainsOutcome(AugmentationGains("wine", (30,), splits), NAMES, torch.tensor([30]), scores)


@pytest.mark.parametrize(
    ("gains", "said"),
    [
        ([(0.1, 0.1)] * 3, "holds"),
        ([(0.1, 0.1), (0.1, 0.0), (0.0, 0.0)], "holds in part"),
        ([(0.1, 0.0), (0.0, 0.0), (0.1, 0.0)], "not decided"),
        ([(0.1, -0.1), (0.0, 0.0), (0.1, 0.0)], "does not hold"),
        ([(-0.1, 0.0)] * 3, "does not hold"),
    ],
)
def test_the_verdict_follows_from_both_differences(gains: list[tuple[float, float]], said: str) -> None:
    outcomes = {name: outcome(*pair) for name, pair in zip(DATASETS, gains, strict=True)}
    assert decide(outcomes) == said
    assert decide({name: outcome(*pair, splits=9) for name, pair in zip(DATASETS, gains, strict=True)}) == "not decided"


def test_the_result_names_sizes_and_is_restored() -> None:
    own = outcome(0.1, 0.05)
    tensors, facts = own.parts()
    again = own.setup.restore(tensors, facts)
    assert torch.equal(again.of(GENERATED), own.of(GENERATED))
    measured = claim("C18").measure({"wine": again}, True)
    assert "wine with 30 real examples" in measured.because
    assert len(measured.pictures) == 1
