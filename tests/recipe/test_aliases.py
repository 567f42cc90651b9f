"""The names that other programs use lead to the right setting, and nothing far off is suggested."""

from __future__ import annotations

import pytest

from saddlepoint.cli.arguments import Parser, setting_names
from saddlepoint.errors import SettingError
from saddlepoint.objectives.adversarial.settings import LOSSES, LOSSES_ELSEWHERE
from saddlepoint.recipe import Recipe
from saddlepoint.recipe.aliases import ADVICE, ALIASES, EPOCHS, usual_name

KNOWN = setting_names()


def test_every_alias_leads_to_settings_that_exist() -> None:
    assert {target for targets in ALIASES.values() for target in targets} <= set(KNOWN)


def test_no_alias_hides_a_setting_or_another_alias() -> None:
    groups = (set(ALIASES), set(ADVICE), set(EPOCHS))
    assert sum(map(len, groups)) == len(set.union(*groups))
    leaves = {name.rpartition(".")[2] for name in KNOWN}
    assert not leaves & (set(ADVICE) | set(EPOCHS))
    # Names that settings here have elsewhere: `kind` of an example; a penalty, which is a setting of the game in other programs; and
    # settings of one family, which the others have under the name that is suggested.
    assert leaves & set(ALIASES) <= {"kind", "gradient_penalty", "path", "code_size", "layers"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lr", "training.optimiser.learning_rate"),
        ("gpu", "training.device"),
        ("batch", "training.batch_size"),
        ("batch_size", "training.batch_size"),
        ("latent_dim", "model.latent"),
        ("z-dim", "model.latent"),
        ("nz", "model.latent"),
        ("ngf", "model.generator.width"),
        ("beta1", "training.optimiser.betas"),
        ("wd", "training.optimiser.weight_decay"),
        ("seed", "training.seed"),
        ("device", "training.device"),
        ("dataset", "data.source"),
        ("learning_rate", "training.optimiser.learning_rate"),
        ("image_size", "data.size"),
    ],
)
def test_a_usual_option_names_ours(typed: str, meant: str) -> None:
    with pytest.raises(SettingError) as caught:
        Parser("train", "").read([f"--{typed}", "3"], lambda: KNOWN)
    assert f'"--{meant}"' in str(caught.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("training.lr", '"training.optimiser.learning_rate"'),
        ("training.players.generator.lr", '"training.players.generator.learning_rate"'),
        ("lr", '"training.optimiser.learning_rate"'),
        ("model.z_dim", '"model.latent"'),
        ("training.epochs", "60,000 examples in batches of 64 are 937 steps an epoch"),
        ("epochs", "set training.steps"),
        ("model.wasserstein", "model.objective to relativistic"),
        ("model.penalties.gp", '"model.penalties.gradient_penalty"'),
        ("lambda_gp", '"model.penalties.gradient_penalty"'),
        ("model.penalties.wgan-gp", "model.penalties.gradient_penalty to 10"),
        ("model.penalties.zero_centered", '"model.penalties.zero_centred"'),
        ("model.diff_augment", '"model.views.diffaugment"'),
        ("model.orthogonal", "model.constraints.discriminator to orthogonal"),
    ],
)
def test_a_usual_setting_names_ours(name: str, said: str) -> None:
    with pytest.raises(SettingError) as caught:
        Recipe.load("dcgan-digits").override({name: 3})
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gp", 'Here it is called "model.penalties.gradient_penalty"'),
        ("wgan-gp", "model.penalties.gradient_penalty to 10"),
        ("dragon", 'Did you mean "model.penalties.dragan"'),
    ],
)
def test_a_usual_name_within_a_section_of_a_file_names_ours(name: str, said: str) -> None:
    content = Recipe.load("dcgan-digits").model_dump()
    content["model"]["penalties"] = {name: 10}
    with pytest.raises(SettingError) as caught:
        Recipe.from_mapping(content)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("lsgan", "least-squares"),
        ("wgan", "wasserstein"),
        ("WGAN_GP", "wasserstein"),
        ("bce", "non-saturating"),
        ("vanilla", "non-saturating"),
        ("rpgan", "relativistic"),
        ("hinge-loss", "hinge"),
    ],
)
def test_a_usual_name_of_a_loss_names_ours(theirs: str, ours: str) -> None:
    with pytest.raises(SettingError, match=f'there is no loss {theirs}. Here it is called "{ours}"'):
        Recipe.load("gan-digits").override({"model.objective": theirs})


@pytest.mark.parametrize("setting", ["model.objective", "model.generator.network"])
def test_a_name_of_a_whole_game_says_what_belongs_to_it(setting: str) -> None:
    with pytest.raises(SettingError, match=r", together with model\..*gradient_penalty 10"):
        Recipe.load("dcgan-digits").override({setting: "wgan-gp"})


def test_changes_of_a_view_without_brackets_are_explained() -> None:
    with pytest.raises(
        SettingError, match=r"diffaugment\.strength cannot be 'color,cutout': .* brackets, '\[color,cutout\]'"
    ):
        Recipe.load("dcgan-digits").override({"model.views.diffaugment": "color,cutout"})


def test_names_of_losses_elsewhere_lead_to_losses_and_hide_none() -> None:
    assert set(LOSSES_ELSEWHERE.values()) == set(LOSSES)
    assert not set(LOSSES_ELSEWHERE) & set(LOSSES)
    assert all(name == name.lower().replace("_", "-") for name in LOSSES_ELSEWHERE)


@pytest.mark.parametrize("typed", ["foo", "r3", "q", "xyz", "potato", "--"])
def test_a_word_unlike_all_known_ones_gets_no_suggestion(typed: str) -> None:
    assert usual_name(typed, KNOWN) == ""
    with pytest.raises(SettingError) as caught:
        Parser("train", "").read([f"--{typed}=3"], lambda: KNOWN)
    assert "Did you mean" not in str(caught.value)
    assert "called" not in str(caught.value)


def test_a_command_with_a_flag_of_that_meaning_names_the_flag() -> None:
    parser = Parser("evaluate", "")
    parser.add_argument("--device")
    with pytest.raises(SettingError, match='Did you mean "--device"'):
        parser.read(["--gpu", "0"])
