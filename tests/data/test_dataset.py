import json
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event

EVENTS = {
    "bytes": Event((3, 4, 5), "image", "uint8", 0.0, 255.0, (100.0,), (50.0,)),
    "sixteen levels": Event((1, 4, 4), "image", "uint8", 0.0, 16.0, (5.0,), (6.0,)),
    "floats": Event((1, 4, 4), "image", "float32", -1.0, 1.0, (0.1,), (0.5,)),
    "table": Event((3,), "vector", mean=(1.0, -20.0, 3.0), std=(2.0, 0.1, 0.0)),
}
KINDS = ("none", "unit", "symmetric", "standard")


def examples(event: Event, n: int = 64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    if event.dtype == "uint8":
        return torch.randint(0, int(event.high) + 1, (n, *event.shape), generator=generator).to(torch.uint8)
    if event.bounded:
        return event.low + (event.high - event.low) * torch.rand(n, *event.shape, generator=generator)
    return torch.tensor(event.mean) + torch.tensor(event.std) * torch.randn(n, *event.shape, generator=generator)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", EVENTS)
def test_scaling_and_back_is_the_identity(name, kind):
    event = EVENTS[name]
    x = examples(event)
    before = x.clone()
    scaling = event.scaling(kind)
    back = scaling.to_data(scaling.to_model(x))
    assert back.dtype == x.dtype
    torch.testing.assert_close(back, x, atol=1e-5, rtol=1e-5)
    assert torch.equal(x, before), "the caller's tensor was changed"


@pytest.mark.parametrize(("kind", "low", "high"), [("unit", 0.0, 1.0), ("symmetric", -1.0, 1.0)])
def test_known_range_meets_the_units_exactly(kind, low, high):
    event = EVENTS["bytes"]
    ends = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1).expand(2, 3, 4, 5)
    torch.testing.assert_close(event.scaling(kind).to_model(ends)[:, 0, 0, 0], torch.tensor([low, high]))


def test_standard_scaling_gives_mean_zero_and_deviation_one_a_column():
    x = torch.tensor([5.0, -3.0]) + torch.tensor([2.0, 7.0]) * torch.randn(
        1000, 2, generator=torch.Generator().manual_seed(0)
    )
    event = Event((2,), "vector", mean=tuple(x.mean(0).tolist()), std=tuple(x.std(0, correction=0).tolist()))
    z = event.scaling("standard").to_model(x)
    torch.testing.assert_close(z.mean(0), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(z.std(0, correction=0), torch.ones(2), atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", EVENTS)
def test_log_abs_det_is_that_of_the_jacobian(name, kind):
    event = EVENTS[name]
    scaling = event.scaling(kind)
    jacobian = torch.func.jacrev(lambda x: scaling.to_model(x.view(1, *event.shape)).flatten())(
        examples(event, 1).float().flatten()
    )
    expected = torch.linalg.slogdet(jacobian.double()).logabsdet.item()
    assert math.isclose(scaling.log_abs_det, expected, rel_tol=1e-5, abs_tol=1e-6)


@given(st.floats(-1e4, 1e4))
def test_samples_outside_the_range_are_clamped_to_it(value):
    event = EVENTS["bytes"]
    x = event.scaling("symmetric").to_data(torch.full((1, 3, 4, 5), value))
    assert x.dtype == torch.uint8
    assert x.float().unique().item() == pytest.approx(min(max(round(127.5 * (value + 1)), 0), 255), abs=1)


def test_nan_in_float_data_stays_nan():
    assert EVENTS["table"].scaling("standard").to_data(torch.full((1, 3), math.nan)).isnan().all()


def test_gradients_pass_through_scaling_after_inference_mode():
    scaling = EVENTS["table"].scaling("standard")
    with torch.inference_mode():
        scaling.to_model(torch.ones(1, 3))
    x = torch.ones(1, 3, requires_grad=True)
    scaling.to_model(x).sum().backward()
    torch.testing.assert_close(x.grad, torch.tensor([scaling.scale]))


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_survives_json(name):
    event = Event(**{**vars(EVENTS[name]), "class_names": ("a", "b")})
    assert Event.from_json(json.loads(json.dumps(event.to_json()))) == event


def test_a_subset_keeps_labels_with_their_examples():
    event = Event((1,), "vector", class_names=("a", "b", "c"))
    dataset = Dataset("three", torch.tensor([[0.0], [1.0], [2.0]]), event, torch.tensor([0, 1, 2]))
    part = dataset.subset(torch.tensor([2, 0]))
    assert part.x.flatten().tolist() == part.y.tolist() == [2, 0]
    assert repr(dataset) == "Dataset('three': 3 vectors of 1 float32, 3 classes)"


def test_one_item_is_in_the_singular() -> None:
    event = Event((1,), "vector", class_names=("a",))
    dataset = Dataset("one", torch.zeros(1, 1), event, y=torch.zeros(1, dtype=torch.int64))
    assert repr(dataset) == "Dataset('one': 1 vector of 1 float32, 1 class)"
    assert repr(event) == "Event(vector of 1 float32, 1 class)"


def test_a_notebook_shows_a_dataset_without_believing_its_markup() -> None:
    event = Event((2,), "vector", class_names=("<i>", "b"))
    page = Dataset("<d>", torch.zeros(3, 2), event, notes=("a & b",))._repr_html_()
    for part in ("&lt;d&gt;", "vector of 2, float32", "&lt;i&gt;, b", "a &amp; b", "<td>3</td>"):
        assert part in page
