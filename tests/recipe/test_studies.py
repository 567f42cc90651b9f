"""Study files: saving and loading are inverse, axes become recipes, an error names its fix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from saddlepoint.errors import SettingError
from saddlepoint.recipe import Recipe
from saddlepoint.recipe.studies import load_study, override_study, points, resolve_bases, shipped_studies, study_text

BASE = "toy-gaussian-1"


@pytest.mark.parametrize("name", shipped_studies())
def test_a_shipped_study_is_whole(name: str, tmp_path: Path) -> None:
    study = load_study(name)
    assert study.name == name
    assert study.description
    assert study.pictures
    alone = resolve_bases(study)
    (tmp_path / "study.yaml").write_text(study_text(alone))
    assert load_study(tmp_path) == alone
    assert points(alone) == points(study)
    assert len(points(study)) > 1


def test_the_described_points_are_the_described_recipes() -> None:
    """Also in the generator's width, which was described by the number of modes."""
    found = points(load_study("described-or-recommended"))
    named = {"described": "toy-lab", "recommended": "toy-gaussian"}
    assert len(found) == 6
    for point in found:
        kind, _, modes = str(point.values["recipe"]).partition(", ")
        recipe = Recipe.load(f"{named[kind]}-{modes[0]}")
        assert (point.data, point.model) == (recipe.data, recipe.model)
        assert point.training == recipe.training.model_copy(update={"steps": 5000})


def test_points_are_all_combinations_the_last_axis_fastest() -> None:
    study = load_study({"base": BASE, "axes": {"data.modes": [1, 2], "training.optimiser.learning_rate": [0.1, 0.2]}})
    found = points(study)
    assert [tuple(point.values.values()) for point in found] == [(1, 0.1), (1, 0.2), (2, 0.1), (2, 0.2)]
    assert [point.data.modes for point in found] == [1, 1, 2, 2]
    assert [point.training.optimiser.learning_rate for point in found] == [0.1, 0.2] * 2
    base = Recipe.load(BASE)
    assert all(point.model == base.model for point in found)


def test_lists_of_one_axis_move_together() -> None:
    axis = {"settings": {"data.modes": [1, 3], "training.steps": [10, 30]}, "widths": {"model.generator": [4, 12]}}
    one, three = points(load_study({"base": "toy-lab-3", "axes": {"size": axis}}))
    assert (one.data.modes, one.training.steps, one.model.generator.hidden) == (1, 10, (4, 4, 4))  # type: ignore[union-attr]
    assert (three.data.modes, three.training.steps) == (3, 30)
    assert three.model.generator.hidden == (12, 12, 12)  # type: ignore[union-attr]
    assert [point.values for point in (one, three)] == [{"size": 1}, {"size": 3}]


def test_variants_are_named_and_may_change_the_base() -> None:
    variants = {"plain": {}, "other": {"base": "toy-lab-2", "training.steps": 7}}
    study = load_study(
        {"base": BASE, "overrides": {"training": {"tick": 5}}, "axes": {"recipe": {"variants": variants}}}
    )
    plain, other = points(study)
    assert plain.training == Recipe.load(BASE).training.model_copy(update={"tick": 5})
    assert other.model == Recipe.load("toy-lab-2").model
    assert (other.training.steps, other.training.tick) == (7, 5)
    assert plain.values == {"recipe": "plain"}


def test_lists_as_values_are_called_as_they_are_typed() -> None:
    study = load_study({"base": BASE, "axes": {"model.generator.hidden": [[4], [4, 4]]}})
    assert study.axes["model.generator.hidden"].labels == ("4", "4,4")


def test_a_file_without_a_name_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "my-study.yaml").write_text(f"base: {BASE}\n")
    (tmp_path / "other.yaml").write_text(f"base: {BASE}\nname: mine\n")
    assert load_study(tmp_path / "my-study.yaml").name == "my-study"
    assert load_study(tmp_path / "other.yaml").name == "mine"


def test_typed_settings_are_the_studys_or_its_bases() -> None:
    study = load_study({"base": BASE, "axes": {"data.modes": [1]}})
    changed = override_study(study, {"seeds.count": "3", "measure.convergence.every": "7", "training.steps": "50"})
    assert changed.seeds.count == 3
    assert changed.measure.convergence is not None
    assert changed.measure.convergence.every == 7
    assert points(changed)[0].training.steps == 50
    assert override_study(study, {}) == study


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({}, "base is missing"),
    ({"base": BASE, "axis": {}}, 'there is no setting axis. Did you mean "axes"'),
    ({"base": BASE, "seeds": {"cuont": 3}}, 'seeds.cuont. Did you mean "seeds.count"'),
    ({"base": BASE, "measure": {"outcome": []}}, 'Did you mean "measure.outcomes"'),
    ({"base": BASE, "measure": {"convergence": {"evry": 3}}}, 'Did you mean "measure.convergence.every"'),
    ({"base": BASE, "axes": {"a": {"setings": {}}}}, 'Did you mean "axes.a.settings"'),
    ({"base": BASE, "seeds": {"count": 0}}, "seeds.count cannot be 0"),
    (
        {"base": BASE, "axes": {"a": {"settings": {"data.modes": [1, 2], "training.steps": [3]}}}},
        "must have the same length",
    ),
    ({"base": BASE, "axes": {"a": {}}}, "either lists"),
    ({"base": BASE, "axes": {"data.modes": []}}, "at least one value"),
    ({"base": BASE, "axes": {"data.modes": [1, 1]}}, "called the same"),
    ({"base": BASE, "axes": {"data.modes": {"settings": {"data.modes": [1, 2]}, "values": ["x"]}}}, "has 1 names"),
    ({"base": BASE, "axes": {"seed": {"settings": {"data.modes": [1]}}}}, "no axis can be called seed"),
    ({"base": BASE, "measure": {"series": ["d/loss"]}}, "set measure.every"),
    ({"base": BASE, "pictures": [{"kind": "survival"}]}, "set measure.convergence"),
    ({"base": BASE, "pictures": [{"kind": "heat map", "x": "a", "y": "b"}]}, "names the axis a"),
    ({"base": BASE, "pictures": [{"kind": "pie"}]}, 'no kind of picture "pie": write {kind: survival}'),
    ({"base": BASE, "pictures": ["survival"]}, "survival names no kind of picture: write {kind: survival}"),
    ({"base": BASE, "seeds": 8}, "seeds cannot be 8: write seeds: {count: 8}."),
    ({"base": BASE, "seeds": [1, 2, 3]}, "seeds cannot be [1, 2, 3]: write seeds: {count: 3, first: 1}."),
    ({"base": BASE, "seeds": [1, 5]}, "seeds cannot be [1, 5]: write seeds: {count: 8}."),
    ({"base": BASE, "seeds": ["a"]}, "write seeds: {count: 8}."),
    ({"base": BASE, "seeds": {"count": "many"}}, "seeds.count cannot be many: it must be a whole number."),
    (
        {"base": BASE, "axes": {"model.penalties.r1": 1.0}},
        "axes.model.penalties.r1 cannot be 1.0: write model.penalties.r1: [1.0]",
    ),
    ({"base": BASE, "axes": {"a": {"settings": {"model.penalties.r1": 1.0}}}}, "write model.penalties.r1: [1.0]."),
    ({"base": BASE, "axes": ["model.penalties.r1"]}, "write axes: {training.steps: [500, 1000]}"),
    (
        {"base": BASE, "measure": {"outcomes": "quality"}},
        "measure.outcomes cannot be quality: write outcomes: [quality].",
    ),
    ({"base": BASE, "measure": {"outcomes": ["qualty"]}}, 'Did you mean "quality"?'),
    ({"base": BASE, "measure": {"convergence": True}}, "write convergence: {every: 1}."),
    ({"base": 5}, "base cannot be 5: write base: toy-gaussian-1."),
    *[({"base": BASE, "name": name}, "a study's name is its folder's") for name in ("a/b", "..", "", "a\\b", " ")],
]


@pytest.mark.parametrize(("content", "said"), MISTAKES, ids=[said for _, said in MISTAKES])
def test_a_mistake_in_a_file_is_one_sentence(content: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingError) as caught:
        load_study(content)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not {"dictionary", "instance", "tuple", "tag"} & set(str(caught.value).split())


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        ({"training.learning_rate": [1]}, 'Did you mean "training.optimiser.learning_rate"'),
        ({"training.steps": [0]}, "training.steps cannot be 0"),
        ({"w": {"widths": {"model.decoder": [1]}}}, "model.generator, model.discriminator"),
        ({"v": {"variants": {"a": {"base": "toy-lab-9"}}}}, 'There is no recipe "toy-lab-9"'),
        ({"training.seed": list(range(100_001))}, "the maximum is"),
    ],
)
def test_a_mistake_in_an_axis_is_one_sentence(axes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingError) as caught:
        points(load_study({"base": BASE, "axes": axes}))
    assert said in str(caught.value)


def test_files_that_are_no_studies_are_reported(tmp_path: Path) -> None:
    (tmp_path / "list.yaml").write_text("- 1\n")
    (tmp_path / "broken.yaml").write_text("a: [\n")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    for name, said in [
        ("list.yaml", "holds no settings"), ("broken.yaml", "not valid YAML"), ("bytes.yaml", "not a study"),
        ("none.yaml", "no study file"), ("", "is not the folder of a study"),
    ]:  # fmt: skip
        with pytest.raises(SettingError, match=said):
            load_study(tmp_path / name)
    with pytest.raises(SettingError, match='Did you mean "learning-rate"'):
        load_study("learning-rat")
