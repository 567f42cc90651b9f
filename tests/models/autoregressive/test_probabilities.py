"""On small spaces, probabilities sum to one and samples and completions follow them."""

from __future__ import annotations

import itertools

import pytest
import torch
from scipy import stats
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.models import build
from saddlepoint.models.autoregressive.model import Autoregressive
from saddlepoint.models.autoregressive.settings import AUTOREGRESSIVE_NETWORKS, AutoregressiveSettings
from saddlepoint.objectives.mu_law import expand
from tests.models.autoregressive.cases import CLASSES, IMAGES, SMALL

BINARY = Event((1, 2, 2), "image", "uint8", 0.0, 1.0, class_names=CLASSES, class_shares=(0.5, 0.2, 0.3))
SYMBOLS = Event((3,), "text", "uint8", 0.0, 2.0, alphabet=("a", "b", "c"))
WAVE = Event((1, 3), "sound", low=-2.0, high=2.0)
LEVELS = Event((2, 1, 2), "image", "uint8", 0.0, 3.0)
SPACES = {
    **{f"{name}-binary": (BINARY, {"network": name}) for name in AUTOREGRESSIVE_NETWORKS},
    **{f"{name}-symbols": (SYMBOLS, {"network": name}) for name in AUTOREGRESSIVE_NETWORKS if name not in IMAGES},
    **{
        f"{name}-levels": (LEVELS, {"network": name, "likelihood": "logistic-mixture", "components": 2})
        for name in AUTOREGRESSIVE_NETWORKS
    },
    **{
        f"{name}-wave": (WAVE, {"network": name, "likelihood": "mu-law", "bins": 4})
        for name in ("made", "lstm", "wavenet")
    },
    "made-bins": (LEVELS, {"network": "made", "bins": 3}),
    "made-shuffled": (BINARY, {"network": "made", "ordering": "random"}),
}
every_space = pytest.mark.parametrize("space", SPACES)
RARE = 1e-6  # probability that a correct sampler fails a test


def build_space(space: str, **changes: object) -> Autoregressive:
    event, values = SPACES[space]
    settings = {**values, "network": {**SMALL, "network": values["network"]}, **changes}
    model = build(AutoregressiveSettings.model_validate(settings), event)
    assert isinstance(model, Autoregressive)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in model.player.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    return model


def all_examples(event: Event) -> Tensor:
    if event.dtype != "uint8":
        values = (expand(torch.linspace(-1, 1, 4), 3.0) * event.high).tolist()
        return torch.tensor(list(itertools.product(values, repeat=event.size))).view(-1, *event.shape)
    values = itertools.product(range(int(event.high or 0) + 1), repeat=event.size)
    return torch.tensor(list(values), dtype=torch.uint8).view(-1, *event.shape)


def counts(x: Tensor, space: Tensor) -> Tensor:
    """How often each element of the space occurs in x."""
    places = torch.isclose(x.flatten(1)[:, None], space.flatten(1)).all(2)
    assert (places.sum(1) == 1).all()
    return places.sum(0)


def assert_follows(observed: Tensor, probabilities: Tensor) -> None:
    """Chi-square test; elements that are expected less than five times count together."""
    expected = probabilities.double() * observed.sum()
    often = expected >= 5
    o, e = (torch.cat([v[often].double(), v[~often].double().sum()[None]]) for v in (observed, expected))
    o, e = o[e > 0], e[e > 0]
    statistic = float(((o - e) ** 2 / e).sum())
    assert statistic < stats.chi2.isf(RARE, max(len(e) - 1, 1)), statistic


@every_space
def test_probabilities_sum_to_one(space: str) -> None:
    model = build_space(space)
    total = model.log_prob(all_examples(model.event)).double().exp().sum()
    assert float(total) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("name", AUTOREGRESSIVE_NETWORKS)
def test_classes_have_probabilities_of_their_own_and_a_posterior_by_bayes_rule(name: str) -> None:
    model = build_space(f"{name}-binary", conditional=True)
    x = all_examples(model.event)
    of_class = torch.stack([model.class_log_prob(x, torch.full((16,), label)) for label in range(3)], 1).double()
    torch.testing.assert_close(of_class.exp().sum(0), torch.ones(3, dtype=torch.float64), rtol=1e-5, atol=1e-5)
    assert (of_class[:, 0] - of_class[:, 1]).abs().max() > 1e-3
    joint = of_class + torch.tensor([0.5, 0.2, 0.3]).double().log()
    torch.testing.assert_close(model.log_prob(x).double(), joint.logsumexp(1), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(model.posterior(x), joint.softmax(1), rtol=1e-5, atol=1e-5)


@every_space
def test_samples_follow_the_probabilities(space: str) -> None:
    model = build_space(space)
    x = all_examples(model.event)
    drawn = model.sample(4_000, generator=torch.Generator().manual_seed(0))
    assert_follows(counts(drawn, x), model.log_prob(x).exp())


@pytest.mark.parametrize("space", ["gated-pixelcnn-binary", "transformer-symbols", "nade-symbols", "wavenet-symbols"])
def test_completions_of_a_beginning_follow_the_conditional_probabilities(space: str) -> None:
    model = build_space(space)
    x = all_examples(model.event)
    begin = x.flatten(1)[:, 0]
    known = torch.zeros(model.event.shape, dtype=torch.bool)
    known.view(-1)[0] = True
    given = torch.full((4_000, *model.event.shape), 9, dtype=torch.uint8)
    given.view(4_000, -1)[:, 0] = 1
    drawn = model.complete(given, known.expand_as(given), generator=torch.Generator().manual_seed(0))
    assert (drawn.flatten(1)[:, 0] == 1).all()
    probabilities = torch.where(begin == 1, model.log_prob(x).exp(), 0.0)
    assert_follows(counts(drawn, x), probabilities / probabilities.sum())


def test_completions_of_a_conditional_model_draw_the_class_given_the_beginning() -> None:
    model = build_space("made-binary", conditional=True)
    with torch.no_grad():
        for name, weight in model.players["ar"].named_parameters():
            if "contexts" in name:
                weight.mul_(30)  # classes that differ in what they predict
    x = all_examples(model.event)
    begins = (x.flatten(1)[:, :2] == torch.tensor([1, 0])).all(1)
    known = torch.tensor([True, True, False, False]).view(model.event.shape)
    given = torch.tensor([1, 0, 9, 9], dtype=torch.uint8).view(model.event.shape).expand(4_000, -1, -1, -1)
    drawn = model.complete(given, known.expand_as(given), generator=torch.Generator().manual_seed(0))
    probabilities = torch.where(begins, model.log_prob(x).exp(), 0.0)
    assert_follows(counts(drawn, x), probabilities / probabilities.sum())
    # Classes drawn without looking at the beginning would give another distribution, which the test could tell apart.
    shares = torch.tensor(model.event.shares, dtype=torch.float64)
    by_class = torch.stack([model.class_log_prob(x, torch.full((16,), label)).double().exp() for label in range(3)])
    blind = torch.where(begins, by_class, 0.0)
    blind = (shares[:, None] * blind / blind.sum(1, keepdim=True)).sum(0)
    assert float((blind - probabilities / probabilities.sum()).abs().max()) > 0.05


def test_a_conditional_model_samples_the_class_that_is_asked_for() -> None:
    model = build_space("made-binary", conditional=True)
    x = all_examples(model.event)
    drawn = model.sample(4_000, labels=torch.full((4_000,), 2), generator=torch.Generator().manual_seed(0))
    assert_follows(counts(drawn, x), model.class_log_prob(x, torch.full((16,), 2)).exp())
    mixed = model.sample(4_000, generator=torch.Generator().manual_seed(0))
    assert_follows(counts(mixed, x), model.log_prob(x).exp())


def test_a_density_integrates_to_one_in_the_datas_units() -> None:
    event = Event((1,), "vector", "float32", mean=(5.0,), std=(20.0,))
    model = build(AutoregressiveSettings.model_validate({"network": SMALL, "components": 3}), event)
    x = torch.linspace(-400, 400, 40_001)[:, None]
    total = torch.trapezoid(model.log_prob(x).double().exp(), x[:, 0].double())
    assert float(total) == pytest.approx(1.0, abs=1e-4)
    drawn = model.sample(2_000, generator=torch.Generator().manual_seed(0))[:, 0]
    cdf = torch.cumulative_trapezoid(model.log_prob(x).double().exp(), x[:, 0].double())
    below = cdf[((drawn + 400) / 800 * 40_000).long().clamp(0, 39_999)]
    assert stats.kstest(below.numpy(), "uniform").pvalue > RARE


@pytest.mark.parametrize("binarise", ["stochastic", "threshold"])
def test_black_and_white_stay_what_they_are(binarise: str) -> None:
    event = Event((1, 2, 2), "image", "uint8", 0.0, 255.0)
    model = build(AutoregressiveSettings.model_validate({"network": SMALL, "binarise": binarise}), event)
    x = 255 * all_examples(BINARY)
    assert float(model.log_prob(x).exp().sum()) == pytest.approx(1.0, abs=1e-5)
    assert set(model.sample(20).unique().tolist()) <= {0, 255}
    grey = torch.full((1, 1, 2, 2), 100, dtype=torch.uint8)
    known = torch.tensor([True, False, True, False]).view(1, 1, 2, 2)
    completed = model.complete(grey, known)
    assert (completed[known] == 100).all()
    assert set(completed[~known].tolist()) <= {0, 255}
