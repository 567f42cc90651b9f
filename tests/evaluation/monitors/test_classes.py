"""Series of conditional samples have the values that they should have for labels that are used, ignored and permuted."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from saddlepoint.evaluation.monitors.classes import ClassMonitor, agreement

CLASSES = 4


def draw(n: int, seed: int, spread: float = 1.0) -> tuple[Tensor, Tensor]:
    """Examples of four classes on the corners of a square, as far apart as they are wide."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(CLASSES, (n,), generator=generator)
    corners = torch.tensor([[0.0, 0.0], [0.0, 6.0], [6.0, 0.0], [6.0, 6.0]])
    return corners[labels] + spread * torch.randn(n, 2, generator=generator), labels


@pytest.fixture(scope="module")
def monitor() -> ClassMonitor:
    return ClassMonitor(*draw(1_500, 0), CLASSES)


def test_samples_like_the_data_use_their_labels_and_vary_like_the_data(monitor: ClassMonitor) -> None:
    found = monitor.series(*draw(800, 1))
    assert found["label_use"].item() == pytest.approx(1, abs=0.03)
    # The lowest of four ratios of mean distances, each of about 200 samples.
    assert found["class_diversity"].item() == pytest.approx(1, abs=0.15)


def test_labels_that_are_ignored_have_no_use(monitor: ClassMonitor) -> None:
    samples, _ = draw(2_000, 1)
    ignored = torch.randint(CLASSES, (2_000,), generator=torch.Generator().manual_seed(9))
    assert abs(monitor.series(samples, ignored)["label_use"].item()) < 5 / 2_000**0.5


def test_samples_of_one_class_alone_have_no_use_of_labels_either(monitor: ClassMonitor) -> None:
    samples, labels = draw(600, 1)
    assert monitor.series(samples[:1].expand(600, 2), labels)["label_use"].item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("collapsed", range(CLASSES))
def test_a_class_whose_samples_are_alike_is_named(monitor: ClassMonitor, collapsed: int) -> None:
    samples, labels = draw(400, 1)
    samples[labels == collapsed] = samples[labels == collapsed][:1]
    found = monitor.series(samples, labels)
    assert found["class_diversity"].item() == pytest.approx(0, abs=1e-5)
    assert int(found["least_diverse_class"]) == collapsed
    assert found["label_use"].item() > 0.9


@pytest.mark.parametrize("scale", [0.25, 0.5])
def test_diversity_goes_with_the_scale_of_the_samples_of_a_class(monitor: ClassMonitor, scale: float) -> None:
    whole, labels = draw(800, 3)
    narrow, _ = draw(800, 3, spread=scale)
    first, second = (monitor.series(x, labels)["class_diversity"].item() for x in (whole, narrow))
    assert second == pytest.approx(scale * first, rel=1e-4)


def test_classes_that_real_neighbours_do_not_show_are_not_judged() -> None:
    x, labels = draw(500, 0)
    shuffled = labels[torch.randperm(500, generator=torch.Generator().manual_seed(1))]
    assert "label_use" not in ClassMonitor(x, shuffled, CLASSES).series(x, labels)


def test_classes_with_few_samples_are_not_judged(monitor: ClassMonitor) -> None:
    x, labels = draw(12, 1)
    assert "class_diversity" not in monitor.series(x, labels)


def test_agreement_is_one_for_equal_labels_and_zero_for_constant_ones() -> None:
    labels = torch.arange(12) % 3
    assert agreement(labels, labels, 3).item() == pytest.approx(1)
    assert agreement(torch.zeros_like(labels), labels, 3).item() == pytest.approx(0)
    assert agreement(torch.zeros_like(labels), torch.zeros_like(labels), 3).item() == 0
    # Of two classes that are exchanged, none agrees: -1.
    assert agreement(1 - labels[:2], labels[:2], 2).item() == pytest.approx(-1)
