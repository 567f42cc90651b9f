"""A recipe file with `base` has the settings of another recipe, but for those that it gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from saddlepoint.errors import SettingError
from saddlepoint.recipe import Recipe


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)


def changes(**penalties: object) -> dict[str, object]:
    return {f"model.penalties.{name}": entry for name, entry in penalties.items()}


def test_only_what_is_given_differs_from_the_base(tmp_path: Path) -> None:
    write(
        tmp_path,
        a="base: dcgan-digits\ntraining: {steps: 20}\nmodel: {penalties: {r1: 2, gradient_penalty: {weight: 10, sides: 1}}}",
        b="base: a.yaml\nname: b\nmodel: {generator: {width: 8}, penalties: {r1: null}}",
    )
    shipped, a, b = (Recipe.load(source) for source in ("dcgan-digits", tmp_path / "a.yaml", tmp_path / "b.yaml"))
    entry = {"weight": 10, "sides": 1}
    assert a == shipped.override({"training.steps": 20} | changes(r1=2, gradient_penalty=entry))
    assert b == shipped.override(
        {"training.steps": 20, "model.generator.width": 8} | changes(gradient_penalty=entry)
    ).override({"name": "b"})
    assert Recipe.parse(b.to_yaml()) == b
    assert "base" not in b.to_yaml().split()


def test_a_run_and_a_mapping_have_bases_too(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(Recipe.load("toy-ring").to_yaml())
    made = Recipe.from_mapping({"base": str(tmp_path), "training": {"steps": 3}})
    assert made == Recipe.load("toy-ring").override({"training.steps": 3})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("base: dcgan-digit", r'^\S+mine.yaml: base: There is no recipe "dcgan-digit". Did you mean "dcgan-digits"\?'),
        ("base: none.yaml", "base: There is no recipe file"),
        ("base: 3", "base is 3; it must be the name"),
        ("base: mine.yaml", "base: .*mine.yaml builds on this recipe in turn"),
        ("base: other.yaml", "other.yaml: base: .*mine.yaml builds on this recipe in turn"),
        (
            "base: dcgan-digits\ntraining: {stepss: 1}",
            r'mine.yaml: there is no setting training.stepss. Did you mean "training.steps"',
        ),
        ("base: dcgan-digits\ntraining: {steps: 0}", "mine.yaml: training.steps cannot be 0"),
    ],
)
def test_a_wrong_base_is_explained(text: str, said: str, tmp_path: Path) -> None:
    write(tmp_path, mine=text, other="base: mine.yaml")
    with pytest.raises(SettingError, match=said):
        Recipe.load(tmp_path / "mine.yaml")
