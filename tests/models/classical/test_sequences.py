"""Hidden Markov models and Markov chains: probabilities of all sequences sum to one, and sums over paths agree."""

from __future__ import annotations

import itertools
import sys

import pytest
import torch

from saddlepoint.data.event import Event
from saddlepoint.errors import MissingExtraError, SettingError
from saddlepoint.models.classical.model import Classical
from saddlepoint.models.classical.normal import component_log_prob
from tests.models.classical.fitted import fitted

TEXT = Event((4,), "text", "uint8", 0.0, 2.0, alphabet=("x", "y", "z"))
EVERY = torch.tensor(list(itertools.product((0, 1, 2), repeat=4)), dtype=torch.uint8)
SERIES = Event((6, 2), "series", "float32", mean=(1.0, 0.0), std=(2.0, 1.0))


def text(n: int = 60) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(3, (n, 4), generator=generator)
    x[:, 2] = (x[:, 1] + 1) % 3
    return x.to(torch.uint8)


def series(n: int = 50, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    state = torch.randint(2, (n, 6, 1), generator=generator).cumsum(1) % 2
    return torch.randn(n, 6, 2, generator=generator) * (0.5 + state) + 4.0 * state


CASES = {
    "markov-0": (TEXT, text, {"distribution": "markov", "order": 0}),
    "markov-1": (TEXT, text, {"distribution": "markov", "order": 1}),
    "markov-2": (TEXT, text, {"distribution": "markov", "order": 2}),
    "markov-9": (TEXT, text, {"distribution": "markov", "order": 9}),
    "hmm": (TEXT, text, {"distribution": "hmm", "states": 3}),
}


def fit_case(case: str, steps: int = 3) -> Classical:
    event, data, settings = CASES[case]
    return fitted(event, data(), steps=steps, **settings)


@pytest.mark.parametrize("case", CASES)
def test_probabilities_of_all_texts_sum_to_one_and_samples_match_them(case: str) -> None:
    model = fit_case(case)
    probabilities = model.log_prob(EVERY).exp()
    assert float(probabilities.sum()) == pytest.approx(1)
    n = 30_000
    samples = model.sample(n, generator=torch.Generator().manual_seed(1))
    position = (samples.long() * torch.tensor([27, 9, 3, 1])).sum(1)
    counted = torch.bincount(position, minlength=81).double()
    expected = n * probabilities
    often = expected > 5
    statistic = ((counted - expected)[often].square() / expected[often]).sum()
    degrees = int(often.sum()) - 1
    assert statistic < degrees + 5 * (2 * degrees) ** 0.5


def test_a_markov_chain_counts_continuations() -> None:
    model = fitted(TEXT, torch.tensor([[0, 1, 0, 1], [0, 1, 1, 2]], dtype=torch.uint8), distribution="markov", order=1)
    # After a 1 come 0, 1 and 2 once each; after a 0 comes a 1 three times; both texts begin with 0.
    start, after_0, after_1 = 3 / 5, 4 / 6, 2 / 6
    found = model.log_prob(torch.tensor([[0, 1, 0, 1]], dtype=torch.uint8)).exp()
    assert float(found) == pytest.approx(start * after_0 * after_1 * after_0)
    with pytest.raises(SettingError, match="lower the order"):
        fitted(
            Event((30,), "vector", "uint8", 0.0, 255.0),
            torch.zeros(3, 30, dtype=torch.uint8),
            distribution="markov",
            order=9,
        )
    with pytest.raises(SettingError, match="discrete values"):
        fitted(SERIES, series(), distribution="markov")


@pytest.mark.parametrize("event", [TEXT, SERIES], ids=["text", "series"])
def test_the_likelihood_of_a_hidden_markov_model_is_the_sum_over_its_paths(event: Event) -> None:
    x = (text() if event is TEXT else series())[:8]
    model = fitted(event, text() if event is TEXT else series(), steps=2, distribution="hmm", states=3, scaling="auto")
    part = model.distribution
    inside = model.scaling.to_model(x).double()
    length = x.shape[1]
    emission = (
        part.emissions.log().T[inside.long()]
        if event is TEXT
        else component_log_prob(inside.flatten(0, 1), part.means, part.variances).view(8, length, 3)
    )
    paths = torch.tensor(list(itertools.product(range(3), repeat=length)))
    prior = part.start.log()[paths[:, 0]] + part.transitions.log()[paths[:, :-1], paths[:, 1:]].sum(1)
    joint = prior + emission[:, torch.arange(length), paths].sum(2)
    shift = model.scaling.log_abs_det if event is SERIES else 0.0
    torch.testing.assert_close(model.log_prob(x), joint.logsumexp(1) + shift)
    # The probabilities of the states at every step, by the same sum.
    weights = joint.softmax(1)
    expected = torch.stack([weights @ (paths == state).double() for state in range(3)], 2)
    torch.testing.assert_close(model.responsibilities(x), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("event", [TEXT, SERIES], ids=["text", "series"])
def test_em_of_a_hidden_markov_model_never_lowers_the_likelihood(event: Event, seed: int) -> None:
    x = text() if event is TEXT else series(seed=seed)
    settings = {} if event is TEXT else {"reg_covar": 1e-9}
    model = fitted(event, x, steps=0, distribution="hmm", states=3, **settings)
    before = model.log_prob(x).mean()
    after = fitted(event, x, steps=15, distribution="hmm", states=3, **settings)
    assert after.extra_state()["falls"].tolist() == [0, 0]
    assert after.log_prob(x).mean() > before


def test_completions_of_a_text_have_the_conditional_probabilities() -> None:
    model = fit_case("hmm")
    x = torch.tensor([[2, 0, 0, 1]], dtype=torch.uint8).repeat(20_000, 1)
    known = torch.tensor([[True, False, True, False]]).expand_as(x)
    drawn = model.complete(x, known, generator=torch.Generator().manual_seed(0))
    assert torch.equal(drawn[known], x[known])
    agree = (EVERY[:, 0] == 2) & (EVERY[:, 2] == 0)
    expected = model.log_prob(EVERY[agree]).softmax(0).view(3, 3)
    counted = torch.bincount(drawn[:, 1].long() * 3 + drawn[:, 3].long(), minlength=9).view(3, 3) / len(x)
    assert ((counted - expected).abs() < 5 * (expected * (1 - expected) / len(x)).sqrt() + 1e-9).all()


def test_completions_of_a_series_follow_the_known_steps() -> None:
    x = series()
    model = fitted(SERIES, x, steps=5, distribution="hmm", states=2)
    known = torch.zeros_like(x, dtype=torch.bool)
    known[:, :, 0] = True
    drawn = model.complete(x, known, generator=torch.Generator().manual_seed(0))
    assert torch.equal(drawn[known], x[known])
    # Both channels have the mean 4 in one state and 0 in the other, so the first says what the second is about.
    assert torch.corrcoef(torch.stack((drawn[..., 1].flatten(), x[..., 0].flatten())))[0, 1] > 0.6


def test_states_that_are_never_visited_are_counted() -> None:
    model = fitted(TEXT, torch.zeros(2, 4, dtype=torch.uint8), steps=12, distribution="hmm", states=8)
    assert model.distribution.observations()["unvisited_states"] > 0
    assert all(value.isfinite().all() for value in model.extra_state().values())
    assert float(model.log_prob(EVERY).exp().sum()) == pytest.approx(1)


def test_without_hmmlearn_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hmmlearn.hmm", None)
    with pytest.raises(MissingExtraError, match=r"saddlepoint\[hmm\]"):
        fit_case("hmm")
    with pytest.raises(SettingError, match="needs a text, series"):
        fitted(Event((3,), "vector"), torch.randn(9, 3), distribution="hmm")
