"""Laws of GANs with an encoder, for every registered encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import saddlepoint as sp
from saddlepoint import models
from saddlepoint.data import Batches
from saddlepoint.data.event import Event
from saddlepoint.errors import DataError, SettingError
from saddlepoint.evaluation.metrics.duality_gap import duality_gap
from saddlepoint.experiment.objective_checks.check import find_mistakes
from saddlepoint.lanes import Replica, Replicas
from saddlepoint.models.capabilities import (
    Adversarial,
    Augments,
    Encodes,
    HasLatentPosterior,
    Judges,
    Pushes,
    Reports,
    ScoresExamples,
    has,
    lacks,
)
from saddlepoint.models.gan.composition import compose
from saddlepoint.models.gan.encoders.encoder import Encoder
from saddlepoint.models.gan.encoders.settings import ENCODERS
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.objectives.adversarial.composition import Composition
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.adversarial.settings import CONSTRAINTS, LOSSES, PENALTIES, VIEWS
from saddlepoint.objectives.phase import Batch, Nets, Observations, Phase
from saddlepoint.recipe import Recipe
from saddlepoint.recipe.trust import import_paths
from saddlepoint.training import Devices, TrainingState, play
from tests.experiment.runs import start_session
from tests.studies.runs import LINE, assert_replicas_are_single_runs, training

EVENTS = {
    "vector": Event((4,), "vector", mean=(2.0,), std=(3.0,)),
    "image": Event((1, 8, 8), "image", "uint8", 0.0, 255.0),
    "series": Event((6, 2), "series"),
}
SMALL = {"network": "mlp", "hidden": [8]}

each_encoder = pytest.mark.parametrize("kind", ENCODERS)


def settings(kind: str, **model: Any) -> GANSettings:
    encoder = {**SMALL, "kind": kind, **model.pop("encoder", {})}
    return GANSettings.model_validate(
        {"latent": 3, "generator": SMALL, "discriminator": SMALL, "encoder": encoder, **model}
    )


def build(kind: str, event: Event = EVENTS["image"], seed: int = 0, **model: Any) -> Any:
    return models.build(settings(kind, **model), event, seed=seed)


def examples(event: Event, n: int = 6) -> Tensor:
    return torch.randn(n, *event.shape, generator=torch.Generator().manual_seed(1))


def play_phases(model: Any, x: Tensor) -> None:
    """Check that every phase reaches every weight of its players, and no other player's if it is the discriminator's."""
    generator = torch.Generator().manual_seed(0)
    for phase in model.phases:
        noise = model.noise(phase, len(x), 0, generator)
        loss, _ = phase.loss(model.players, Batch(x), noise)
        assert loss.shape == (len(x),)
        assert loss.isfinite().all()
        for name in phase.players:
            weights = list(model.players[name].parameters())
            found = torch.autograd.grad(loss.mean(), weights, allow_unused=True, retain_graph=True)
            assert all(gradient is not None for gradient in found), name


@each_encoder
@pytest.mark.parametrize("kind_of_event", EVENTS)
def test_codes_and_reconstructions_have_their_shapes(kind: str, kind_of_event: str) -> None:
    event = EVENTS[kind_of_event]
    model, x = build(kind, event), examples(event, 5)
    codes = model.encode(x)
    assert codes.shape == (5, model.latent)
    assert codes.isfinite().all()
    assert model.decode(codes).shape == x.shape
    assert model.sample(2).shape == (2, *event.shape)
    torch.testing.assert_close(model.encode(x[:2]), codes[:2])
    play_phases(model, x)


@each_encoder
@pytest.mark.parametrize("objective", LOSSES)
def test_every_loss_is_played_or_refused_with_the_names_of_both(kind: str, objective: str) -> None:
    check_played_or_refused(kind, objective, objective=objective)


@each_encoder
@pytest.mark.parametrize("penalty", PENALTIES)
def test_penalties_work_on_what_the_discriminator_judges(kind: str, penalty: str) -> None:
    model = check_played_or_refused(kind, penalty, penalties={penalty: 0.5})
    if model is None:
        assert judges_codes(kind), "only penalties that change images can be refused"
    else:
        assert not find_mistakes(model, 128 + 50 * examples(model.event))


@each_encoder
@pytest.mark.parametrize("view", VIEWS)
def test_views_work_on_what_the_discriminator_judges(kind: str, view: str) -> None:
    model = check_played_or_refused(kind, view, views={view: {"strength": 0.5}})
    if model is None:
        assert judges_codes(kind), "only views that change images can be refused"
    elif has(model, Augments):  # the measurement of leaks changes examples, whatever the discriminator judges
        x = model.model_units(examples(model.event))
        assert model.augmented(x, torch.Generator().manual_seed(0)).shape == x.shape


def check_played_or_refused(kind: str, part: str, **model: Any) -> Any:
    """Play a step of a model with this part; return None if the part is refused in a sentence that names it."""
    try:
        built = build(kind, **model)
    except SettingError as error:
        said = str(error)
    else:
        play_phases(built, examples(built.event))
        return built
    assert part in said
    return None


def judges_codes(kind: str) -> bool:
    part = compose(settings(kind)).encoder
    return part is not None and part.judges == "codes"


@each_encoder
@pytest.mark.parametrize("constraint", CONSTRAINTS)
@pytest.mark.parametrize("role", ["discriminator", "generator", "encoder"])
def test_constraints_work(kind: str, constraint: str, role: str) -> None:
    model = build(kind, constraints={role: constraint})
    play_phases(model, examples(model.event))
    short = role[0]
    assert list(model.after_update) == [short] * model.parts.constraints[short].after_update


class FreshPhases(Encoder):
    """An encoder that makes phases of its own instead of changing the given ones."""

    def phases(self, parts: Composition, discriminator: Phase, generator: Phase) -> tuple[Phase, ...]:
        return Phase("d", discriminator.loss), Phase("g", generator.loss), Phase("e", self.loss, uses_data=False)

    def loss(self, nets: Nets, batch: Batch, noise: GameNoise) -> tuple[Tensor, Observations]:
        return (nets["e"](nets["g"](noise.latent)) - noise.latent).square().sum(1), {}


class UpdatesItself(FreshPhases):
    """An encoder that is updated without a gradient."""

    def phases(self, parts: Composition, discriminator: Phase, generator: Phase) -> tuple[Phase, ...]:
        return discriminator, generator, Phase("e", self.loss, uses_data=False, gradient=False)

    def loss(self, nets: Nets, batch: Batch, noise: GameNoise) -> tuple[Tensor, Observations]:
        for weight in nets["e"].parameters():
            weight.add_(1.0)
        return super().loss(nets, batch, noise)


@pytest.mark.parametrize("kind", [*ENCODERS, f"{__name__}:FreshPhases", f"{__name__}:UpdatesItself"])
@pytest.mark.parametrize("constraint", ["clip", "orthogonal"])
@pytest.mark.parametrize("role", ["discriminator", "generator", "encoder"])
def test_the_weights_of_a_player_satisfy_its_constraint_after_training(kind: str, constraint: str, role: str) -> None:
    model = build(kind, LINE.event, constraints={role: constraint})
    steps = training(steps=3)
    state = TrainingState.start(model, steps, Devices.choose("cpu", "fp32"))
    assert list(play(model, Batches(LINE, steps.batch_size, 0, "cpu", model.scaling), steps, state))
    for weight in (
        layer.weight.detach() for layer in model.players[role[0]].modules() if isinstance(layer, torch.nn.Linear)
    ):
        if constraint == "clip":
            assert float(weight.abs().max()) <= 0.01 * (1 + 1e-6)
        else:
            short = weight if weight.shape[0] <= weight.shape[1] else weight.T
            torch.testing.assert_close(short @ short.T, torch.eye(len(short)), atol=1e-5, rtol=0)


def test_the_constraint_of_an_encoder_that_is_not_there_is_refused() -> None:
    constrained = Recipe.load("bigan-digits").override({"model.constraints.encoder": "clip"})
    assert constrained.override({"model.encoder.kind": "adversarial"}).model.constraints.keys() == {"encoder"}
    with pytest.raises(
        SettingError, match=r"model\.constraints cannot be .*: this GAN has no encoder; set model\.encoder"
    ):
        constrained.override({"model.encoder.kind": "none"})


@each_encoder
@pytest.mark.parametrize(
    ("model", "named"),
    [
        ({"replay": {"share": 0.3}}, "replay.share"),
        ({"updates": {"unrolled": 2}}, "updates.unrolled"),
        ({"condition": {"discriminator": "info"}}, "condition"),
    ],
)
def test_a_forbidden_setting_is_refused_with_the_reason(kind: str, model: dict, named: str) -> None:
    with pytest.raises(SettingError, match=rf"model\.encoder \({kind}\) and model\.{named} cannot be combined: "):
        build(kind, **model)


def test_packs_and_priors_that_do_not_fit_are_refused() -> None:
    for kind, model in [
        ("bigan", {"discriminator": {**SMALL, "packing": 2}}),
        ("vae-gan", {"discriminator": {**SMALL, "packing": 2}}),
        ("vae-gan", {"noise": {"distribution": "uniform"}}),
        ("vae-gan", {"noise": {"scale": 2.0}}),
    ]:
        with pytest.raises(SettingError, match="cannot be combined"):
            build(kind, **model)


def test_codes_may_be_packed() -> None:
    model = build("adversarial", discriminator={**SMALL, "packing": 2})
    play_phases(model, examples(model.event))


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("bigan", {"joint": []}, "joint must be a list of widths"),
        ("bigan", {"weight": 1}, "it takes joint"),
        ("adversarial", {"weight": 0}, "weight must be a finite number above 0"),
        ("adversarial", {"reconstruction": "bernoulli"}, "l2 or l1"),
        ("vae-gan", {"kl": 0}, "kl must be a finite number above 0"),
    ],
)
def test_options_that_do_not_fit_are_refused(kind: str, options: dict, said: str) -> None:
    with pytest.raises(SettingError, match=said):
        build(kind, encoder={"options": options})


@pytest.mark.parametrize(("theirs", "ours"), [("ALI", "bigan"), ("aae", "adversarial"), ("vae_gan", "vae-gan")])
def test_other_names_are_answered_with_ours(theirs: str, ours: str) -> None:
    with pytest.raises(SettingError, match=f'"{ours}"'):
        Recipe.load("gan-digits").override({"model.encoder.kind": theirs})


@each_encoder
def test_capabilities_follow_from_what_is_judged(kind: str) -> None:
    model = build(kind)
    part = model.encoder_part
    assert has(model, Encodes)
    assert has(model, Reports)
    assert has(model, HasLatentPosterior) == part.has_variance
    assert has(model, Judges) == has(model, Adversarial) == (part.judges != "codes")
    assert has(model, ScoresExamples) == has(model, Pushes) == (part.judges == "examples")
    if not has(model, Judges):
        with pytest.raises(DataError, match="judges codes"):
            model.logits(examples(model.event))


def test_a_gan_without_an_encoder_says_so() -> None:
    model = models.build(GANSettings(), EVENTS["vector"])
    assert "no encoder" in (lacks(model, Encodes) or "")
    with pytest.raises(DataError, match="no encoder"):
        model.encode(torch.zeros(2, 4))
    with pytest.raises(SettingError, match="this model has no encoder"):
        Recipe.load("gan-digits").override({"training.players.encoder.learning_rate": 1e-3})


def test_means_and_variances_belong_to_the_codes() -> None:
    model, x = build("vae-gan"), 128 + 50 * examples(EVENTS["image"])
    mean, log_variance = model.heads(x)
    assert mean.shape == log_variance.shape == (6, 3)
    torch.testing.assert_close(mean, model.encode(x))


@each_encoder
def test_the_checks_before_training_find_nothing(kind: str) -> None:
    model = build(kind)
    assert not find_mistakes(model, 128 + 50 * examples(model.event))


@each_encoder
def test_every_player_may_gain(kind: str) -> None:
    model = build(kind, EVENTS["vector"])
    found = duality_gap(model, examples(EVENTS["vector"], 64), steps=3, batch_size=16)
    assert found.gains.keys() == {phase.player for phase in model.phases}


@pytest.mark.slow
@each_encoder
def test_replicas_are_single_runs_or_refused(kind: str) -> None:
    replicas = Replica.over_seeds(settings(kind), training(), LINE, 2)
    if any(phase.also for phase in models.build(replicas[0].model, LINE.event, seed=0).phases):
        with pytest.raises(
            SettingError, match="generator and encoder, which replicas cannot do: train one run at a time"
        ):
            next(Replicas(replicas, device="cpu").play())
    else:
        assert_replicas_are_single_runs(replicas)


@pytest.mark.slow
@pytest.mark.usefixtures("as_set")
@pytest.mark.parametrize(
    ("kind", "parts"), [("bigan", "plain"), *((kind, "penalties and a constraint") for kind in ENCODERS)]
)
def test_a_resumed_run_equals_an_uninterrupted_one(kind: str, parts: str, tmp_path: Path) -> None:
    constraint = {"adversarial": "orthogonal", "vae-gan": "clip"}.get(kind, "spectral")
    further = {"penalties": {"r1": 0.1, "lecam": 0.1}, "constraints": {"encoder": constraint}}
    model = {
        "latent": 4,
        **({} if parts == "plain" else further),
        "generator": {"network": "mlp", "hidden": [8], "batch_norm": True},
        "discriminator": SMALL,
        "encoder": {**SMALL, "kind": kind},
    }
    run = {"tick": 2, "batch_size": 16, "checkpoint_every": 2, "ema": 0.9}
    run["players"] = {"encoder": {"learning_rate": 3e-3, "name": "sgd"}}
    small = {"data": {"limit": 200}, "evaluation": {"samples": 20}, "model": model, "pictures": False}
    whole = sp.train("gan-digits", training={**run, "steps": 4}, run=tmp_path / "a", **small)
    sp.train("gan-digits", training={**run, "steps": 2}, run=tmp_path / "b", **small)
    resumed = sp.resume(tmp_path / "b", steps=4, pictures=False)
    assert whole.model.players.keys() == {"d", "g", "e"}
    for name, player in whole.model.players.items():
        for key, value in player.state_dict().items():
            assert torch.equal(value, resumed.model.players[name].state_dict()[key]), (name, key)


@pytest.mark.slow
@each_encoder
def test_pictures_and_metrics_show_reconstructions_and_codes(kind: str, tmp_path: Path) -> None:
    model = {"model.latent": 4, "model.encoder.kind": kind, "model.encoder.hidden": [8], "training.steps": 4}
    model |= {"data.limit": 200, "evaluation.samples": 20}
    session = start_session(Recipe.load("gan-digits").override(model), tmp_path / "run")
    session.pictures.final()
    drawn = {path.name for path in session.folder.figures.iterdir()}
    assert {"reconstructions.png", "traversals.png", "latent.png"} <= drawn
    assert ("heads.png" in drawn) == has(session.model, HasLatentPosterior)


@pytest.mark.slow
@each_encoder
def test_a_run_records_its_encoder(kind: str, tmp_path: Path) -> None:
    model = {"latent": 4, "encoder": {**SMALL, "kind": kind}}
    run = sp.train(
        "gan-digits",
        data={"limit": 200},
        model=model,
        training={"steps": 4, "tick": 2},
        evaluation={"samples": 20},
        run=tmp_path / "run",
        pictures=False,
    )
    last = list(run.folder.read_records())[-1].values
    assert last["e/held_out_reconstruction"] > 0
    assert last["e/learning_rate"] > 0
    assert "e/dead_units" in last
    assert sp.evaluate(run, samples=20, seeds=1, features="raw")["reconstruction"].value > 0


def test_an_encoder_of_the_users_own_is_code_to_be_trusted() -> None:
    model = settings("bigan").model_copy(update={"encoder": GANSettings().encoder.model_copy(update={"kind": "a:B"})})
    assert [part.name for part in import_paths(model)] == ["model.encoder.kind"]


@pytest.mark.slow
def test_the_encoder_of_a_linear_bigan_inverts_the_generator() -> None:
    """Codes of samples approach the noise that they were made from: at first they are independent of it."""
    for seed in range(2):
        found = trained_bigan(seed)
        assert found < 0.1, (seed, found)  # in units of the variance of a code


def trained_bigan(seed: int, steps: int = 800) -> float:
    """The mean squared error of E(G(z)) for z after training linear players on a Gaussian of two dimensions."""
    linear = {"network": "mlp", "hidden": []}
    model = build(
        "bigan",
        Event((2,), "vector", mean=(0.0, 0.0), std=(1.0, 1.0)),
        seed,
        latent=2,
        generator=linear,
        encoder=linear,
        discriminator={"network": "mlp", "hidden": [32]},
        penalties={"r1": 0.1},
    )
    generator = torch.Generator().manual_seed(seed)
    spread = torch.tensor([[1.0, 0.5], [0.0, 0.8]])
    rate = {"d": 2e-3, "g": 2e-3, "e": 2e-3}
    moves = {n: torch.optim.Adam(p.parameters(), rate[n], betas=(0.5, 0.99)) for n, p in model.players.items()}
    for step in range(steps):
        for phase in model.phases:
            batch = Batch(torch.randn(64, 2, generator=generator) @ spread)
            loss, _ = phase.loss(model.players, batch, model.noise(phase, 64, step, generator))
            for player in model.players.values():
                player.zero_grad()
            loss.mean().backward()
            for name in phase.players:
                moves[name].step()
    z = torch.randn(500, 2, generator=generator)
    return float((model.encode(model.decode(z)) - z).square().mean())
