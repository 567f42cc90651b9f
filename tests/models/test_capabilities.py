"""Capabilities are queried in one way, and a missing capability is reported in a sentence."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from saddlepoint.data.event import Event
from saddlepoint.errors import DataError
from saddlepoint.models import build, capabilities
from saddlepoint.models.capabilities import (
    MISSING,
    Adversarial,
    Composed,
    DecodesNormal,
    DescribesDensity,
    Encodes,
    Fits,
    HasCodeQuantiles,
    HasCodes,
    HasDensity,
    HasLatentPosterior,
    HasLikelihood,
    HasSampler,
    Pushes,
    Reports,
    ScoresExamples,
    Variational,
    has,
    lacks,
    require,
)
from saddlepoint.models.settings import FAMILIES

TABLE = Event((4,), "vector", "float32", mean=(2.0,), std=(3.0,))
VIDEO = Event((1, 11, 8, 8), "video", "uint8", 0.0, 255.0)
IMAGE = Event((1, 4, 4), "image", "uint8", 0.0, 255.0)
OF = {
    "autoencoder": {HasCodes, HasSampler, Encodes, Reports, Fits},
    "vae": {HasCodes, Encodes, Reports, HasDensity, DescribesDensity, HasLatentPosterior, HasLikelihood, Variational},
    "autoregressive": {Reports, HasDensity, DescribesDensity, capabilities.Completes, capabilities.PredictsInOrder},
    "gan": {HasCodes, HasSampler, HasCodeQuantiles, Reports, Adversarial, Composed, ScoresExamples, Pushes},
}
OF["flow"] = {HasCodes, HasSampler, Encodes, Reports, HasDensity, DescribesDensity}
OF["dynamics"] = {Reports, Fits, capabilities.PredictsOutcomes}
OF["classical"] = {Reports, HasDensity, DescribesDensity, capabilities.Completes}
OF["vq-vae"] = {HasCodes, HasSampler, Encodes, Reports, HasDensity, DescribesDensity}
COMPLETION = {capabilities.Completes, capabilities.CompletesIteratively}
OF["diffusion"] = {capabilities.Denoises, HasCodes, HasSampler, Encodes, Reports, *COMPLETION}
OF["predictor"] = {capabilities.PredictsFrames, Fits, Reports}
OF["vae"] |= {DecodesNormal, HasSampler, *COMPLETION}
OF["gan"] |= {DecodesNormal}
ALWAYS = {capabilities.GenerativeModel, capabilities.HasUnits, capabilities.Playable}
every_capability = pytest.mark.parametrize("capability", MISSING, ids=lambda capability: capability.__name__)


def build_family(family: str, **settings: Any) -> Any:
    event = VIDEO if family == "predictor" else IMAGE
    return build(FAMILIES[family].settings.model_validate({"family": family, **settings}), event)


def test_every_protocol_has_a_sentence() -> None:
    protocols = {
        value
        for value in vars(capabilities).values()
        if isinstance(value, type) and getattr(value, "_is_runtime_protocol", False)
    }
    assert protocols == set(MISSING)


@every_capability
@pytest.mark.parametrize("family", FAMILIES)
def test_families_have_the_capabilities_that_they_should(family: str, capability: type) -> None:
    expected = {*OF[family], *ALWAYS}
    if Adversarial in expected:
        expected |= {capabilities.Judges}
    model = build_family(family)
    assert has(model, capability) == (capability in expected)
    assert (lacks(model, capability) is None) == has(model, capability)


@every_capability
def test_required_parts_exist_or_their_absence_is_explained(capability: type) -> None:
    class Nothing:
        pass

    with pytest.raises(DataError) as raised:
        require(Nothing(), capability)
    assert str(raised.value) == MISSING[capability] == lacks(Nothing(), capability)
    for family in FAMILIES:
        model = build_family(family)
        if has(model, capability):
            assert require(model, capability) is model


@pytest.mark.parametrize("settings", [{"packing": 2}, {"minibatch_kernels": 2}])
def test_an_instance_may_lack_what_its_class_has(settings: dict[str, int]) -> None:
    model = build_family("gan", discriminator=settings)
    assert isinstance(model, ScoresExamples)
    assert not has(model, ScoresExamples)
    assert "compares several examples" in (lacks(model, ScoresExamples) or "")
    with pytest.raises(DataError, match="compares several examples"):
        require(model, ScoresExamples)


@pytest.mark.parametrize("scale", [1.0, 8.0])
@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_the_normal_decoder_maps_normal_codes_as_the_generator_maps_its_noise(distribution: str, scale: float) -> None:
    model = build_family("gan", latent=1, noise={"distribution": distribution, "scale": scale})
    share = torch.linspace(0.05, 0.95, 7)[:, None]
    normal = torch.special.ndtri(share)
    with torch.no_grad():
        expected = model.players["g"](model.latent_quantiles(share))
        torch.testing.assert_close(model.normal_decoder()(normal), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_player_runs_on_its_inputs_with_and_without_noise(family: str) -> None:
    model = build_family(family)
    x = torch.rand(3, *model.event.shape)
    for generator in (None, torch.Generator().manual_seed(0)):
        assert model.player_inputs(x, generator).keys() == model.players.keys()
        model.run_players(x, generator)
