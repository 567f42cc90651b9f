"""The law of replicas: replica i is the single run with replica i's settings."""

from __future__ import annotations

import shutil

import pytest
import torch
from torch import nn

from saddlepoint.data.event import Event
from saddlepoint.data.mixtures import gaussian
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import RunError, SettingError
from saddlepoint.lanes import Replica, Replicas, compatible_groups, load, save
from saddlepoint.models.gan.parts.settings import ViewSettings
from saddlepoint.models.gan.settings import DiscriminatorSettings, GANSettings, LabelSettings, NoiseSettings
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.training.settings import OptimiserSettings, PlayerSettings
from tests.studies.runs import (
    GAN,
    LINE,
    PLAYED,
    SMALL,
    Convolutional,
    assert_replicas_are_single_runs,
    images,
    training,
)

OWN = f"{Convolutional.__module__}:Convolutional"


@pytest.mark.slow
@pytest.mark.parametrize("name", PLAYED)
def test_a_replica_is_the_single_run_of_its_seed(name):
    assert_replicas_are_single_runs(Replica.over_seeds(PLAYED[name], training(), LINE, 3, first=7))


@pytest.mark.slow
@pytest.mark.parametrize("name", PLAYED)
def test_without_a_graph_too(name):
    assert_replicas_are_single_runs(Replica.over_seeds(PLAYED[name], training(), LINE, 2), traced=False)


@pytest.mark.slow
@pytest.mark.parametrize("batch_size", [1, 5, 16, 20])  # how torch draws normal numbers depends on how many
def test_the_batch_size_does_not_matter(batch_size):
    model = GAN.model_copy(update={"latent": 1, "noise": NoiseSettings(fresh=True)})
    assert_replicas_are_single_runs(Replica.over_seeds(model, training(batch_size=batch_size), LINE, 2))


@pytest.mark.slow
@pytest.mark.parametrize(
    "optimiser",
    [
        OptimiserSettings(name="sgd", learning_rate=0.05, schedule="exponential", decay_steps=4, decay_rate=0.5),
        OptimiserSettings(name="sgd", learning_rate=0.02, momentum=0.9, weight_decay=0.1),
        OptimiserSettings(name="adam", learning_rate=0.01, betas=(0.5, 0.9), weight_decay=0.1, schedule="cosine"),
        OptimiserSettings(name="adamw", learning_rate=0.01, weight_decay=0.1, schedule="linear", final_fraction=0.1),
        OptimiserSettings(name="rmsprop", learning_rate=0.01),
        OptimiserSettings(name="rmsprop", learning_rate=0.01, momentum=0.5, weight_decay=0.01),
        OptimiserSettings(name="optimistic-sgd", learning_rate=0.05, lookahead=3, lookahead_share=0.4),
        OptimiserSettings(name="optimistic-adam", learning_rate=0.01, betas=(0.5, 0.9), weight_decay=0.1),
        OptimiserSettings(name="extra-adam", learning_rate=0.01, betas=(0.5, 0.9), lookahead=5),
        OptimiserSettings(name="sgd", learning_rate=0.05, momentum=0.5, historical_averaging=0.5),
        OptimiserSettings(name="adam", learning_rate=0.01, weight_decay=0.1, historical_averaging=0.5, lookahead=3),
    ],
    ids=lambda optimiser: f"{optimiser.name}-{optimiser.schedule}-{optimiser.momentum}",
)
def test_with_every_optimiser(optimiser):
    own = training(optimiser=optimiser, ema=0.9, players={"generator": PlayerSettings(learning_rate=0.02)})
    assert_replicas_are_single_runs(Replica.over_seeds(GAN, own, LINE, 2))


@pytest.mark.slow
def test_replicas_may_differ_in_any_number():
    optimiser = OptimiserSettings(name="sgd", learning_rate=0.05, schedule="exponential", decay_steps=4)
    replicas = [
        Replica(
            GAN.model_copy(
                update={
                    "labels": LabelSettings(smoothing=0.1 * i),
                    "views": {"instance_noise": ViewSettings(strength=0.1 * i + 0.1)},
                }
            ),
            training(
                seed=i, ema=0.5 + 0.1 * i,
                optimiser=optimiser.model_copy(update={"decay_rate": 0.5 + 0.2 * i, "momentum": 0.3 * i}),
                players={"generator": PlayerSettings(learning_rate=0.01 * (i + 1))},
            ),
            gaussian(DataSettings(points=50, scale=0.5 + i)),
        )
        for i in range(3)
    ]  # fmt: skip
    assert compatible_groups(replicas) == [[0, 1, 2]]
    together = assert_replicas_are_single_runs(replicas)
    z = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    decoded = together.decode(z)
    for replica in range(3):
        torch.testing.assert_close(decoded[replica], together.model(replica).decode(z))


@pytest.mark.slow
def test_a_penalty_may_differ():
    replicas = [
        Replica(
            VAESettings(
                latent=2, encoder=SMALL, decoder=SMALL, likelihood="gaussian", beta=0.5 + i, free_bits=0.01 * (i + 1),
                observation_std=0.1 * (i + 1), warm_up=3,
            ),
            training(seed=i),
            LINE,
        )
        for i in range(2)
    ]  # fmt: skip
    assert_replicas_are_single_runs(replicas)


@pytest.mark.slow
def test_convolutions():
    network = NetworkSettings(network=OWN)
    model = GANSettings(latent=4, generator=network, discriminator=network)
    assert_replicas_are_single_runs(Replica.over_seeds(model, training(ema=0.9), images(), 2))


def test_variants_that_differ_in_shape_form_separate_groups():
    wide = GAN.model_copy(update={"generator": NetworkSettings(hidden=(6,), activation="tanh")})
    replicas = [Replica(model, training(seed=seed), LINE) for seed in range(2) for model in (GAN, wide)]
    assert compatible_groups(replicas) == [[0, 2], [1, 3]]
    with pytest.raises(SettingError, match=r"replicas 0 and 1 differ in model\.generator\.hidden .*compatible_groups"):
        Replicas(replicas, device="cpu")
    with pytest.raises(SettingError, match="at least one"):
        Replicas([], device="cpu")


@pytest.mark.parametrize(
    ("model", "own", "message"),
    [
        (
            GAN.model_copy(update={"discriminator": DiscriminatorSettings(hidden=(4,), batch_norm=True)}),
            {},
            "BatchNorm1d",
        ),
        (GAN, {"optimiser": OptimiserSettings(clip_norm=1.0)}, "clip_norm"),
        (GAN, {"precision": "bf16"}, "fp32"),
        (GAN, {"recycle_every": 10}, "recycle_every"),
        (
            GAN.model_copy(update={"discriminator": DiscriminatorSettings(network=f"{__name__}:Dropping")}),
            {},
            "Dropout",
        ),
        (
            GAN.model_copy(update={"discriminator": DiscriminatorSettings(network=f"{__name__}:Drawing")}),
            {},
            "many replicas",
        ),
    ],
)
def test_settings_that_couple_replicas_are_refused(model, own, message):
    replicas = Replica.over_seeds(model, training(**own), LINE, 2)
    with pytest.raises(SettingError, match=message):
        next(Replicas(replicas, device="cpu").play())


class Dropping(nn.Sequential):
    def __init__(self, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> None:
        super().__init__(nn.Dropout(0.5), nn.Linear(inputs[0], 1))


class Drawing(nn.Module):
    def __init__(self, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> None:
        super().__init__()
        self.layer = nn.Linear(inputs[0], 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.layer(x + torch.randn_like(x))
        return result


class WithConstant(nn.Module):
    """A network with a tensor that is neither a parameter nor a buffer."""

    def __init__(self, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> None:
        super().__init__()
        self.layer = nn.Linear(inputs[0], 1)
        self.constant = torch.tensor([0.5])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.layer(x) * self.constant
        return result


@pytest.mark.slow
def test_a_network_may_use_a_constant_tensor():
    model = GAN.model_copy(
        update={"discriminator": GAN.discriminator.model_copy(update={"network": f"{__name__}:WithConstant"})}
    )
    assert_replicas_are_single_runs(Replica.over_seeds(model, training(), LINE, 2))


@pytest.mark.parametrize("traced", [True, False])
def test_a_decision_must_fall_the_same_way_in_all_replicas(monkeypatch, traced):
    replicas = [
        Replica(GAN.model_copy(update={"views": {"instance_noise": ViewSettings(strength=noise)}}), training(), LINE)
        for noise in (0.0, 0.1)
    ]
    with pytest.raises(SettingError, match=r"differ in model\.views\.instance_noise\.strength above 0"):
        Replicas(replicas, device="cpu")
    monkeypatch.setattr(ViewSettings, "switches", ())
    with pytest.raises(
        SettingError, match=r"model\.views\.instance_noise\.strength differs between the replicas.*compares with 0"
    ):
        next(Replicas(replicas, device="cpu", traced=traced).play())


@pytest.mark.slow
def test_a_diverging_replica_is_frozen_and_the_others_continue():
    rates = (0.01, 1e30, 0.02)
    replicas = [
        Replica(
            PLAYED["autoencoder"], training(seed=i, optimiser=OptimiserSettings(name="sgd", learning_rate=rate)), LINE
        )
        for i, rate in enumerate(rates)
    ]
    together = assert_replicas_are_single_runs(replicas, among=(0, 2))
    assert together.frozen[0] == together.frozen[2] == -1
    assert 0 <= together.frozen[1] < 12
    assert all(value.isfinite().all() for value in together.tensors().values())
    *_, last = Replicas(replicas, device="cpu").play()
    assert last.values["ae/loss"].isfinite().tolist() == [True, False, True]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["original gan", "noisy gan", "vae"])
def test_resumed_equals_uninterrupted(name, tmp_path):
    replicas = Replica.over_seeds(PLAYED[name], training(ema=0.9, batch_size=7), LINE, 3)
    whole, partial, resumed = (Replicas(replicas, device="cpu") for _ in range(3))
    records = list(whole.play())
    next(partial.play())
    save(tmp_path / "replicas.safetensors", partial)
    load(tmp_path / "replicas.safetensors", resumed)
    later = list(resumed.play())
    assert [record.step for record in later] == [10, 12]
    for mine, other in zip(later, records[1:], strict=True):
        for series, value in other.values.items():
            assert series.startswith("time/") or torch.equal(mine.values[series], value), series
    assert resumed.state_tensors().keys() == whole.state_tensors().keys()
    for key, value in whole.state_tensors().items():
        assert torch.equal(resumed.state_tensors()[key], value), key


@pytest.mark.parametrize("replica", [-1, 2, 999])
def test_a_missing_replica_is_reported(replica):
    replicas = Replicas(Replica.over_seeds(GAN, training(), LINE, 2), device="cpu")
    with pytest.raises(SettingError, match=f"no replica {replica}; they are 0 to 1"):
        replicas.model(replica)


def test_a_checkpoints_path_may_be_text(tmp_path):
    replicas = Replicas(Replica.over_seeds(GAN, training(), LINE, 2), device="cpu")
    path = str(tmp_path / "replicas.safetensors")
    save(path, replicas)
    load(path, replicas)


def test_a_damaged_or_foreign_checkpoint_is_refused(tmp_path):
    replicas = Replica.over_seeds(GAN, training(), LINE, 2)
    path = tmp_path / "replicas.safetensors"
    together = Replicas(replicas, device="cpu")
    with pytest.raises(RunError, match="does not exist"):
        load(path, together)
    save(path, together)
    with pytest.raises(RunError, match="other replicas"):
        load(path, Replicas(Replica.over_seeds(GAN, training(), LINE, 2, first=1), device="cpu"))
    data = path.read_bytes()
    path.write_bytes(data[:-100])
    with pytest.raises(RunError, match="damaged"):
        load(path, together)
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(RunError, match="SHA-256"):
        load(path, together)


def test_each_sees_every_replica():
    together = Replicas(Replica.over_seeds(GAN, training(), LINE, 3), device="cpu")
    x = torch.randn(3, 4, 1)
    scores = together.each(lambda model, own: model.scores(own), x)
    for replica in range(3):
        torch.testing.assert_close(scores[replica], together.model(replica).scores(x[replica]))
    assert together.sample(6).shape == (3, 6, *Event((1,), "vector").shape)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["autoencoder"])  # a GAN takes a minute to compile, and its phases are like this one
def test_compiled_replicas_are_the_single_runs_too(name):
    together = assert_replicas_are_single_runs(Replica.over_seeds(PLAYED[name], training(), LINE, 3), compiled=True)
    if together.why_not and not any(map(shutil.which, ("g++", "c++", "clang++"))):
        pytest.skip(together.why_not)  # its one excuse: no compiler
    assert not together.why_not
