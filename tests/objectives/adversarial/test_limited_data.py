"""Laws of the parts for few examples: LeCam and consistency penalties, adaptive augmentation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import saddlepoint as sp
from saddlepoint.errors import SettingError
from saddlepoint.models.gan.composition import compose
from saddlepoint.models.gan.conditions.auxiliary import Auxiliary
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.objectives.adversarial.adaptive import LARGEST, AdaptiveAugmentation
from saddlepoint.objectives.adversarial.consistency import balanced_consistency, consistency
from saddlepoint.objectives.adversarial.constraints import Clip, Spectral
from saddlepoint.objectives.adversarial.lecam import lecam
from saddlepoint.objectives.adversarial.settings import LOSSES


def test_lecam_is_zero_where_each_kind_has_the_average_of_the_other() -> None:
    kept = {"real": torch.tensor(2.0), "fake": torch.tensor(-1.0)}
    penalty = lecam()
    assert penalty.how(torch.full((3,), -1.0), torch.full((3,), 2.0), kept).tolist() == [0, 0, 0]
    assert penalty.how(torch.tensor([1.0]), torch.tensor([0.0]), kept).tolist() == [4 + 4]


def test_the_averages_of_lecam_approach_the_means() -> None:
    state = lecam(decay=0.5).state
    kept = state.first
    for _ in range(30):
        kept = state.following(kept, torch.tensor([1.0, 3.0]), torch.tensor([-4.0, -2.0]))
    torch.testing.assert_close(kept["real"], torch.tensor(2.0))
    torch.testing.assert_close(kept["fake"], torch.tensor(-3.0))


@pytest.mark.parametrize(("make", "kinds"), [(consistency, ("real",)), (balanced_consistency, ("real", "fake"))])
def test_a_discriminator_that_ignores_position_has_no_consistency_cost(make: Any, kinds: tuple[str, ...]) -> None:
    penalty = make()
    assert penalty.kinds == kinds
    x = torch.zeros(4, 1, 8, 8)
    x[:, :, 3:5, 3:5] = 1.0  # far enough from the border to stay inside
    numbers = penalty.draw(4, (1, 8, 8), torch.Generator().manual_seed(0))
    changed = penalty.change(x, numbers)
    assert not torch.equal(changed, x)
    torch.testing.assert_close(changed.sum((1, 2, 3)), x.sum((1, 2, 3)))
    assert penalty.how(x.sum((1, 2, 3)), changed.sum((1, 2, 3))).abs().max() == 0


@pytest.mark.parametrize(("real", "rises"), [(1.0, True), (-1.0, False)])
def test_the_probability_of_augmentation_follows_overfitting(real: float, rises: bool) -> None:
    view = AdaptiveAugmentation(target=0.6, images=100)
    kept = {"probability": torch.tensor(0.3)}
    logits = torch.full((10,), real)
    following = view.state.following(kept, logits, -logits)["probability"]
    torch.testing.assert_close(following, torch.tensor(0.4 if rises else 0.2))
    for _ in range(50):
        kept = view.state.following(kept, logits, -logits)
    assert float(kept["probability"]) == pytest.approx(LARGEST if rises else 0.0)


@pytest.mark.parametrize("probability", [0.0, 0.5, 1.0])
def test_each_change_is_applied_with_the_present_probability(probability: float) -> None:
    view = AdaptiveAugmentation(policy=("translation", "color"))
    kept = {"probability": torch.tensor(probability)}
    numbers = view.draw(2_000, (1, 32, 32), 1.0, torch.Generator().manual_seed(0), kept)
    share = float((numbers[:, 2:] != 0).any(1).float().mean())
    assert share == pytest.approx(probability, abs=0.06)  # five standard errors
    x = torch.randn(2_000, 1, 4, 4)[:5]
    assert (probability > 0) or torch.equal(view(x, numbers[:5]), x)


@pytest.mark.parametrize(
    ("make", "arguments", "message"),
    [
        (lecam, {"decay": 1.0}, "decay must be a finite number of at least 0 and below 1; got 1.0"),
        (lecam, {"decay": "0.9"}, "decay must be a finite number .* got '0.9'"),
        (Auxiliary, {"weight": 0}, "weight must be a finite number above 0; got 0"),
        (Clip, {"limit": "small"}, "limit must be a finite number above 0; got 'small'"),
        (Spectral, {"iterations": 1.5}, "iterations must be a whole number from 1 to 1,000; got 1.5"),
        (AdaptiveAugmentation, {"target": 1.0}, "target"),
        (AdaptiveAugmentation, {"images": 0}, "images"),
        (AdaptiveAugmentation, {"policy": ["colour"]}, "colour"),
        (consistency, {"policy": []}, "policy"),
    ],
)
def test_arguments_out_of_range_are_refused(make: Any, arguments: dict, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        make(**arguments)


STATES = {
    "lecam": {"penalties": {"lecam": 0.3}},
    "adaptive": {"views": {"adaptive_augmentation": {"images": 100, "target": -0.9}}},
    "began": {"objective": "boundary-equilibrium", "labels": {"smoothing": 0.0}},
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "series"), [("adaptive", "d/augmentation"), ("began", "d/balance")])
def test_state_is_recorded(name: str, series: str, tmp_path: Path) -> None:
    small = {"network": "mlp", "hidden": [8]}
    model = {"latent": 4, "generator": small, "discriminator": small, **STATES[name]}
    run = sp.train("gan-digits", model=model, training={"steps": 6, "tick": 1}, run=tmp_path / "a", pictures=False)
    recorded = [record.values[series] for record in run.records if series in record.values]
    assert len(recorded) >= 5
    assert recorded[0] == 0  # the state before the first update
    assert max(recorded) > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", STATES)
def test_state_survives_a_resumption_bit_for_bit(name: str, tmp_path: Path) -> None:
    small = {"network": "mlp", "hidden": [8]}
    model = {"latent": 4, "generator": small, "discriminator": small, **STATES[name]}
    training = {"tick": 2, "batch_size": 16, "checkpoint_every": 2}
    whole = sp.train("gan-digits", model=model, training={**training, "steps": 6}, run=tmp_path / "a", pictures=False)
    sp.train("gan-digits", model=model, training={**training, "steps": 4}, run=tmp_path / "b", pictures=False)
    resumed = sp.resume(tmp_path / "b", steps=6, pictures=False)
    states = [run.model.extra_state() for run in (whole, resumed)]
    assert states[0].keys() == states[1].keys()
    assert states[0]
    for key, value in states[0].items():
        assert torch.equal(value, states[1][key]), key
    assert any(bool((value != 0).any()) for value in states[0].values())
    for key, value in whole.model.players["d"].state_dict().items():
        assert torch.equal(value, resumed.model.players["d"].state_dict()[key]), key


@pytest.mark.parametrize("objective", LOSSES)
def test_adaptive_augmentation_needs_logits_whose_sign_has_a_meaning(objective: str) -> None:
    settings = GANSettings(objective=objective, views={"adaptive_augmentation": 1.0})
    traits = LOSSES[objective].traits
    if traits & {"differences", "energy"}:
        with pytest.raises(SettingError, match=rf"{objective}.*adaptive_augmentation"):
            compose(settings)
    else:
        compose(settings)
