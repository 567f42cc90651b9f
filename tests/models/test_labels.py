"""Classes are drawn by Bayes' rule."""

from __future__ import annotations

import torch

from saddlepoint.models.labels import draw_labels_given


def test_classes_given_examples_are_drawn_with_their_posterior_probabilities() -> None:
    n, shares = 20_000, torch.tensor([0.5, 0.3, 0.2, 0.0])
    likelihood = torch.tensor([0.1, 0.4, 0.2, 0.9])
    log_probs = (likelihood.log() - 1_000).expand(n, 4)  # whose exponential is 0
    drawn = draw_labels_given(log_probs, shares.tolist(), torch.Generator().manual_seed(0))
    expected = shares * likelihood / (shares * likelihood).sum()
    found = drawn.bincount(minlength=4) / n
    assert found[3] == 0
    # Five standard deviations of a share.
    assert ((found - expected).abs() <= 5 * (expected * (1 - expected) / n).sqrt()).all()


def test_no_examples_have_no_classes() -> None:
    assert draw_labels_given(torch.zeros(0, 3), (0.2, 0.3, 0.5), None).shape == (0,)
