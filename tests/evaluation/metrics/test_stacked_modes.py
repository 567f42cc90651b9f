import math

import pytest
import torch

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.classifier_scores import category_report
from saddlepoint.evaluation.metrics.stacked_modes import stacked_labels


def read(x):
    """A classifier for images whose first pixel is the digit."""
    assert x.shape[1:] == (1, 2, 2)
    return torch.nn.functional.one_hot(x[:, 0, 0, 0].long(), 10).float()


def images(modes):
    """(N,) numbers from 0 to 999 -> images (N, 3, 2, 2)."""
    digits = torch.stack([modes // 100, modes // 10 % 10, modes % 10], 1)
    return digits[:, :, None, None].expand(-1, -1, 2, 2).to(torch.uint8)


def uniform(n, seed=0):
    return torch.randint(1_000, (n,), generator=torch.Generator().manual_seed(seed))


def report(modes):
    """Of the modes that are read from images of these."""
    return category_report(stacked_labels(images(modes), read), 1_000)


def test_labels_are_the_digits_of_the_channels():
    modes = torch.arange(1_000)
    assert torch.equal(stacked_labels(images(modes), read), modes)


def test_it_reads_more_than_it_holds_at_once():
    modes = uniform(4_500)
    assert torch.equal(stacked_labels(images(modes), read), modes)


def test_perfect_samples_cover_all_modes_and_score_the_baseline():
    found = report(uniform(26_000))
    assert found.covered == 1_000
    assert found.expected_kl == pytest.approx(999 / 52_000)
    # The baseline's own variation: half a chi-squared of 999 degrees over 26,000.
    assert abs(found.kl - found.expected_kl) < 5 * (2 * 999) ** 0.5 / 2 / 26_000 + 0.02 * found.expected_kl


@pytest.mark.parametrize("kept", [1, 10, 500])
def test_dropped_modes_are_counted_and_cost_what_they_should(kept):
    modes = torch.arange(1_000)[:kept].repeat(1_000 // kept)
    found = report(modes)
    assert found.covered == kept
    assert found.kl == pytest.approx(math.log(1_000 / kept))


def test_order_does_not_matter():
    modes = uniform(500)
    one, other = report(modes), report(modes.flip(0))
    assert (one.covered, one.kl) == (other.covered, other.kl)


def test_uncountable_input_is_refused():
    few = images(uniform(5))
    with pytest.raises(DataError, match="one image or more"):
        stacked_labels(few[:0], read)
    with pytest.raises(DataError, match="trained on MNIST"):
        stacked_labels(few, lambda x: torch.ones(len(x), 7))
