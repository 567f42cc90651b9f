"""Naive Bayes classifies as scikit-learn's does, and its probabilities sum to one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB

from saddlepoint.data.event import Event
from saddlepoint.errors import SettingError
from saddlepoint.models.capabilities import HasPosterior, has
from tests.models.classical.fitted import fitted

NAMES = ("a", "b", "c")


def labelled(low: int, high: int, n: int = 300, size: int = 4):
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(3, (n,), generator=generator)
    x = torch.randint(low, high, (n, size), generator=generator) * (1 + y[:, None]) // 2
    return x.clamp(max=high - 1).to(torch.uint8), y


def event_of(y: torch.Tensor, **facts) -> Event:
    shares = tuple((torch.bincount(y, minlength=3) / len(y)).tolist())
    return Event(class_names=NAMES, class_shares=shares, **facts)


def test_gaussian_classes_are_those_of_scikit_learn() -> None:
    generator = torch.Generator().manual_seed(1)
    y = torch.randint(3, (200,), generator=generator)
    x = torch.randn(200, 4, generator=generator) * (1 + y[:, None]) + y[:, None]
    event = event_of(y, shape=(4,), kind="vector")
    model = fitted(event, x, y, distribution="naive-bayes", reg_covar=0.01, scaling="none")
    assert has(model, HasPosterior)
    reference = GaussianNB(var_smoothing=0.01).fit(x.double().numpy(), y.numpy())
    expected = torch.from_numpy(reference.predict_proba(x.double().numpy()))
    torch.testing.assert_close(model.posterior(x), expected, rtol=1e-6, atol=1e-9)
    # In batches of any size the same.
    model = fitted(event, x[:0], y[:0], distribution="naive-bayes", reg_covar=0.01, scaling="none", steps=0)
    for part, labels in zip(x.split(60), y.split(60), strict=True):
        model.distribution.learn(part.double(), labels)
    torch.testing.assert_close(model.posterior(x), expected, rtol=1e-6, atol=1e-9)


def test_bernoulli_classes_are_those_of_scikit_learn() -> None:
    x, y = labelled(0, 17)
    event = event_of(y, shape=(4,), kind="vector", dtype="uint8", low=0.0, high=16.0)
    model = fitted(event, x, y, distribution="naive-bayes", features="bernoulli", smoothing=0.5)
    reference = BernoulliNB(alpha=0.5, binarize=8).fit(x.numpy(), y.numpy())
    expected = torch.from_numpy(reference.predict_proba(x.numpy()))
    torch.testing.assert_close(model.posterior(x), expected, rtol=1e-6, atol=1e-9)
    every = 16 * torch.tensor(list(itertools.product((0, 1), repeat=4)), dtype=torch.uint8)
    assert model.log_prob(every).exp().sum() == pytest.approx(1)
    assert set(model.sample(50).flatten().tolist()) <= {0, 16}


def test_multinomial_classes_are_those_of_scikit_learn() -> None:
    x, y = labelled(0, 9)
    event = event_of(y, shape=(4,), kind="vector", dtype="uint8", low=0.0, high=255.0)
    model = fitted(event, x, y, distribution="naive-bayes", features="multinomial")
    reference = MultinomialNB().fit(x.numpy(), y.numpy())
    expected = torch.from_numpy(reference.predict_proba(x.numpy()))
    torch.testing.assert_close(model.posterior(x), expected, rtol=1e-6, atol=1e-9)
    mean = model.sample(20_000, generator=torch.Generator().manual_seed(0)).double().mean(0)
    shares = torch.tensor(event.shares).double()
    torch.testing.assert_close(mean, shares @ model.distribution.rates, rtol=0.05, atol=0.05)


def test_a_text_has_its_symbols_frequencies() -> None:
    x = torch.tensor([[0, 0, 1], [0, 1, 0], [2, 2, 2]], dtype=torch.uint8)
    y = torch.tensor([0, 0, 2])
    event = Event(
        (3,), "text", "uint8", 0.0, 2.0, class_names=NAMES, class_shares=(2 / 3, 0, 1 / 3), alphabet=("x", "y", "z")
    )
    model = fitted(event, x, y, distribution="naive-bayes", features="multinomial")
    expected = np.array([[4 + 1, 2 + 1, 1], [1, 1, 1], [1, 1, 3 + 1]])
    probabilities = model.distribution.probabilities
    torch.testing.assert_close(probabilities, torch.tensor(expected / expected.sum(1, keepdims=True)))
    every = torch.tensor(list(itertools.product((0, 1, 2), repeat=3)), dtype=torch.uint8)
    assert model.log_prob(every).exp().sum() == pytest.approx(1)


def test_data_that_do_not_suit_are_explained() -> None:
    x, y = torch.randn(30, 4), torch.arange(30) % 3
    event = event_of(y, shape=(4,), kind="vector")
    with pytest.raises(SettingError, match="known range"):
        fitted(event, x, y, distribution="naive-bayes", features="bernoulli")
    with pytest.raises(SettingError, match="counts from 0 up"):
        fitted(event, x, y, distribution="naive-bayes", features="multinomial")
    with pytest.raises(SettingError, match="naive-bayes needs labels"):
        fitted(Event((4,), "vector"), x, distribution="naive-bayes")
