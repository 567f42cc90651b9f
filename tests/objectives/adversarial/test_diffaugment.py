"""DiffAugment: what each change does, within which amounts, and that gradients pass through it."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.data.event import Event
from saddlepoint.errors import SettingError
from saddlepoint.models import build
from saddlepoint.objectives.adversarial.diffaugment import CHANGES, DiffAugment, color, cutout, translation
from saddlepoint.recipe import Recipe

EVENT = (3, 8, 16)
ALL = tuple(CHANGES)


def images(n: int = 4, event: tuple[int, ...] = EVENT) -> torch.Tensor:
    return torch.randn(n, *event, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def amounts(policy: tuple[str, ...], strength: float = 1.0, n: int = 2_000) -> torch.Tensor:
    return DiffAugment(policy).draw(n, EVENT, strength, torch.Generator().manual_seed(1))


@pytest.mark.parametrize("policy", [(name,) for name in ALL] + [ALL, ALL[::-1]])
@pytest.mark.parametrize("event", [EVENT, (1, 8, 8), (4, 5, 7), (2, 1, 1)])
def test_strength_zero_is_the_identity_and_any_strength_keeps_the_shape(policy, event):
    view = DiffAugment(policy)
    x = images(4, event)
    generator = torch.Generator().manual_seed(1)
    assert torch.equal(view(x, view.draw(4, event, 0.0, generator)), x)
    for strength in (0.3, 1.0, 3.0):
        found = view(x, view.draw(4, event, strength, generator))
        assert found.shape == x.shape
        assert found.dtype == x.dtype
        assert found.isfinite().all()


@pytest.mark.parametrize("policy", [(name,) for name in ALL] + [ALL])
def test_gradients_agree_with_finite_differences(policy):
    view = DiffAugment(policy)
    x = images(2, (3, 4, 5)).requires_grad_()
    noise = view.draw(2, (3, 4, 5), 1.0, torch.Generator().manual_seed(2))
    assert torch.autograd.gradcheck(lambda value: view(value, noise), (x,))


def test_brightness_adds_to_every_number():
    x = images()
    found = color(x, torch.tensor([[0.5, 0.0, 0.0], [-0.25, 0.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]))
    torch.testing.assert_close(found, x + torch.tensor([0.5, -0.25, 0.0, 1.0]).double()[:, None, None, None])


def test_saturation_scales_differences_between_channels_and_contrast_those_within_the_image():
    x = images(1)
    grey = color(x, torch.tensor([[0.0, -1.0, 0.0]]))
    torch.testing.assert_close(grey, x.mean(1, keepdim=True).expand_as(x))
    vivid = color(x, torch.tensor([[0.0, 1.0, 0.0]]))
    torch.testing.assert_close(vivid - grey, 2 * (x - grey))
    flat = color(x, torch.tensor([[0.0, 0.0, -1.0]]))
    torch.testing.assert_close(flat, x.mean().expand_as(x))
    torch.testing.assert_close(color(x, torch.tensor([[0.0, 0.0, 0.5]])) - flat, 1.5 * (x - flat))


@pytest.mark.parametrize(("down", "right"), [(0, 0), (1, -2), (-3, 5), (8, 0), (0, -20)])
def test_translation_moves_pixels_and_fills_with_zero(down, right):
    x = images(1)
    expected = torch.zeros_like(x)
    for row in range(x.shape[2]):
        for column in range(x.shape[3]):
            if 0 <= row + down < x.shape[2] and 0 <= column + right < x.shape[3]:
                expected[:, :, row + down, column + right] = x[:, :, row, column]
    assert torch.equal(translation(x, torch.tensor([[float(down), float(right)]])), expected)


def test_cutout_fills_half_of_each_side_around_its_centre_and_nothing_else():
    x = images(1)
    found = cutout(x, torch.tensor([[4.0, 8.0, 2.0, 4.0]]))
    expected = x.clone()
    expected[:, :, 2:6, 4:12] = 0
    assert torch.equal(found, expected)


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_amounts_fill_the_ranges_of_the_paper(strength):
    drawn = amounts(("color",), strength)
    bound = strength * torch.tensor([0.5, 1.0, 0.5])
    assert (drawn.abs() <= bound).all()
    assert (drawn.abs().amax(0) > 0.99 * bound).all()
    largest = [max(round(strength * size / 8), 1) for size in EVENT[1:]]
    for column, length in zip(amounts(("translation",), strength).T, largest, strict=True):
        values, counts = column.unique(return_counts=True)
        assert values.tolist() == list(range(-length, length + 1))
        # Each of the counts is binomial: within 5 standard deviations of its mean.
        expected = len(column) / len(values)
        assert ((counts - expected).abs() < 5 * expected**0.5).all()
    drawn = amounts(("cutout",), strength)
    assert (drawn[:, :2] >= 0).all()
    assert (drawn[:, :2] <= torch.tensor([8.0, 16.0])).all()
    assert torch.equal(drawn[:, 2:], strength * torch.tensor([2.0, 4.0]).expand(len(drawn), 2))


def test_changes_are_applied_in_the_order_of_the_policy():
    x = images()
    noise = {name: amounts((name,), n=4) for name in ALL}
    for policy in (ALL, ALL[::-1]):
        expected = x
        for name in policy:
            expected = CHANGES[name].apply(expected, noise[name])
        assert torch.equal(DiffAugment(policy)(x, torch.cat([noise[name] for name in policy], 1)), expected)


def test_every_image_has_its_own_amounts_and_is_changed_alone():
    view = DiffAugment()
    x, noise = images(), view.draw(4, EVENT, 1.0, torch.Generator().manual_seed(1))
    assert len(noise.unique(dim=0)) == 4
    whole = view(x, noise)
    for index in range(4):
        torch.testing.assert_close(view(x[index : index + 1], noise[index : index + 1]), whole[index : index + 1])


@pytest.mark.parametrize("event", [(3,), (2, 20), (1, 4, 4, 4)])
def test_examples_that_are_no_images_are_refused(event):
    with pytest.raises(SettingError, match=r"images \(channels, height, width\)"):
        DiffAugment().draw(2, event, 1.0, torch.Generator())


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("color", "must be a list of changes"),
        ([], "must be a list of changes"),
        (["colour"], "no change 'colour'. Known: color"),
        ([3], "no change 3"),
        (["color", "color"], "can be named once"),
    ],
)
def test_a_wrong_policy_is_refused(policy, said):
    with pytest.raises(SettingError, match=said):
        DiffAugment(policy)


def test_a_recipe_names_the_changes_in_a_list_as_arguments_or_not_at_all():
    written = ({"policy": ["color", "cutout"]}, ["color", "cutout"], 0.5, {"strength": ["color"], "steps": 7})
    views = [
        Recipe.from_mapping({"model": {"family": "gan", "views": {"diffaugment": w}}}).model.views for w in written
    ]
    found = [
        (v["diffaugment"].arguments.get("policy"), v["diffaugment"].strength, v["diffaugment"].steps) for v in views
    ]
    assert found == [(["color", "cutout"], 1.0, 0)] * 2 + [(None, 0.5, 0), (["color"], 1.0, 7)]
    changed = Recipe.load("dcgan-digits").override({"model.views.diffaugment": "[color, translation]"})
    assert changed.model.views["diffaugment"].arguments == {"policy": ["color", "translation"]}
    assert Recipe.from_mapping(changed.model_dump()) == changed


def test_a_model_of_points_refuses_it_in_one_sentence_that_names_the_setting():
    recipe = Recipe.load("toy-ring").override({"model.views.diffaugment": 1})
    with pytest.raises(SettingError, match=r"^model\.views\.diffaugment: .*channels, height, width.*leave it out\.$"):
        build(recipe.model, Event((2,), "vector", "float32"), seed=0)
