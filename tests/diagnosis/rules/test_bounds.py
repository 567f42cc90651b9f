"""Which rules of evidence bounds apply to which bound."""

from __future__ import annotations

import pytest

from saddlepoint.diagnosis import Diagnosis, Facts
from saddlepoint.diagnosis.rules import RULES
from saddlepoint.records import Record


@pytest.mark.parametrize(("bound", "wrong"), [("elbo", True), ("iwae", False)])
def test_only_an_evidence_lower_bound_is_below_the_mean_likelihood_of_its_draws(bound: str, wrong: bool) -> None:
    diagnosis = Diagnosis(("vae", "evidence"), RULES, Facts(steps=2_000, settings={"model.bound": bound}))
    for tick in range(10):
        series = {"vae/loss": 90.0 - tick, "vae/reconstruction": 100.0 - tick, "vae/kl": 20.0}
        diagnosis.watch(Record(200 * tick, 0.0, series))
    assert ("VAE202" in diagnosis.found) == wrong


PERCEPTRON = {"model.encoder.network": "mlp", "model.encoder.batch_norm": False}


@pytest.mark.parametrize(
    ("steps", "settings", "wrong"),
    [
        (99, {}, False),
        (300, {}, True),
        (99, PERCEPTRON, True),
        (99, PERCEPTRON | {"model.encoder.batch_norm": True}, False),
        (99, PERCEPTRON | {"model.encoder.network": "dcgan"}, False),
    ],
)
def test_heads_are_compared_once_the_averages_of_batch_norm_have_settled(steps, settings, wrong) -> None:
    diagnosis = Diagnosis(("vae", "evidence"), RULES, Facts(steps=steps, settings=settings))
    for step in range(0, steps + 1, 3):
        diagnosis.watch(Record(step, 0.0, {"vae/kl": 4.0, "vae/head_kl": 0.02}))
    assert ("VAE202" in diagnosis.found) == wrong
