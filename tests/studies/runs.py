"""The single runs that replicas must equal, and small settings for both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from saddlepoint.data.batches import Batches
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.mixtures import gaussian
from saddlepoint.data.settings import DataSettings
from saddlepoint.lanes import Replica, ReplicaRecord, Replicas
from saddlepoint.models import build
from saddlepoint.models.autoencoder.settings import AutoencoderSettings
from saddlepoint.models.base import Model
from saddlepoint.models.gan.parts.settings import PenaltySettings, ViewSettings
from saddlepoint.models.gan.settings import (
    DiscriminatorSettings,
    GANSettings,
    LabelSettings,
    NoiseSettings,
    UpdateSettings,
)
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.records import Record
from saddlepoint.training import Devices, TrainingState, play
from saddlepoint.training.settings import OptimiserSettings, TrainingSettings

SMALL = NetworkSettings(hidden=(5, 3), activation="tanh")
LINE = gaussian(DataSettings(points=50))
GAN = GANSettings(latent=2, generator=SMALL, discriminator=SMALL)
PLAYED = {
    "gan": GAN,
    "original gan": GAN.model_copy(
        update={
            "objective": "minimax",
            "noise": NoiseSettings(fresh=True, distribution="uniform"),
            "updates": UpdateSettings(discriminator=2),
            "labels": LabelSettings(smoothing=0.1),
        }
    ),
    "noisy gan": GAN.model_copy(update={"views": {"instance_noise": ViewSettings(strength=0.3, steps=5)}}),
    "relativistic gan": GAN.model_copy(
        update={
            "objective": "relativistic",
            "penalties": {"r1": PenaltySettings(weight=0.5), "r2": PenaltySettings(weight=0.2)},
            "discriminator": DiscriminatorSettings(**dict(SMALL), packing=2),
        }
    ),
    "unrolled gan": GAN.model_copy(
        update={
            "updates": UpdateSettings(unrolled=2),
            "penalties": {"r1": PenaltySettings(weight=0.1, half_life=3)},
        }
    ),
    "hinge gan": GAN.model_copy(update={"objective": "hinge"}),
    "wasserstein gan": GAN.model_copy(update={"objective": "wasserstein"}),
    "least-squares gan": GAN.model_copy(update={"objective": "least-squares", "labels": LabelSettings(smoothing=0.1)}),
    "vae": VAESettings(latent=2, encoder=SMALL, decoder=SMALL, likelihood="gaussian", warm_up=4, free_bits=0.01),
    "learnt vae": VAESettings(latent=2, encoder=SMALL, decoder=SMALL, likelihood="gaussian-learnt"),
    "autoencoder": AutoencoderSettings(latent=2, encoder=SMALL, decoder=SMALL),
    "sparse autoencoder": AutoencoderSettings(
        latent=2, encoder=SMALL, decoder=SMALL, denoising=0.1, sparsity="kl", sparsity_weight=0.1
    ),
}  # fmt: skip
CPU = Devices(torch.device("cpu"), "fp32")


class Convolutional(nn.Module):
    """Convolutions without BatchNorm, in either direction."""

    def __init__(self, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> None:
        super().__init__()
        self.outputs = outputs
        if len(inputs) == 3:
            self.layers = nn.Sequential(
                nn.Conv2d(inputs[0], 3, 4, 2, 1),
                nn.LeakyReLU(0.2),
                nn.Flatten(),
                nn.Linear(3 * 16, max(sum(outputs), 1)),
            )
        else:
            self.layers = nn.Sequential(
                nn.Linear(inputs[0], 2 * 16), nn.Unflatten(1, (2, 4, 4)), nn.ReLU(inplace=True),
                nn.ConvTranspose2d(2, outputs[0], 4, 2, 1), nn.Tanh(),
            )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.layers(x)
        return result


def images(n: int = 30) -> Dataset:
    x = torch.randint(0, 256, (n, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    return Dataset("noise", x, Event((1, 8, 8), "image", "uint8", 0.0, 255.0))


def training(**values: Any) -> TrainingSettings:
    own = {"steps": 12, "tick": 5, "observe_every": 2, "batch_size": 8} | values
    return TrainingSettings(**{"optimiser": OptimiserSettings(learning_rate=0.01), **own})


def single(replica: Replica, moved_by: int | None = None) -> tuple[Model, TrainingState, list[Record]]:
    """The run that equals `replica`, as the training loop trains it.

    moved_by: a seed, to begin with every weight a rounding away, up or down at random.
    """
    model = build(replica.model, replica.dataset.event, seed=replica.training.seed)
    if moved_by is not None:
        generator = torch.Generator().manual_seed(moved_by)
        with torch.no_grad():
            for weight in (weight for player in model.players.values() for weight in player.parameters()):
                weight.mul_(1 + torch.finfo(weight.dtype).eps * torch.randn(weight.shape, generator=generator).sign())
    state = TrainingState.start(model, replica.training, CPU)
    own = replica.training
    batches = Batches(
        replica.dataset,
        own.batch_size,
        own.seed,
        "cpu",
        model.scaling,
        labels=model.classes is not None,
        balanced=own.balance_classes,
    )
    return model, state, [record for record in play(model, batches, replica.training, state) if record is not None]


def condition(replica: Replica) -> float:
    """What a rounding of the first weights grows to, in weights and records: the largest of four, relative to 1 + the size.

    Two correct computations of a run differ by a few times this much, by how a processor rounds.
    """
    model, _, records = single(replica)
    grown = 0.0
    for seed in range(4):
        other, _, others = single(replica, moved_by=seed)
        for name, player in model.players.items():
            for value, moved in zip(player.parameters(), other.players[name].parameters(), strict=True):
                grown = max(grown, float(((value - moved).abs() / (1 + value.abs())).detach().max()))
        for record, moved_record in zip(records, others, strict=True):
            for name, number in record.values.items():
                if not name.startswith("time/"):
                    grown = max(grown, abs(number - moved_record.values[name]) / (1 + abs(number)))
    return grown


def assert_replicas_are_single_runs(
    replicas: Sequence[Replica], among: Sequence[int] | None = None, tolerance: float = 2e-4, **options: Any
) -> Replicas:
    """Weights, averages and every number of every record, to rounding (float32, grown over a dozen steps)."""
    together = Replicas(replicas, **{"device": "cpu", **options})
    records = list(together.play())
    for index in among if among is not None else range(len(replicas)):
        model, state, alone = single(replicas[index])
        assert [record.step for record in records] == [record.step for record in alone]
        for record, expected in zip(records, alone, strict=True):
            assert_same_record(record, expected, index, tolerance)
        same_players(together.model(index, averaged=False).players, model.players, tolerance)
        with state.averaged(model):
            same_players(together.model(index).players, model.players, tolerance)
    return together


def assert_same_record(record: ReplicaRecord, expected: Record, replica: int, tolerance: float) -> None:
    mine = {name: value[replica].item() for name, value in record.values.items() if not name.startswith("time/")}
    others = {name: value for name, value in expected.values.items() if not name.startswith("time/")}
    others = {name: value for name, value in others.items() if not name.endswith("/update_ratio")}  # replicas have none
    assert mine.keys() == others.keys()
    for name, value in others.items():
        assert abs(mine[name] - value) <= tolerance * (1 + abs(value)), (name, replica, mine[name], value)


def same_players(mine: dict[str, nn.Module], others: dict[str, nn.Module], tolerance: float) -> None:
    for name, player in others.items():
        for key, value in player.state_dict().items():
            torch.testing.assert_close(mine[name].state_dict()[key], value, rtol=tolerance, atol=tolerance, msg=key)
