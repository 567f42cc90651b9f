"""Optional parts of a GAN's recipe work in replicas as in a single run; parts with memory are refused."""

from __future__ import annotations

import pytest

from saddlepoint.errors import SettingError
from saddlepoint.lanes import Replica, Replicas, compatible_groups
from saddlepoint.models import build
from saddlepoint.models.gan.parts.settings import ConstraintSettings, PenaltySettings, ViewSettings
from saddlepoint.models.gan.settings import LabelSettings, ReplaySettings
from saddlepoint.objectives.adversarial.settings import CONSTRAINTS, PENALTIES, VIEWS
from saddlepoint.recipe import Recipe
from tests.studies.runs import GAN, LINE, assert_replicas_are_single_runs, condition, images, training

PIECES = {
    "minibatch": {"discriminator": GAN.discriminator.model_copy(update={"minibatch_kernels": 3})},
    "feature-matching": {"objective": "feature-matching"},
    "packing": {"discriminator": GAN.discriminator.model_copy(update={"packing": 3})},
    "flipping": {"labels": LabelSettings(flipping=0.2)},
}


@pytest.mark.slow
@pytest.mark.parametrize("piece", PIECES)
def test_a_replica_with_a_piece_is_the_single_run(piece: str) -> None:
    assert_replicas_are_single_runs(Replica.over_seeds(GAN.model_copy(update=PIECES[piece]), training(), LINE, 2))


# The default policy of some parts changes images, which the data must be then.
PARTS = {
    **{f"penalty {name}": {"penalties": {name: PenaltySettings(weight=0.5)}} for name in PENALTIES},
    **{f"view {name}": {"views": {name: ViewSettings(strength=0.5, steps=20)}} for name in VIEWS},
}


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_a_replica_with_a_part_is_the_single_run_unless_the_part_has_state(part: str) -> None:
    replicas = Replica.over_seeds(GAN.model_copy(update=PARTS[part]), training(), images(), 2)
    if build(replicas[0].model, replicas[0].dataset.event, seed=0).extra_state():
        with pytest.raises(SettingError, match="state of its own between steps"):
            next(Replicas(replicas, device="cpu").play())
    else:
        assert_replicas_are_single_runs(replicas)


@pytest.mark.slow
def test_replicas_may_have_views_of_different_strengths() -> None:
    replicas = [
        Replica(GAN.model_copy(update={"views": {"diffaugment": ViewSettings(strength=s)}}), training(), images())
        for s in (0.3, 1.0)
    ]
    assert compatible_groups(replicas) == [[0, 1]]
    assert_replicas_are_single_runs(replicas)


@pytest.mark.slow
def test_a_replica_of_the_lab_is_the_single_run() -> None:
    recipe = Recipe.load("toy-lab-2")
    # Few steps: with wide noise and saturated units a rounding grows a hundred-thousandfold within twelve in some seeds.
    own = training(optimiser=recipe.training.optimiser, batch_size=recipe.training.batch_size, steps=4, tick=2)
    replicas = Replica.over_seeds(recipe.model, own, LINE, 2)
    for index, replica in enumerate(replicas):
        tolerance = 10 * condition(replica) + 2e-4
        assert tolerance < 0.2, "too badly conditioned to tell anything"
        assert_replicas_are_single_runs(replicas, among=[index], tolerance=tolerance)


def test_replay_is_refused() -> None:
    replicas = Replica.over_seeds(GAN.model_copy(update={"replay": ReplaySettings(share=0.5)}), training(), LINE, 2)
    with pytest.raises(SettingError, match="replay"):
        next(Replicas(replicas, device="cpu").play())


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_a_constraint_is_refused_in_a_sentence(name: str) -> None:
    model = GAN.model_copy(update={"constraints": {"discriminator": ConstraintSettings(name=name)}})
    with pytest.raises(SettingError, match=r"model\.constraints: .*train without it|leave it out"):
        next(Replicas(Replica.over_seeds(model, training(), LINE, 2), device="cpu").play())


def test_flipped_labels_and_none_are_not_one_group() -> None:
    replicas = [
        Replica(GAN.model_copy(update={"labels": LabelSettings(flipping=share)}), training(), LINE)
        for share in (0.0, 0.1)
    ]
    assert compatible_groups(replicas) == [[0], [1]]
