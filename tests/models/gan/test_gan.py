from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.utils._pytree import tree_leaves

from saddlepoint.data.event import Event
from saddlepoint.errors import DataError, SettingError
from saddlepoint.evaluation.monitors.adversarial import generated, sample_gradient
from saddlepoint.models import build
from saddlepoint.models.capabilities import Pushes, ScoresExamples, has
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.networks.settings import NETWORKS, NetworkSettings
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.adversarial.settings import PENALTIES
from saddlepoint.objectives.phase import Batch

IMAGE = Event((1, 8, 8), "image", "uint8", 0.0, 255.0)
TABLE = Event((4,), "vector", "float32", mean=(2.0,), std=(4.0,))


def test_the_discriminator_moves_k_times_then_the_generator_once():
    model = build(GANSettings(updates={"discriminator": 5}), IMAGE)
    assert [(phase.player, phase.repeats) for phase in model.phases] == [("d", 5), ("g", 1)]
    assert model.roles == {"d": "discriminator", "g": "generator"}
    assert model.averaged == ("g",)


@pytest.mark.parametrize(
    ("event", "output", "scaling", "reach"),
    [
        (IMAGE, "auto", "symmetric", (-1.0, 1.0)),
        (IMAGE, "sigmoid", "unit", (0.0, 1.0)),
        (IMAGE, "identity", "standard", None),
        (TABLE, "auto", "standard", None),
        (TABLE, "tanh", "symmetric", (-1.0, 1.0)),
    ],
)
def test_auto_fits_scaling_to_output_and_output_to_data(event, output, scaling, reach):
    model = build(GANSettings(output=output), event)
    assert model.scaling == event.scaling(scaling)
    assert model.output_range == reach
    last = list(model.players["g"].layers)[-1]
    samples = model.players["g"](100 * torch.randn(200, 64))
    if reach is None:
        assert isinstance(last, nn.Linear)
    else:
        assert samples.min() >= reach[0]
        assert samples.max() <= reach[1]


@pytest.mark.parametrize(
    ("event", "output", "scaling", "better"),
    [
        (IMAGE, "tanh", "unit", "symmetric"),
        (IMAGE, "auto", "standard", "symmetric"),
        (IMAGE, "sigmoid", "symmetric", "unit"),
        (TABLE, "tanh", "standard", "symmetric"),
        (TABLE, "sigmoid", "none", "unit"),
    ],
)
def test_pairs_that_cannot_fit_are_refused(event, output, scaling, better):
    with pytest.raises(SettingError, match=f'set model.scaling to "{better}"'):
        build(GANSettings(output=output, scaling=scaling), event)


def test_data_already_in_the_outputs_range_need_no_scaling():
    event = Event((4,), "vector", "float32", -1.0, 1.0)
    assert build(GANSettings(scaling="none"), event).output_range == (-1.0, 1.0)


def test_the_range_of_the_users_own_generator_is_known_where_the_settings_name_it():
    modules = {"generator": nn.Sequential(nn.Linear(64, 64), nn.Unflatten(1, (1, 8, 8)))}
    assert build(GANSettings(), IMAGE, modules=modules).output_range is None
    assert build(GANSettings(output="tanh"), IMAGE, modules=modules).output_range == (-1.0, 1.0)


@pytest.mark.parametrize(("step", "std"), [(0, 0.4), (50, 0.2), (100, 0.0), (200, 0.0)])
def test_instance_noise_fades(step, std):
    model = build(GANSettings(views={"instance_noise": {"strength": 0.4, "steps": 100}}), IMAGE)
    assert model.noise_source.view_strength("instance_noise", step) == pytest.approx(std)
    for phase in model.phases:
        noise = model.noise(phase, 100, step, torch.Generator().manual_seed(0))
        assert (noise.fake_views is None) == (std == 0)
        assert (noise.real_views is None) == (std == 0 or phase.player == "g")
        for views in filter(None, (noise.real_views, noise.fake_views)):
            # 6,400 draws: 5 standard errors.
            assert abs(views["instance_noise"].std().item() - std) < 5 * std / (2 * 6_400) ** 0.5
    assert (
        build(GANSettings(views={"instance_noise": 0.4}), IMAGE).noise_source.view_strength("instance_noise", 10**6)
        == 0.4
    )


@pytest.mark.parametrize(("name", "variance"), [("normal", 1.0), ("uniform", 1 / 3)])
def test_the_latent_distribution_has_its_moments(name, variance):
    model = build(GANSettings(noise={"distribution": name}), IMAGE)
    z = model.fixed_noise(1_000, torch.Generator().manual_seed(0))
    # 64,000 draws; the variance of a square is at most 2.
    assert abs(z.mean().item()) < 5 * (variance / z.numel()) ** 0.5
    assert abs(z.square().mean().item() - variance) < 5 * (2 / z.numel()) ** 0.5
    assert name == "normal" or z.abs().max() <= 1


def test_held_out_scores_are_the_discriminators():
    model = build(GANSettings(), IMAGE)
    x = torch.randint(0, 256, (1_500, 1, 8, 8), dtype=torch.uint8)
    scores = model.held_out_series(x, torch.Generator())["d/held_out_score"]
    expected = model.players["d"](model.scaling.to_model(x)).sigmoid().detach()
    torch.testing.assert_close(scores, expected)


def test_training_and_held_out_scores_are_measured_identically():
    """Of the same examples they are the same number, which BatchNorm in training mode would not give."""
    conv = NetworkSettings(network="dcgan", width=4)
    model = build(GANSettings(generator=conv, discriminator=conv), IMAGE)
    x = torch.randint(0, 256, (60, 1, 8, 8), dtype=torch.uint8)
    with torch.no_grad():
        model.players["d"](5 * torch.randn(500, 1, 8, 8))  # running statistics unlike those of x
    train_score = model.training_series(x, torch.Generator())["d/train_score"]
    assert torch.equal(train_score, model.held_out_series(x, torch.Generator())["d/held_out_score"])
    with torch.no_grad():
        in_training_mode = model.players["d"](model.scaling.to_model(x)).sigmoid()
    assert not torch.allclose(train_score, in_training_mode)


def test_convolutions_are_refused_for_vectors():
    conv = NetworkSettings(network="dcgan")
    with pytest.raises(SettingError, match=r"--model\.generator\.network mlp"):
        build(GANSettings(generator=conv, discriminator=conv), TABLE)


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_stratified_noise_leaves_no_part_out(distribution):
    settings = GANSettings(latent=3, noise={"distribution": distribution, "scale": 8.0, "stratified": True})
    model = build(settings, TABLE)
    z = model.noise(model.phases[0], 50, 0, torch.Generator().manual_seed(0)).latent
    edges = model.latent_quantiles(torch.arange(1, 50) / 50)
    for column in z.T.contiguous():
        assert torch.equal(torch.bucketize(column, edges).sort().values, torch.arange(50))


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_quantiles_are_those_of_the_noise(distribution):
    model = build(GANSettings(latent=1, noise={"distribution": distribution, "scale": 3.0}), TABLE)
    z = model.latent_distribution.noise(10_000, torch.Generator().manual_seed(0))
    for share in (0.1, 0.5, 0.8):
        below = (z < model.latent_quantiles(torch.tensor(share))).float().mean().item()
        assert abs(below - share) < 5 * (share * (1 - share) / 10_000) ** 0.5


def test_settings_at_their_plain_values_are_the_plain_game():
    plain = build(GANSettings(), IMAGE, seed=1)
    same = build(
        GANSettings(
            discriminator={"packing": 1, "minibatch_kernels": 0}, labels={"flipping": 0.0}, replay={"share": 0.0}
        ),
        IMAGE,
        seed=1,
    )
    batch = Batch(torch.rand(6, 1, 8, 8) * 2 - 1)
    for phase, other in zip(plain.phases, same.phases, strict=True):
        noise, again = (model.noise(phase, 6, 0, torch.Generator().manual_seed(0)) for model in (plain, same))
        assert len(tree_leaves(noise)) == len(tree_leaves(again)) == 1
        assert torch.equal(phase.loss(plain.players, batch, noise)[0], other.loss(same.players, batch, again)[0])


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_labels_are_flipped_as_often_as_requested_and_a_pack_has_one_label(share):
    model = build(GANSettings(discriminator={"packing": 2}, labels={"flipping": share}), IMAGE)
    noise = model.noise(model.phases[0], 4_000, 0, torch.Generator().manual_seed(0))
    assert (noise.flip_real is not None) == (share > 0)
    for flips in filter(lambda flips: flips is not None, (noise.flip_real, noise.flip_fake)):
        assert torch.equal(flips[::2], flips[1::2])
        assert abs(flips.mean().item() - share) < 5 * (share * (1 - share) / 2_000) ** 0.5


def test_replayed_examples_were_generated_earlier():
    model = build(GANSettings(replay={"share": 0.5, "size": 4}), TABLE)
    generator = torch.Generator().manual_seed(0)
    made = []
    for number in range(12):
        noise = model.noise(model.phases[0], 40, number, generator)
        if number:
            assert all(any(torch.allclose(row, old, atol=1e-6) for old in made) for row in noise.replayed)
            assert abs(noise.is_replayed.float().mean() - 0.5) < 5 * (0.25 / 40) ** 0.5
        with torch.no_grad():
            made.append(model.players["g"](noise.latent[:1])[0])
            for parameter in model.players["g"].parameters():
                parameter.add_(0.1)
    assert model.extra_state()["replay"].shape == (4, 4)
    assert model.noise(model.phases[1], 40, 0, generator).replayed is None


def test_pushes_are_the_slope_of_the_generators_loss():
    # Smooth, because differences across a kink are no derivatives.
    model = build(GANSettings(discriminator=NetworkSettings(activation="tanh")), TABLE, seed=0)
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(0)) * 4 + 2
    pushes = model.pushes(x)
    step = 1e-2 * torch.eye(4)
    for column in range(4):
        # -log D rises by less where it is pushed: central differences of the scores.
        above, below = (model.scores(x + sign * step[column]).log() for sign in (1, -1))
        torch.testing.assert_close(pushes[:, column], (above - below) / 2e-2, rtol=2e-2, atol=1e-4)


@pytest.mark.parametrize(
    "settings",
    [{"discriminator": {"packing": 2}}, {"discriminator": {"minibatch_kernels": 2}}, {"objective": "feature-matching"}],
)
def test_pairwise_discriminators_have_no_push_per_example(settings):
    model = build(GANSettings(**settings), TABLE)
    assert not has(model, Pushes)
    with pytest.raises(DataError, match="compares several examples"):
        model.pushes(torch.zeros(3, 4))
    assert has(model, ScoresExamples) == model.judges_alone == ("objective" in settings)


@pytest.mark.parametrize(("step", "scale"), [(0, 1.0), (10, 0.5), (30, 0.125)])
def test_penalties_fall_by_half_every_half_life(step, scale):
    model = build(GANSettings(penalties={"r1": {"weight": 1.0, "half_life": 10}}), IMAGE)
    for phase in model.phases:
        noise = model.noise(phase, 4, step, torch.Generator().manual_seed(0))
        assert noise.penalty_scales["r1"].item() == pytest.approx(scale)
    steady = build(GANSettings(penalties={"r1": 1.0}), IMAGE)
    assert steady.noise_source.penalty_scale("r1", step) == 1
    assert steady.noise(steady.phases[0], 4, step, torch.Generator()).penalty_scales is None


def test_the_penalties_of_a_pack_count_once():
    packed = build(GANSettings(penalties={"r1": 1.0, "r2": 0.5}, discriminator={"packing": 3}), TABLE)
    x, z = torch.randn(6, 4), torch.randn(6, 64)
    loss, observed = packed.phases[0].loss(packed.players, Batch(x), GameNoise(z))
    plain, _ = (
        build(GANSettings(discriminator={"packing": 3}), TABLE).phases[0].loss(packed.players, Batch(x), GameNoise(z))
    )
    # A pack's slope is that of its one logit; each of its three examples has three logits that are the same.
    expected = (observed["real_slope"].square() + 0.5 * observed["fake_slope"].square()) / 2 / 3
    torch.testing.assert_close(loss - plain, expected)


@pytest.mark.parametrize("objective", ["relativistic", "non-saturating"])
def test_looking_ahead_changes_no_push_and_pairs_have_none(objective):
    plain = build(GANSettings(objective=objective), TABLE, seed=1)
    ahead = build(GANSettings(objective=objective, updates={"unrolled": 2}), TABLE, seed=1)
    x = torch.randn(3, 4)
    if objective == "relativistic":
        assert not has(plain, Pushes)
    else:
        torch.testing.assert_close(ahead.pushes(x), plain.pushes(x))


@pytest.mark.parametrize("name", NETWORKS)
def test_spectral_normalisation_takes_every_network_or_says_why_not(name: str) -> None:
    network = NetworkSettings(network=name, width=4)
    settings = GANSettings(generator=network, discriminator=network, constraints={"discriminator": "spectral"})
    if name == "r3gan":  # its blocks begin as the identity, with weights of 0
        with pytest.raises(SettingError, match=r"^model\.constraints\.discriminator: .* begin at 0 .* choose another"):
            build(settings, IMAGE)
        return
    model = build(settings, IMAGE)
    assert model.logits(torch.zeros(2, 1, 8, 8)).isfinite().all()


@pytest.mark.parametrize("penalty", PENALTIES)
def test_an_unrolled_discriminator_minimises_every_penalty(penalty):
    def game(penalties):
        torch.manual_seed(0)
        layers = NetworkSettings(hidden=(8,))
        ahead, noise = {"unrolled": 2, "unrolled_rate": 0.5}, {"fresh": True}
        return build(
            GANSettings(
                latent=4, penalties=penalties, updates=ahead, noise=noise, generator=layers, discriminator=layers
            ),
            IMAGE,
        )

    x = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    losses, gradients = [], []
    for model in (game({penalty: 10.0}), game({})):
        phase = model.phases[-1]
        noise = model.noise(phase, 6, 0, torch.Generator().manual_seed(2))
        losses.append(phase.loss(model.players, Batch(x), noise)[0].mean())
        z = model.fixed_noise(6, torch.Generator().manual_seed(3))
        gradients.append(sample_gradient(model, x, generated(model, z), z))
    assert losses[0].isfinite()
    assert losses[0] != losses[1]
    assert gradients[0] != gradients[1]


@pytest.mark.parametrize("packing", [1, 3])
def test_a_penalty_of_logits_has_its_whole_weight_in_packs_too(packing):
    """LeCam's averages begin at 0, so that it costs the mean of both squared logits at the first step."""
    costs = {}
    for weight in (0.0, 2.0):
        model = build(
            GANSettings(penalties={"lecam": weight}, discriminator={"packing": packing, "hidden": [8]}), IMAGE
        )
        phase, x = model.phases[0], torch.randn(6, 1, 8, 8, generator=torch.Generator().manual_seed(1))
        noise = model.noise(phase, 6, 0, torch.Generator().manual_seed(2))
        costs[weight] = phase.loss(model.players, Batch(x), noise)[0].mean()
        real, fake = model.judge(x), model.judge(model.sampler(noise.latent))
    torch.testing.assert_close(costs[2.0] - costs[0.0], 2 * (real.square() + fake.square()).mean())


def test_as_many_labels_as_examples_are_needed():
    event = replace(IMAGE, class_names=("a", "b"))
    condition = {"generator": "concatenate", "discriminator": "concatenate"}
    model = build(GANSettings(condition=condition), event)
    with pytest.raises(DataError, match="one for each"):
        model.logits(torch.zeros(3, 1, 8, 8), torch.tensor([0, 1]))
