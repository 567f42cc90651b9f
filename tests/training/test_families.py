"""Every family of models resumes exactly, on the data's own stream of batches."""

from __future__ import annotations

import pytest
import torch

from saddlepoint import models
from saddlepoint.data.batches import Batches
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.models.autoencoder.settings import AutoencoderSettings
from saddlepoint.models.autoregressive.settings import AutoregressiveSettings
from saddlepoint.models.capabilities import Fits, has
from saddlepoint.models.classical.settings import DISTRIBUTIONS, ClassicalSettings
from saddlepoint.models.diffusion.settings import DiffusionSettings
from saddlepoint.models.dynamics.settings import DynamicsSettings
from saddlepoint.models.flow.settings import FlowSettings
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.predictor.settings import PredictorSettings
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.models.vq_vae.settings import VQVAESettings
from saddlepoint.networks.settings import NETWORKS, NetworkSettings
from saddlepoint.objectives.prediction.settings import LOSSES as PREDICTION_LOSSES
from saddlepoint.records import RunFolder
from saddlepoint.training import checkpoint
from saddlepoint.training.devices import Devices
from saddlepoint.training.loop import play
from saddlepoint.training.state import TrainingState
from tests.training.games import assert_same, everything, settings

SMALL = NetworkSettings(hidden=(8,))
CONVOLUTIONAL = NetworkSettings(network="dcgan", width=4)
BUILT_IN = {
    **{name: NetworkSettings(network=name, hidden=(8,), width=4) for name in NETWORKS},
    "attention": NetworkSettings(network="resnet", width=4, arguments={"attention": 4}),
}
FAMILIES = {
    "autoencoder": AutoencoderSettings(encoder=SMALL, decoder=SMALL, denoising=0.1, prior_components=2),
    "vae": VAESettings(encoder=SMALL, decoder=SMALL, warm_up=5, binarise="stochastic"),
    "gan": GANSettings(generator=SMALL, discriminator=SMALL, views={"instance_noise": {"strength": 0.1, "steps": 9}}),
    "gan-replay": GANSettings(
        generator=SMALL, discriminator=SMALL, replay={"share": 0.5, "size": 5}, labels={"flipping": 0.2}
    ),
    "gan-packing": GANSettings(
        generator=SMALL,
        discriminator={**dict(SMALL), "packing": 4, "minibatch_kernels": 2},
        objective="feature-matching",
    ),
    "gan-relativistic": GANSettings(
        generator=SMALL,
        discriminator={**dict(SMALL), "packing": 2},
        objective="relativistic",
        penalties={"r1": 0.1, "r2": 0.1},
    ),
    "gan-unrolled": GANSettings(generator=SMALL, discriminator=SMALL, updates={"unrolled": 2}, penalties={"r1": 0.1}),
    "dcgan-unrolled": GANSettings(
        generator=CONVOLUTIONAL, discriminator=CONVOLUTIONAL, updates={"unrolled": 2}, penalties={"r2": 0.1}
    ),
    "dcgan": GANSettings(generator=CONVOLUTIONAL, discriminator=CONVOLUTIONAL, updates={"discriminator": 2}),
    "diffusion": DiffusionSettings(denoiser={"network": "unet", "width": 4}, conditional=True),
    "flow": FlowSettings(hidden=(8,), transforms=2, conditional=True),
    "dynamics": DynamicsSettings(hidden=(8,)),
    "dynamics-vae": DynamicsSettings(outcome="vae", hidden=(8,)),
    "dynamics-gan": DynamicsSettings(outcome="gan", hidden=(8,)),
    "classical": ClassicalSettings(distribution="mixture", components=2, covariance="diagonal"),
    "classical-conditional": ClassicalSettings(conditional=True),
    **{
        f"classical-{name}": ClassicalSettings(
            distribution=name, **{"markov": {"order": 1}, "trees": {"trees": 2}}.get(name, {})
        )
        for name in DISTRIBUTIONS
        if name not in ("gaussian", "mixture", "hmm")
    },
    "autoregressive": AutoregressiveSettings(network={"network": "pixelcnn", "width": 8, "layers": 1}),
    "vq-vae": VQVAESettings(codes=5, autoencoder={"width": 4}, prior={"width": 4}, restart_below=0.5),
    "vae-iwae": VAESettings(bound="iwae", bound_samples=2, prior="vampprior", pseudo_inputs=3),
    "vae-semi-supervised": VAESettings(conditional=True, semi_supervised=True, encoder=CONVOLUTIONAL),
    **{
        f"gan-network-{name}": GANSettings(generator=network, discriminator=network, penalties={"r1": 0.1})
        for name, network in BUILT_IN.items()
    },
}
OF_VIDEOS = {
    "predictor" if loss == "both" else f"predictor-{loss}": PredictorSettings(
        frames_in=2, objective=loss, predictor={"width": 8}, discriminator={"width": 4}
    )
    for loss in PREDICTION_LOSSES
}
OF_TABLES = {
    "dynamics-given": DynamicsSettings(given=2, members=2, hidden=(8,)),
    "vae-mixed": VAESettings(encoder=SMALL, decoder=SMALL, likelihood="mixed-learnt"),
    "gan-categories": GANSettings(generator=SMALL, discriminator=SMALL, penalties={"r1": 0.1}),
}


def dataset(name: str) -> Dataset:
    """Images with labels, videos, or rows with a category of three and a number with a region that stands for one value."""
    if name in OF_TABLES:
        rows = torch.randn(20, 5, generator=torch.Generator().manual_seed(0))
        event = Event((5,), "vector", groups=((0, 3),), cells=((3, -9.0, 0.0),))
        return Dataset("rows", rows, event)
    if name in OF_VIDEOS:
        videos = torch.randint(0, 256, (20, 1, 4, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
        return Dataset("videos", videos, Event((1, 4, 8, 8), "video", "uint8", 0.0, 255.0))
    x = torch.randint(0, 256, (20, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    names = ("even", "odd")
    return Dataset("noise", x, Event((1, 8, 8), "image", "uint8", 0.0, 255.0, class_names=names), torch.arange(20) % 2)


def test_every_family_is_tested():
    assert set(models.FAMILIES) <= set(FAMILIES | OF_VIDEOS)


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.cuda)])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("name", [*FAMILIES, *OF_VIDEOS, *OF_TABLES])
def test_resumed_equals_uninterrupted(name, precision, device, tmp_path):
    data, folder, training = dataset(name), RunFolder(tmp_path), settings(ema=0.9, steps=9, tick=4)

    def prepare_training(seed):
        model = models.build((FAMILIES | OF_VIDEOS | OF_TABLES)[name], data.event, seed=seed)
        state = TrainingState.start(model, training, Devices.choose(device, precision, model))
        return model, state, Batches(data, 6, 0, device, model.scaling, labels=model.classes is not None)

    model, state, batches = prepare_training(0)
    records = []
    for record in play(model, batches, training, state):
        records.append(record)
        if state.step == 4:
            if has(model, Fits):
                model.fit(data.x, torch.Generator().manual_seed(1))
            checkpoint.save(folder, model, state)
    assert [record.step for record in records] == [4, 8, 9]

    other, other_state, batches = prepare_training(1)
    checkpoint.load(checkpoint.newest_valid(folder)[0], other, other_state)
    later = list(play(other, batches, training, other_state))
    assert_same(other.extra_state(), model.extra_state())
    assert [record.step for record in later] == [8, 9]
    for mine, theirs in zip(later, records[1:], strict=True):
        values = [{k: v for k, v in r.values.items() if not k.startswith("time/")} for r in (mine, theirs)]
        assert values[0] == values[1]
    assert_same(everything(other, other_state), everything(model, state))
