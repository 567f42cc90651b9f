"""Bayes' rule over classes, against closed forms."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.models.bayes import joint_log_prob, marginal_log_prob, posterior
from saddlepoint.models.labels import draw_labels


class Gaussians:
    """N(label, 1) for each class."""

    log_prob_kind: Literal["exact", "lower bound"] = "exact"

    def __init__(self, shares: tuple[float, ...]) -> None:
        names = tuple(map(str, range(len(shares))))
        self.event = Event((1,), "vector", class_names=names, class_shares=shares)
        self.classes: int | None = len(shares)

    def class_log_prob(self, x: Tensor, labels: Tensor) -> Tensor:
        return torch.distributions.Normal(labels.double(), 1.0).log_prob(x[:, 0].double())

    def log_prob(self, x: Tensor) -> Tensor:
        return marginal_log_prob(self, x)


X = torch.linspace(-3, 4, 29)[:, None]


def test_the_posterior_of_two_equal_gaussians_is_logistic() -> None:
    # log p(1 | x) / p(0 | x) = x - 1/2 for N(0, 1) and N(1, 1) with equal shares.
    expected = torch.sigmoid(X[:, 0].double() - 0.5)
    torch.testing.assert_close(posterior(Gaussians((0.5, 0.5)), X)[:, 1], expected)


def test_shares_move_the_threshold_by_their_log_odds() -> None:
    odds = posterior(Gaussians((0.9, 0.1)), X).log().diff(dim=1)[:, 0]
    torch.testing.assert_close(odds, X[:, 0].double() - 0.5 - math.log(9))


def test_rows_sum_to_one_and_the_joint_to_the_marginal() -> None:
    model = Gaussians((0.2, 0.5, 0.3))
    torch.testing.assert_close(posterior(model, X).sum(1), torch.ones(len(X), dtype=torch.float64))
    torch.testing.assert_close(joint_log_prob(model, X).exp().sum(1), marginal_log_prob(model, X).exp())


def test_a_class_without_examples_has_no_probability() -> None:
    found = posterior(Gaussians((0.5, 0.0, 0.5)), X)
    assert not found[:, 1].any()
    assert found.isfinite().all()


def test_labels_have_the_given_shares_and_come_from_their_generator() -> None:
    shares = (0.2, 0.0, 0.8)
    drawn, again = (draw_labels(shares, 20_000, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(drawn, again)
    counts = torch.bincount(drawn, minlength=3) / len(drawn)
    # Four standard errors of a share of 20,000 draws are at most 0.012.
    torch.testing.assert_close(counts, torch.tensor(shares), atol=0.012, rtol=0)
    assert draw_labels(shares, 0, None).shape == (0,)
