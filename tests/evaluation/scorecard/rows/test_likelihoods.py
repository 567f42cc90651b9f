"""Likelihood and codes in a scorecard: each row equals its function, and a row that does not apply gives the reason."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch

from saddlepoint.data import DataSettings, load
from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.metrics.annealing import Annealing
from saddlepoint.evaluation.metrics.latent import unit_report
from saddlepoint.evaluation.metrics.latent_models import binarise
from saddlepoint.evaluation.metrics.parzen import PARZEN_WARNING
from saddlepoint.evaluation.scorecard.assess import assess
from saddlepoint.evaluation.scorecard.metric_types import ModelMetric
from saddlepoint.evaluation.scorecard.model_scores import work_on
from saddlepoint.evaluation.scorecard.needs import Available
from saddlepoint.evaluation.scorecard.rows import annealing, bits, codes, evidence_bound, parzen
from saddlepoint.evaluation.scorecard.scorecard import Scorecard
from saddlepoint.evaluation.settings import AssessmentSettings, LikelihoodEffort
from saddlepoint.models import build
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.networks.settings import NetworkSettings
from tests.evaluation.scorecard import toys

SMALL = NetworkSettings(network="mlp", hidden=(16,))
METRICS: dict[str, ModelMetric] = {
    **evidence_bound.METRICS,
    **bits.METRICS,
    **annealing.METRICS,
    **parzen.METRICS,
    **codes.METRICS,
}
ROWS = set(METRICS)
EFFORTS: tuple[LikelihoodEffort, ...] = ("bounds", "annealed")


@cache
def digits(black: bool = False) -> Dataset:
    data = load(DataSettings(source="digits", limit=300))
    if not black:
        return data
    assert data.held_out is not None
    held_out = replace(data.held_out, x=binarise(data.held_out.x, data.event))
    return replace(data, x=binarise(data.x, data.event), held_out=held_out, fingerprint="")


def model(**settings: Any) -> Any:
    torch.manual_seed(0)
    return build(VAESettings(latent=3, encoder=SMALL, decoder=SMALL, **settings), digits().event)


def measured(what: Any, data: Dataset, likelihood: LikelihoodEffort = "bounds") -> Scorecard:
    settings = AssessmentSettings(samples=40, seeds=1, resamples=5, likelihood=likelihood)
    return assess(what, data, settings, "raw")


def skip_reasons(card: Scorecard) -> dict[str, str]:
    return {one.metric: one.reason for one in card.skipped}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ANNEALED", 5), ("FITTED", 3), ("LONG", Annealing(6, 4, 2)), ("SHORT", Annealing(3, 2, 2))):
        monkeypatch.setattr(annealing, name, value)


@pytest.mark.slow
def test_every_row_is_a_score_or_has_its_reason() -> None:
    for what in (model(), toys.Own(digits().event, lambda n, g: digits().x[:n])):
        card = measured(what, digits())
        rows = {score.metric for score in card.scores} | set(skip_reasons(card))
        assert rows >= ROWS
        assert all(reason.endswith(".") for reason in skip_reasons(card).values())
    assert set(skip_reasons(card)) >= ROWS


@pytest.mark.slow
def test_a_bernoulli_vae_on_greys_has_no_bits_and_is_annealed_on_black_and_white() -> None:
    found = measured(model(), digits(), "annealed")
    assert "greys" in skip_reasons(found)["bits"]
    assert any("greys" in note for note in found["elbo"].notes)
    assert any("black and white" in note for note in found["ais"].notes)
    assert found["ais_gap"].low is not None


@pytest.mark.slow
@pytest.mark.parametrize(("binarise", "black"), [("none", True), ("stochastic", False)])
def test_black_and_white_has_bits(binarise: str, black: bool) -> None:
    found = measured(model(binarise=binarise), digits(black))
    # An untrained decoder's pixels are about coins.
    assert 0.8 < found["bits"].value < 1.5
    bits = -found["likelihood"].value / (64 * 0.6931472)
    assert found["bits"].value == pytest.approx(bits, rel=0.02)


@pytest.mark.slow
def test_bytes_under_a_density_have_bits() -> None:
    found = measured(model(likelihood="gaussian-learnt"), digits())
    assert found["bits"].low is not None
    assert found["bits"].low < found["bits"].value < found["bits"].high  # type: ignore[operator]
    assert "real numbers" in skip_reasons(measured(toys_vae(), toys.dataset(toys.PLANE)))["bits"]


def toys_vae() -> Any:
    return build(
        VAESettings(latent=2, likelihood="gaussian", encoder=SMALL, decoder=SMALL), toys.dataset(toys.PLANE).event
    )


@pytest.mark.slow
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_the_bounds_are_in_order_and_in_the_same_units(likelihood: str) -> None:
    found = measured(model(likelihood=likelihood), digits())
    assert found["elbo"].value < found["likelihood"].value
    assert "IWAE" in found["likelihood"].notes[0]
    assert found["elbo"].pairing == "groups"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "grey values in [0, 1] are used unchanged, for which it is not a likelihood"),
        (
            {"binarise": "stochastic"},
            "drawn black or white with the probabilities given by their grey values, as in training",
        ),
        ({"likelihood": "gaussian"}, "log density of a whole example in the data's own units"),
    ],
)
def test_a_vae_s_likelihood_names_comparable_models(settings: dict[str, Any], words: str) -> None:
    assert words in measured(model(**settings), digits())["likelihood"].notes[0]


@pytest.mark.slow
def test_a_bound_suggests_annealing_until_it_is_requested() -> None:
    quick, long = (measured(model(), digits(), likelihood)["elbo"].notes for likelihood in EFFORTS)
    assert any("--likelihood annealed" in note and 'likelihood="annealed"' in note for note in quick)
    assert not any("--likelihood" in note for note in long)


@pytest.mark.slow
@pytest.mark.parametrize("network", ["vae", "gan"])
def test_annealing_reports_its_progress(network: str) -> None:
    gan = build(GANSettings(latent=4, generator=SMALL, discriminator=SMALL), digits().event)
    shares_reported: list[float] = []
    assess(
        model() if network == "vae" else gan,
        digits(),
        AssessmentSettings(samples=40, seeds=1, resamples=5, likelihood="annealed"),
        "raw",
        lambda what, share: shares_reported.append(share) if "AIS" in what else None,
    )
    assert shares_reported == sorted(shares_reported)
    assert len(set(shares_reported)) > 20
    quick, long = (work_on(METRICS, Available(digits(), gan, effort)) for effort in EFFORTS)
    assert long > 10 * quick


@pytest.mark.slow
def test_costly_rows_are_measured_on_request_and_the_kernel_estimate_has_its_warning() -> None:
    gan = build(GANSettings(latent=4, generator=SMALL, discriminator=SMALL), digits().event)
    quick, long = (measured(gan, digits(), likelihood) for likelihood in EFFORTS)
    assert all("--likelihood annealed" in skip_reasons(quick)[key] for key in ("ais", "ais_gap", "parzen"))
    assert any("GAN has no density" in note for note in long["ais"].notes)
    assert PARZEN_WARNING in long["parzen"].notes
    assert "no likelihood of examples" in skip_reasons(long)["elbo"]


@pytest.mark.slow
def test_codes_are_their_functions() -> None:
    vae, data = model(), digits()
    found = measured(vae, data)
    assert data.held_out is not None
    exact = unit_report(*vae.heads(data.held_out.x))
    assert found["active_units"].unit == "of 3"
    assert 0 <= found["active_units"].value <= 3
    assert found["code_kl"].value == pytest.approx(float(exact.kl.sum()), rel=0.5)
    assert "By unit" in found["code_kl"].notes[0]
    assert found["code_information"].value + found["prior_gap"].value == pytest.approx(found["code_kl"].value, rel=1e-6)
    for key in codes.METRICS:
        score = found[key]
        assert score.low <= score.value <= score.high  # type: ignore[operator]
