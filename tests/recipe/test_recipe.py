"""Laws of recipes: saving and loading are inverse, an override changes the setting it names, an error names its fix."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from saddlepoint import models
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import SettingError
from saddlepoint.models.autoencoder.settings import AutoencoderSettings
from saddlepoint.models.autoregressive.settings import AutoregressiveSettings
from saddlepoint.models.classical.settings import ClassicalSettings
from saddlepoint.models.diffusion.settings import DiffusionSettings
from saddlepoint.models.dynamics.settings import DynamicsSettings
from saddlepoint.models.flow.settings import FlowSettings
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.predictor.settings import PredictorSettings
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.models.vq_vae.settings import VQVAESettings
from saddlepoint.objectives.adversarial.settings import PENALTIES
from saddlepoint.recipe import Recipe, fields, shipped_names
from saddlepoint.recipe.fields import open_section_at
from saddlepoint.training.settings import OptimiserSettings, PlayerSettings, TrainingSettings

FAMILIES: dict[str, type[BaseModel]] = {
    "autoencoder": AutoencoderSettings,
    "vae": VAESettings,
    "autoregressive": AutoregressiveSettings,
    "gan": GANSettings,
    "classical": ClassicalSettings,
    "flow": FlowSettings,
    "dynamics": DynamicsSettings,
    "diffusion": DiffusionSettings,
    "vq-vae": VQVAESettings,
    "predictor": PredictorSettings,
}


def of_family(family: str) -> Recipe:
    return Recipe.from_mapping({"model": {"family": family}})


def nested_value(content: Any, name: str) -> Any:
    for part in name.split("."):
        content = content[part]
    return content


def typed(value: Any) -> str:
    """A value as it is typed on a command line."""
    if value is None:
        return "none"
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_recipe_is_whole(name: str) -> None:
    recipe = Recipe.load(name)
    assert recipe.name == name
    assert recipe.description
    assert Recipe.parse(recipe.to_yaml()) == recipe


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_alone_gives_the_familys_defaults(family: str) -> None:
    assert of_family(family).model == FAMILIES[family]()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_setting_typed_as_it_is_shown_changes_nothing(family: str) -> None:
    recipe = of_family(family)
    shown = {entry.name: typed(value) for entry, value in recipe.settings() if not entry.name.endswith(".arguments")}
    assert recipe.override(shown) == recipe


@pytest.mark.parametrize("recipe", [*map(Recipe.load, shipped_names()), *map(of_family, FAMILIES)])
def test_the_recipe_holds_the_differences_from_the_defaults(recipe: Recipe) -> None:
    changed = recipe.override({"training.batch_size": "7", "training.optimiser.clip_norm": "2", "data.split_seed": "3"})
    brief = changed.to_yaml(whole=False)
    assert Recipe.parse(brief) == changed
    assert "batch_size: 7" in brief
    assert "observe_every" not in brief
    assert len(brief.splitlines()) < len(changed.to_yaml().splitlines()) / 2


@pytest.mark.parametrize("family", FAMILIES)
def test_a_recipe_offers_the_settings_that_it_takes(family: str) -> None:
    recipe = of_family(family)
    offered = {entry.name: value for entry, value in recipe.settings()}
    absent = [f"training.players.{role}." for role in recipe.model.roles if role not in recipe.model.active_roles]
    taken = [entry.name for entry in fields(Recipe, recipe.model_dump(mode="json"))]
    assert list(offered) == [name for name in taken if not name.startswith(tuple(absent))]
    assert ("training.players.discriminator.learning_rate" in offered) == (family == "gan")
    assert any(name.startswith("training.players.") for name in offered) == (family in ("gan", "vq-vae"))


def test_a_description_is_true_of_the_recipe_it_describes() -> None:
    shipped = Recipe.load("vae-digits")
    assert shipped.override({"training.steps": 3}).description == shipped.description
    elsewhere = shipped.override({"data.source": "photos"})
    assert elsewhere.description == "Like vae-digits, but with data.source: photos."
    both = elsewhere.override({"model.latent": "8"})
    assert both.description == "Like vae-digits, but with data.source: photos, model.latent: 8."
    assert both.override({"data.source": "digits", "model.latent": 3}) == shipped
    assert shipped.override({"model.family": "gan"}).description == "Like vae-digits, but with model.family: gan."
    # What somebody wrote stays, and so does a sentence that says itself what to set.
    assert shipped.override({"data.source": "photos", "description": "Mine."}).description == "Mine."
    assert Recipe(description="Own.").override({"data.source": "photos"}).description == "Own."
    images = Recipe.load("dcgan-images")
    assert images.override({"data.source": "photos"}).description == images.description


@pytest.mark.parametrize("family", FAMILIES)
def test_the_fields_are_the_leaves_of_the_recipe(family: str) -> None:
    players = {role: {"learning_rate": 0.1} for role in FAMILIES[family].roles}
    # So that it has all players.
    every: dict[str, Any] = {"gan": {"encoder": {"kind": "bigan"}}, "predictor": {"objective": "both"}}.get(family, {})
    recipe = Recipe.from_mapping({"model": {"family": family, **every}, "training": {"players": players}})
    content = recipe.model_dump(mode="json")

    def leaves(value: Any, prefix: str = "") -> set[str]:
        if not isinstance(value, dict) or prefix.endswith((".arguments.", ".options.")):
            return {prefix.rstrip(".")}
        if prefix == "training.players." and not players:
            return set()  # an open section without entries has no settings
        return {leaf for name, part in value.items() for leaf in leaves(part, f"{prefix}{name}.")}

    found = [entry.name for entry in fields(Recipe, content)]
    assert len(found) == len(set(found))
    # Parts that the recipe does not have, of an open section, are settings too.
    parts = tuple(f"model.{section}." for section in ("penalties", "constraints", "views", "condition"))
    present = {name for name in found if not name.startswith(parts)}
    assert present == {leaf for leaf in leaves(content) if not f"{leaf}.".startswith(parts)}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_setting_has_help_and_a_readable_type(family: str) -> None:
    for entry in fields(Recipe, of_family(family).model_dump()):
        assert entry.help.endswith("."), entry.name
        assert "typing" not in entry.type_text, entry.name
        assert "NoneType" not in entry.type_text, entry.name


@given(steps=st.integers(1, 10**9), rate=st.floats(1e-12, 1e3), latent=st.integers(1, 10**6))
def test_numbers_typed_as_text_come_out_exactly(steps: int, rate: float, latent: int) -> None:
    recipe = Recipe().override(
        {"training.steps": str(steps), "training.optimiser.learning_rate": repr(rate), "model.latent": latent}
    )
    assert (recipe.training.steps, recipe.training.optimiser.learning_rate) == (steps, rate)
    assert recipe.model.latent == latent
    assert Recipe.parse(recipe.to_yaml()) == recipe


@pytest.mark.slow
@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])))
def test_any_text_is_kept_as_it_is(text: str) -> None:
    recipe = Recipe().override({"data.source": text, "description": text})
    assert (recipe.data.source, recipe.description) == (text, text)
    assert Recipe.parse(recipe.to_yaml()) == recipe


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("model.generator.hidden", "64,32", (64, 32)),
        ("model.generator.hidden", "64", (64,)),
        ("model.generator.hidden", "[64, 32]", (64, 32)),
        ("model.generator.hidden", "(64, 32)", (64, 32)),
        ("training.optimiser.betas", "0.5,0.9", (0.5, 0.9)),
        ("training.optimiser.learning_rate", "1e-4", 1e-4),
        ("training.optimiser.staircase", "true", True),
        ("training.optimiser.clip_norm", "none", None),
        ("training.optimiser.clip_norm", "1", 1.0),
        ("training.players.generator.learning_rate", "None", None),
        ("data.size", "32", (32, 32)),
        ("data.size", "30,45", (30, 45)),
        ("data.source", "none", "none"),
        ("data.source", "007", "007"),
        ("data.key", "1e3", "1e3"),
        ("data.key", "none", None),
        ("data.cache", "a,b", "a,b"),
        ("model.objective", "minimax", "minimax"),
        ("model.generator.arguments.depth", "3", 3),
        ("model.generator.arguments.name", "deep", "deep"),
        ("training.stop_on", "NUM301,GAN103", ("NUM301", "GAN103")),
        ("training.stop_on", "gan106", ("GAN106",)),
        ("training.stop_on", "", ()),
    ],
)
def test_text_is_parsed_into_its_value(name: str, text: str, value: Any) -> None:
    recipe = Recipe().override({name: text})
    changed, others = ({entry.name: value for entry, value in each.settings()} for each in (recipe, Recipe()))
    if ".arguments." in name:
        name, _, argument = name.rpartition(".")
        value = {argument: value}
    assert changed.pop(name) == (list(value) if isinstance(value, tuple) else value)
    del others[name]
    assert changed == others


@pytest.mark.parametrize("family", FAMILIES)
def test_another_family_starts_from_its_own_defaults(family: str) -> None:
    own = {"model.latent": "9"} if "latent" in FAMILIES[family].model_fields else {}
    recipe = of_family("vae").override({"model.family": family, **own})
    assert recipe.model == FAMILIES[family](**({"latent": 9} if own else {}))


def test_the_same_family_again_keeps_what_was_set() -> None:
    recipe = of_family("vae").override({"model.beta": "4"})
    assert recipe.override({"model.family": "vae"}) == recipe


def test_a_network_given_in_part_keeps_what_its_family_gives_that_player() -> None:
    recipe = Recipe.from_mapping({"model": {"family": "gan", "discriminator": {"hidden": [7]}}})
    assert isinstance(recipe.model, GANSettings)
    assert recipe.model.discriminator.hidden == (7,)
    assert recipe.model.discriminator.activation == GANSettings().discriminator.activation
    assert recipe.model.discriminator.activation != recipe.model.generator.activation


SECTIONS = ("model.penalties", "model.constraints", "model.views", "model.condition", "training.players")


@pytest.mark.parametrize("section", SECTIONS)
def test_the_example_of_an_open_section_is_a_recipe(section: str) -> None:
    found = open_section_at(Recipe, section.split("."), {"model": {"family": "gan"}})
    assert found is not None
    name, opened = found
    assert ".".join(name) == section
    outer, inner = section.split(".")
    content = {outer: {inner: yaml.safe_load(opened.example)}}
    recipe = Recipe.from_mapping({"model": {"family": "gan"}} | content if outer != "model" else content)
    models.check_settings(recipe.model)
    written = getattr(getattr(recipe, outer), inner)
    assert set(written) == set(yaml.safe_load(opened.example))
    with pytest.raises(SettingError) as error:
        Recipe().override({section: 1})
    assert str(error.value).endswith(f", or write it in a recipe as {section}: {opened.example}.")


@pytest.mark.parametrize(
    "condition", ["projection", ["projection"], {"discriminator": 3}, {"generator": {"weight": 1}}]
)
def test_a_condition_in_another_form_is_answered_with_an_example(condition: object) -> None:
    with pytest.raises(SettingError) as error:
        Recipe.from_mapping({"model": {"family": "gan", "condition": condition}})
    said = str(error.value)
    assert said.endswith("; for example model.condition: {generator: batch_norm, discriminator: projection}.")
    assert "model.condition" in said.partition(";")[0]


def test_an_example_is_shown_only_for_what_appears_in_it() -> None:
    penalties = {"consistency": {"arguments": 3}}
    with pytest.raises(SettingError) as error:
        Recipe.from_mapping({"model": {"family": "gan", "penalties": penalties}})
    assert str(error.value).endswith("model.penalties.consistency.arguments cannot be 3: it must be settings by name.")


PYDANTIC = {"input", "parse", "valid", "dictionary", "instance", "tuple", "tag", "string", "integer"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"training.step": 3}, 'there is no setting training.step. Did you mean "training.steps"?'),
        ({"trainings.steps": 3}, 'Did you mean "training.steps"?'),
        ({"model.bta": 3}, "there is no setting model.bta"),
        ({"model.beta": 3}, "model.beta is a setting of the families vae, dynamics"),
        ({"training": 3}, "training is a section"),
        ({"training.optimiser": 3}, "training.optimiser is a section, not a setting: set one of its settings"),
        ({"training.steps": "many"}, "training.steps cannot be 'many'"),
        ({"training.steps": "0"}, "training.steps cannot be 0"),
        ({"training.steps": "2.5"}, "training.steps cannot be 2.5: it must be a whole number."),
        ({"training.steps": "1e20"}, "training.steps cannot be 1e+20: whole numbers have at most 63 bits"),
        (
            {"training.steps": "1e13"},
            "training.steps cannot be 10000000000000.0: it must be at most 1,000,000,000,000.",
        ),
        ({"training.seed": -1}, "training.seed cannot be -1: it must be at least 0."),
        ({"training.optimiser.clip_norm": 0}, "gradients of norm 0 train nothing; none leaves gradients alone."),
        ({"training.optimiser.clip_norm": -1}, "training.optimiser.clip_norm cannot be -1: it must be greater than 0."),
        ({"training.optimiser.betas": 0.9}, "training.optimiser.betas cannot be"),
        ({"training.optimiser.betas": "0.9"}, "training.optimiser.betas cannot be [0.9]: entry 2 is missing."),
        ({"training.steps": "none"}, "training.steps cannot be"),
        ({"model.family": "gann"}, "must be autoencoder, vae"),
        ({"training.stop_on": "GAN999"}, "training.stop_on cannot be ['GAN999']: no finding has the code GAN999."),
        ({"training.stop_on": "NUM301,NUM31"}, 'no finding has the code NUM31. Did you mean "NUM301"? Known: NUM301, '),
        ({"model.constraints.nobody": "clip"}, "there is no setting model.constraints.nobody"),
        ({"model.objective": "wassersteen"}, 'no loss wassersteen. Did you mean "wasserstein"'),
        ({"data.size": "0"}, "data.size cannot be"),
        ({"model.generator.hidden": "a,b"}, "model.generator.hidden"),
        ({"": 3}, "there is no setting"),
        ({"data.source.x": 3}, "data.source.x"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_setting(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingError) as caught:
        Recipe().override(changes, where="here")
    text = str(caught.value)
    assert not PYDANTIC & set(text.lower().split())
    assert said in text
    assert text.startswith("here: ")
    assert "\n" not in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no settings"),
        ("- a\n- b", "holds no settings"),
        ("data: [", "is not valid YAML"),
        ("dta: {}", 'there is no setting dta. Did you mean "data"?'),
        ("data: 3", "data"),
        ("model: 3", "model"),
        ("model: {family: [1]}", "model.family"),
        ("model: {family: vae, objective: minimax}", "model.objective"),
        ("training: {steps: none}", "training.steps"),
        ("training: null", "training"),
    ],
)
def test_a_bad_file_is_named_and_explained(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(SettingError) as caught:
        Recipe.load(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_names_get_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match='Did you mean "dcgan-digits"'):
        Recipe.load("dcgan-digit")
    with pytest.raises(SettingError, match="no recipe file"):
        Recipe.load(tmp_path / "none.yaml")
    with pytest.raises(SettingError, match="without a recipe"):
        Recipe.load(tmp_path)


def test_a_run_folder_is_its_recipe(tmp_path: Path) -> None:
    recipe = Recipe().override({"training.steps": 7})
    (tmp_path / "recipe.yaml").write_text(recipe.to_yaml())
    assert Recipe.load(tmp_path) == recipe == Recipe.load(tmp_path / "recipe.yaml")


def test_a_saved_recipe_holds_every_default() -> None:
    content = yaml.safe_load(Recipe().to_yaml())
    assert content["training"].keys() == TrainingSettings.model_fields.keys()
    assert content["data"].keys() == DataSettings.model_fields.keys()


def test_types_in_words() -> None:
    class Example(BaseModel):
        a: int | None
        b: Literal["x", "y"]
        c: tuple[int, ...]
        d: tuple[float, float] | None
        e: dict[str, Any]

    assert [entry.type_text for entry in fields(Example)] == [
        "int or none", "x | y", "list of int", "list of float or none", "dict",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["photo.png", "x.npy", "x.npz"])
def test_data_given_as_a_recipe_are_detected(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\x89PNG\xff\xfe\x00\x93NUMPY")
    with pytest.raises(SettingError, match=r"is not a recipe \(YAML text\).*saddlepoint train .* --data.source"):
        Recipe.load(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("training.optimiser.betas", "0.5,1.5"),
        ("training.optimiser.betas", "-0.1,0.9"),
        ("training.players.generator.betas", "1,0.9"),
        ("training.optimiser.learning_rate", ".inf"),
        ("training.players.discriminator.learning_rate", ".nan"),
        ("training.optimiser.epsilon", ".inf"),
        ("training.optimiser.weight_decay", ".inf"),
        ("training.optimiser.clip_norm", ".inf"),
        ("training.seed", str(2**63)),
    ],
)
def test_a_device_that_torch_refuses_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(SettingError, match=rf"{name}.* cannot be"):
        Recipe().override({name: text})


def test_the_largest_seed_is_taken() -> None:
    assert Recipe().override({"training.seed": str(2**63 - 1)}).training.seed == 2**63 - 1


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("role", ["generator", "discriminator"])
def test_a_players_settings_need_that_player(family: str, role: str) -> None:
    change = {f"training.players.{role}.learning_rate": 0.1}
    if family == "gan":
        assert of_family(family).override(change).training.players[role].learning_rate == 0.1
    else:
        with pytest.raises(SettingError, match=rf"players\.{role}: the family {family} has no (player )?{role}"):
            of_family(family).override(change)
    # Another family leaves behind what only the first one's players could use.
    moved = of_family("gan").override(change).override({"model.family": family})
    assert set(moved.training.players) == ({role} if family == "gan" else set())


def test_a_misspelt_player_is_reported_with_a_suggestion() -> None:
    message = r'players\.discrimnator: the family gan has no player discrimnator\. Did you mean "discriminator"\?'
    with pytest.raises(SettingError, match=message):
        Recipe().override({"training.players.discrimnator.learning_rate": 0.1})
    with pytest.raises(SettingError, match=message):
        Recipe.from_mapping({"training": {"players": {"discrimnator": {"learning_rate": 0.1}}}})


def test_a_player_that_does_nothing_differently_is_left_out() -> None:
    recipe = Recipe().override({"training.players.generator.learning_rate": 0.1})
    assert recipe.override({"training.players.generator.learning_rate": None}) == Recipe()


def test_players_have_all_settings_of_an_optimiser_with_its_bounds() -> None:
    shared, own = OptimiserSettings.model_fields, PlayerSettings.model_fields
    assert set(shared) == set(own)
    assert all(field.default is None and field.description for field in own.values())
    assert PlayerSettings().over(OptimiserSettings(momentum=0.5)) == OptimiserSettings(momentum=0.5)
    with pytest.raises(ValidationError):
        PlayerSettings(learning_rate=-1.0)


def test_a_player_can_leave_its_gradients_alone() -> None:
    training = (
        Recipe().override({"training.optimiser.clip_norm": 1, "training.players.generator.clip_norm": "0"}).training
    )
    assert training.player("generator").clip_norm is None
    assert training.player("discriminator").clip_norm == 1.0


@pytest.mark.parametrize("value", [1e-4, 2.5e7, -3e-9, "1e-4", "1e4", "deep", "1.0e+5"])
def test_free_arguments_keep_numbers_and_texts_apart(value: Any) -> None:
    recipe = Recipe.from_mapping({"model": {"generator": {"arguments": {"a": value, "b": [value]}}}})
    assert nested_value(Recipe.parse(recipe.to_yaml()).model_dump(), "model.generator.arguments") == {
        "a": value,
        "b": [value],
    }


@pytest.mark.parametrize(("text", "value"), [("1e-4", 1e-4), ("[1e-4, 2E3]", [1e-4, 2e3]), ("'1e-4'", "1e-4")])
def test_free_arguments_may_be_typed_in_scientific_notation(text: str, value: Any) -> None:
    name = "model.generator.arguments.rate"
    assert nested_value(Recipe().override({name: text}).model_dump(), name) == value
    read = Recipe.parse(f"model: {{generator: {{arguments: {{rate: {text}}}}}}}")
    assert nested_value(read.model_dump(), name) == value


def test_every_family_of_the_schema_is_known() -> None:
    from saddlepoint import recipe as module
    from saddlepoint.cli.arguments import setting_names

    assert {name: family.settings for name, family in module.FAMILIES.items()} == FAMILIES
    for family in FAMILIES:
        assert {entry.name for entry in fields(Recipe, {"model": {"family": family}})} <= set(setting_names())


@pytest.mark.parametrize("name", ["data.split_seed", "evaluation.seed"])
def test_other_seeds_have_the_same_bound(name: str) -> None:
    with pytest.raises(SettingError, match=f"{name} cannot be"):
        Recipe().override({name: str(2**63)})


@pytest.mark.parametrize("present", [0.2, {"weight": 0.2}])
def test_an_earlier_name_beside_the_short_form_of_an_entry_is_the_same_setting(present: Any) -> None:
    both = {"model": {"family": "gan", "r1": 0.2, "penalties": {"r1": present}}}
    assert Recipe.from_mapping(both).model.penalties["r1"].weight == 0.2  # type: ignore[attr-defined]
    with pytest.raises(SettingError, match=r"model\.r1 is the earlier name of model\.penalties\.r1.*they differ"):
        Recipe.from_mapping({"model": {**both["model"], "r1": 0.1}})
    for name in ("model.penalties.r1", "model.penalties.r1.weight"):
        with pytest.raises(SettingError, match=r"model\.r1 is the earlier name of model\.penalties\.r1.*they differ"):
            Recipe.load("gan-digits").override({name: 0.2, "model.r1": 0.1})


@pytest.mark.parametrize(
    ("section", "content", "message"),
    [
        (
            "constraints",
            {"nobody": "clip"},
            "no setting model.constraints.nobody. Known: discriminator, generator, encoder.",
        ),
        (
            "penalties",
            {"a": 1},
            f"no setting model.penalties.a. Known: {', '.join(PENALTIES)}, or module:Name of your own.",
        ),
        ("views", {"instance-noise": 1}, 'Did you mean "model.views.instance_noise"? Known: instance_noise'),
        ("penalties", {":": 1}, f"no setting model.penalties.:. Known: {', '.join(PENALTIES)}"),
    ],
)
def test_an_unknown_part_is_answered_with_the_known_ones(section: str, content: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError) as raised:
        Recipe.from_mapping({"model": {"family": "gan", section: content}})
    assert message in str(raised.value)
