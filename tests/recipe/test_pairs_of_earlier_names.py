"""Two settings with earlier names, together, mean what they mean under their present names, wherever they are written."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from typing import Any

import pytest

from saddlepoint.errors import SettingError
from saddlepoint.recipe import Recipe
from saddlepoint.recipe.earlier_names import EARLIER_NAMES, current_pairs
from saddlepoint.recipe.studies import load_study, points

NOISE, R1, R2 = "model.views.instance_noise", "model.penalties.r1", "model.penalties.r2"
PARTS = {f"{R1}.weight": 0.5, f"{R2}.weight": 0.25, f"{NOISE}.strength": 0.1}
# Earlier name -> (value, present names).
VALUES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "model.latent_distribution": ("uniform", ("model.noise.distribution",)),
    "model.latent_scale": (2.0, ("model.noise.scale",)),
    "model.stratified": (True, ("model.noise.stratified",)),
    "model.fresh_noise": (False, ("model.noise.fresh",)),
    "model.r1": (3.0, (f"{R1}.weight",)),
    "model.r2": (4.0, (f"{R2}.weight",)),
    "model.penalty_half_life": (70, (f"{R1}.half_life", f"{R2}.half_life")),
    "model.discriminator_steps": (2, ("model.updates.discriminator",)),
    "model.unrolled_steps": (3, ("model.updates.unrolled",)),
    "model.unrolled_rate": (0.3, ("model.updates.unrolled_rate",)),
    "model.label_smoothing": (0.2, ("model.labels.smoothing",)),
    "model.label_flipping": (0.1, ("model.labels.flipping",)),
    "model.minibatch_kernels": (5, ("model.discriminator.minibatch_kernels",)),
    "model.packing": (2, ("model.discriminator.packing",)),
    "model.replay": (0.5, ("model.replay.share",)),
    "model.replay_size": (99, ("model.replay.size",)),
    "model.instance_noise": (0.2, (f"{NOISE}.strength",)),
    "model.instance_noise_steps": (50, (f"{NOISE}.steps",)),
    "training.discriminator": ({"learning_rate": 1e-3}, ("training.players.discriminator",)),
    "training.generator": ({"learning_rate": 2e-3}, ("training.players.generator",)),
}
PAIRS = list(permutations(VALUES, 2))


def flat(name: str, value: Any) -> tuple[str, Any]:
    """The dotted name and value of a setting; a section has one setting here."""
    if not isinstance(value, Mapping):
        return name, value
    ((field, inner),) = value.items()
    return f"{name}.{field}", inner


def earlier(pair: tuple[str, str]) -> dict[str, Any]:
    return dict(flat(name, VALUES[name][0]) for name in pair)


def present(pair: tuple[str, str], parts: Mapping[str, Any]) -> dict[str, Any]:
    """The same under present names: a setting of a part that is absent means nothing."""
    written = dict(flat(new, VALUES[name][0]) for name in pair for new in VALUES[name][1])
    there = {name.rpartition(".")[0] for name in (*parts, *written) if name.endswith((".weight", ".strength"))}
    return {
        name: value
        for name, value in written.items()
        if not name.startswith((R1, R2, NOISE)) or name.rpartition(".")[0] in there
    }


def nested(changes: Mapping[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for name, value in changes.items():
        *sections, last = name.split(".")
        below = content
        for section in sections:
            below = below.setdefault(section, {})
        below[last] = value
    return content


def test_every_earlier_name_is_tried() -> None:
    assert list(VALUES) == list(EARLIER_NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("parts", [{}, PARTS], ids=["without parts", "with parts"])
def test_pairs_of_overrides(parts: dict[str, Any]) -> None:
    base = Recipe().override(parts)
    for pair in PAIRS:
        assert base.override(earlier(pair)) == base.override(present(pair, parts)), pair


def test_pairs_of_nested_settings() -> None:
    for pair in PAIRS:
        expected = Recipe.from_mapping(nested(present(pair, {})))
        assert Recipe.from_mapping(nested(earlier(pair))) == expected, pair


@pytest.mark.slow
@pytest.mark.parametrize("parts", [{}, PARTS], ids=["without parts", "with parts"])
def test_pairs_along_the_axes_of_a_study(parts: dict[str, Any]) -> None:
    base = Recipe().override(parts).model_dump(mode="json")

    def models(settings: Mapping[str, Any]) -> list[Any]:
        """One axis for each setting, and both in one axis."""
        apart = {f"axis {n}": {"settings": {name: [value]}} for n, (name, value) in enumerate(settings.items())}
        together = {"both": {"variants": {"only": dict(settings)}}}
        found = [points(load_study({"base": base, "axes": axes}))[0] for axes in (apart, together)]
        return [(point.model, point.training) for point in found]

    for pair in PAIRS:
        expected = Recipe.from_mapping(base).override(present(pair, parts))
        assert models(earlier(pair)) == [(expected.model, expected.training)] * 2, pair


@pytest.mark.parametrize("parts", [{}, PARTS], ids=["without parts", "with parts"])
def test_pairs_of_recorded_changes(parts: dict[str, Any]) -> None:
    content = Recipe().override(parts).model_dump(mode="json")
    for pair in PAIRS:
        recorded = {name: (value, value) for name, value in earlier(pair).items()}
        expected = {name: (value, value) for name, value in present(pair, parts).items()}
        assert current_pairs(recorded, content, "x") == expected, pair


def test_a_recorded_change_to_zero_keeps_the_part() -> None:
    for content in ({}, nested(PARTS)):
        changed = current_pairs({"model.instance_noise": (0.1, 0.0)}, content, "x")
        assert changed == {f"{NOISE}.strength": (0.1, 0.0)}
    added = current_pairs({"model.r1": (0.0, 3.0), "model.penalty_half_life": (0, 70)}, {}, "x")
    assert added == {f"{R1}.weight": (None, 3.0), f"{R1}.half_life": (None, 70)}


@pytest.mark.parametrize(
    "form", [{R1: 3.0}, {R1: "3.0"}, {f"{R1}.weight": 3.0}, {R1: {"weight": 3.0}}, {"model.r1": 3.0}]
)
def test_an_earlier_name_beside_each_form_of_a_penalty(form: dict[str, Any]) -> None:
    expected = Recipe().override({f"{R1}.weight": 3.0, f"{R1}.half_life": 70})
    later = {"model.penalty_half_life": 70}
    assert Recipe().override({**form, **later}) == Recipe().override({**later, **form}) == expected
    if "3.0" not in form.values():
        assert Recipe.from_mapping(nested({**form, **later})) == expected


@pytest.mark.parametrize("none", [None, "none"])
def test_a_removed_penalty_has_no_half_life(none: Any) -> None:
    base = Recipe().override(PARTS)
    for changes in ({R1: none, "model.penalty_half_life": 70}, {"model.penalty_half_life": 70, R1: none}):
        assert base.override(changes) == base.override({R1: None, f"{R2}.half_life": 70})


def test_a_penalty_and_its_half_life_may_have_the_same_number() -> None:
    for settings in ({R1: 3, "model.penalty_half_life": 3}, {f"{R1}.weight": 3, "model.penalty_half_life": 3}):
        expected = Recipe().override({f"{R1}.weight": 3, f"{R1}.half_life": 3})
        assert Recipe.from_mapping(nested(settings)) == Recipe().override(settings) == expected


@pytest.mark.parametrize("form", [{R1: 2.0}, {f"{R1}.weight": 2.0}, {R1: {"weight": 2.0}}])
def test_different_weights_are_refused(form: dict[str, Any]) -> None:
    for settings in ({**form, "model.r1": 3.0}, {"model.r1": 3.0, **form}):
        with pytest.raises(SettingError, match=r"model\.r1 is the earlier name of model\.penalties\.r1"):
            Recipe().override(settings)
        with pytest.raises(SettingError, match=r"model\.r1 is the earlier name of model\.penalties\.r1"):
            Recipe.from_mapping(nested(settings))
