"""Laws that every family obeys with any settings."""

import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.utils._pytree import tree_leaves, tree_map

from saddlepoint.data.event import Event
from saddlepoint.errors import SettingError
from saddlepoint.models import FAMILIES, build
from saddlepoint.models.arrays import in_chunks
from saddlepoint.models.autoencoder.settings import AutoencoderSettings
from saddlepoint.models.autoregressive.settings import AUTOREGRESSIVE_NETWORKS, AutoregressiveSettings
from saddlepoint.models.capabilities import (
    Encodes,
    Fits,
    GenerativeModel,
    HasClassDensity,
    HasCodes,
    HasDensity,
    HasPosterior,
    SamplesClasses,
    has,
    lacks,
)
from saddlepoint.models.classical.settings import ClassicalSettings
from saddlepoint.models.diffusion.settings import FORMULATIONS, DiffusionSettings
from saddlepoint.models.dynamics.settings import DynamicsSettings
from saddlepoint.models.flow.settings import FlowSettings
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.predictor.settings import PredictorSettings
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.models.vq_vae.settings import VQVAESettings
from saddlepoint.networks.settings import NETWORKS, NetworkSettings
from saddlepoint.objectives.adversarial.settings import CONSTRAINTS, LOSSES, PENALTIES, VIEWS
from saddlepoint.objectives.phase import Batch

IMAGE = Event((1, 8, 8), "image", "uint8", 0.0, 255.0)
VIDEO = Event((1, 4, 8, 8), "video", "uint8", 0.0, 255.0)
SOUND = Event((2, 20), "sound", "float32", mean=(3.0, -1.0), std=(2.0, 0.5))
WAVE = Event((2, 10), "sound", "float32", low=-4.0, high=4.0)
VECTOR = Event((3,), "vector", "float32", mean=(5.0,), std=(2.0,))
TABLE = Event(
    (7,),
    "vector",
    mean=(3.0,),
    std=(2.0,),
    groups=((1, 3), (3, 6)),
    cells=((0, -9.0, 2.0), (0, 2.0, 9.0), (6, 1.0, 4.0)),
)
CLASSES = ("a", "b", "c")
NAMED_IMAGE = Event((1, 4, 4), "image", "uint8", 0.0, 255.0, mean=(100.0,), std=(60.0,), class_names=CLASSES)
NAMED_VECTOR = Event((3,), "vector", "float32", mean=(5.0,), std=(2.0,), class_names=CLASSES)
SMALL = NetworkSettings(hidden=(7, 6), activation="tanh")
CONV = NetworkSettings(network="dcgan", width=4)


def families_with(network: NetworkSettings) -> tuple[AutoencoderSettings, VAESettings, GANSettings]:
    """One model of each family, of which both networks are this one."""
    both = {"encoder": network, "decoder": network}
    return (
        AutoencoderSettings(**both),
        VAESettings(**both),
        GANSettings(generator=network, discriminator=network, latent=4),
    )


FLOW = {"transforms": 2, "hidden": (8,), "bins": 4}
DENOISER = {"denoiser": {"network": "mlp", "hidden": (8, 8)}, "sampler": {"steps": 4}}
UNET = {"network": "unet", "width": 4, "attention": 4}
AE, GAN = {"encoder": SMALL, "decoder": SMALL}, {"generator": SMALL, "discriminator": SMALL}
PREDICTOR = {"hidden": (7, 6), "width": 4, "layers": 1, "heads": 2, "first_kernel": 3}
PRIOR = {"width": 4, "layers": 1}
VQ = {"codes": 5, "code_size": 2, "autoencoder": {"width": 4, "blocks": 1}, "prior": PRIOR}
CASES = {
    "predictor": (
        PredictorSettings(frames_in=2, objective="both", predictor={"width": 8}, discriminator={"width": 4}),
        VIDEO,
    ),
    "autoencoder": (AutoencoderSettings(**AE), IMAGE),
    "autoencoder-l1": (AutoencoderSettings(**AE, reconstruction="l1"), VECTOR),
    "autoencoder-bernoulli": (AutoencoderSettings(**AE, reconstruction="bernoulli"), IMAGE),
    "autoencoder-sparse-kl": (AutoencoderSettings(**AE, sparsity="kl", sparsity_weight=1.0), IMAGE),
    "autoencoder-sparse-l1": (AutoencoderSettings(**AE, sparsity="l1", sparsity_weight=1.0), SOUND),
    "autoencoder-denoising": (AutoencoderSettings(**AE, denoising=0.3), IMAGE),
    "autoencoder-conv": (AutoencoderSettings(encoder=CONV, decoder=CONV), IMAGE),
    "vae": (VAESettings(**AE), IMAGE),
    "vae-binarised": (VAESettings(**AE, binarise="stochastic", beta=2.0, warm_up=10), IMAGE),
    "vae-gaussian": (VAESettings(**AE, likelihood="gaussian"), SOUND),
    "vae-gaussian-learnt": (VAESettings(**AE, likelihood="gaussian-learnt"), VECTOR),
    "vae-free-bits": (VAESettings(**AE, free_bits=0.2), IMAGE),
    "vae-student-t": (VAESettings(**AE, likelihood="student-t"), VECTOR),
    "vae-mixed": (VAESettings(**AE, likelihood="mixed", observation_std=0.5), TABLE),
    "vae-mixed-learnt": (VAESettings(**AE, likelihood="mixed-learnt", bound="iwae", bound_samples=2), TABLE),
    "vae-logistic": (VAESettings(**AE, likelihood="discretised-logistic"), IMAGE),
    "vae-draws": (VAESettings(**AE, bound_samples=2), IMAGE),
    "vae-iwae": (VAESettings(**AE, bound="iwae", bound_samples=3, binarise="stochastic"), IMAGE),
    "vae-vampprior": (VAESettings(**AE, prior="vampprior", pseudo_inputs=4, likelihood="discretised-logistic"), IMAGE),
    "vae-vampprior-conv": (VAESettings(encoder=CONV, decoder=CONV, prior="vampprior", pseudo_inputs=4), IMAGE),
    "vae-two-layers": (VAESettings(**AE, layers=2, top_latent=2, bound="iwae", bound_samples=2), IMAGE),
    "vae-mmd": (VAESettings(**AE, regulariser="mmd", beta=0.0), IMAGE),
    "vae-conditional": (VAESettings(**AE, conditional=True), NAMED_IMAGE),
    "vae-conditional-conv": (
        VAESettings(encoder=CONV, decoder=CONV, conditional=True, bound="iwae", likelihood="gaussian-learnt"),
        NAMED_IMAGE,
    ),
    "vae-conditional-two-layers": (VAESettings(**AE, conditional=True, layers=2, likelihood="student-t"), NAMED_VECTOR),
    "vae-semi-supervised": (VAESettings(**AE, conditional=True, semi_supervised=True), NAMED_IMAGE),
    "vae-semi-supervised-conv": (
        VAESettings(encoder=CONV, decoder=CONV, classifier=CONV, conditional=True, semi_supervised=True),
        NAMED_IMAGE,
    ),
    "vq-vae": (VQVAESettings(**VQ), IMAGE),
    "vq-vae-gradient": (
        VQVAESettings(**VQ, codebook="gradient", likelihood="discretised-logistic", restart_below=0.5),
        IMAGE,
    ),
    "vq-vae-mlp": (
        VQVAESettings(codes=5, code_size=2, autoencoder={"network": "mlp", "hidden": (7,), "places": 3}, prior=PRIOR),
        VECTOR,
    ),
    "vq-vae-bernoulli": (VQVAESettings(**VQ, likelihood="bernoulli", restart_below=0.5), IMAGE),
    "vae-conv": (VAESettings(encoder=CONV, decoder=CONV), IMAGE),
    "gan": (GANSettings(**GAN, latent=4), IMAGE),
    "gan-minimax": (GANSettings(**GAN, latent=4, objective="minimax", updates={"discriminator": 3}), VECTOR),
    "gan-noisy": (GANSettings(**GAN, latent=4, views={"instance_noise": 0.5}, labels={"smoothing": 0.1}), SOUND),
    "gan-uniform": (GANSettings(**GAN, latent=4, noise={"distribution": "uniform"}, output="sigmoid"), IMAGE),
    "gan-categories": (GANSettings(**GAN, latent=4, noise={"distribution": "uniform"}), TABLE),
    "gan-categories-straight-through": (
        GANSettings(**GAN, latent=4, categories="straight-through", penalties={"r1": 0.5}),
        TABLE,
    ),
    "gan-stratified": (
        GANSettings(**GAN, latent=4, noise={"distribution": "uniform", "scale": 8.0, "stratified": True}),
        VECTOR,
    ),
    "gan-minibatch": (
        GANSettings(generator=SMALL, latent=4, discriminator={**dict(SMALL), "minibatch_kernels": 3}),
        IMAGE,
    ),
    "gan-feature-matching": (
        GANSettings(**GAN, latent=4, objective="feature-matching", views={"instance_noise": 0.1}),
        SOUND,
    ),
    "gan-packing": (GANSettings(generator=SMALL, latent=4, discriminator={**dict(SMALL), "packing": 2}), IMAGE),
    "gan-flipping": (GANSettings(**GAN, latent=4, labels={"flipping": 0.4, "smoothing": 0.1}), VECTOR),
    "gan-replay": (
        GANSettings(**GAN, latent=4, replay={"share": 0.5, "size": 3}, updates={"discriminator": 2}),
        VECTOR,
    ),
    **{
        f"{family.family}-network-{name}": (family, IMAGE)
        for name in NETWORKS
        for family in families_with(NetworkSettings(network=name, width=4, hidden=(7,)))
    },
    **{f"gan-loss-{name}": (GANSettings(**GAN, latent=4, objective=name), VECTOR) for name in LOSSES},
    **{f"gan-penalty-{name}": (GANSettings(**GAN, latent=4, penalties={name: 0.5}), IMAGE) for name in PENALTIES},
    **{f"gan-view-{name}": (GANSettings(**GAN, latent=4, views={name: 0.5}), IMAGE) for name in VIEWS},
    **{
        f"gan-constraint-{name}": (GANSettings(**GAN, latent=4, constraints={"discriminator": name}), VECTOR)
        for name in CONSTRAINTS
    },
    "gan-all": (
        GANSettings(
            generator=SMALL,
            latent=4,
            discriminator={**dict(SMALL), "packing": 3, "minibatch_kernels": 2},
            objective="feature-matching",
            labels={"flipping": 0.4},
            replay={"share": 0.5},
        ),
        SOUND,
    ),
    "dcgan-minibatch": (
        GANSettings(generator=CONV, discriminator={**dict(CONV), "minibatch_kernels": 2, "packing": 2}, latent=4),
        IMAGE,
    ),
    "dcgan": (GANSettings(generator=CONV, discriminator=CONV, latent=4), IMAGE),
    "dcgan-sound": (GANSettings(generator=CONV, discriminator=CONV, latent=4), SOUND),
    **{f"diffusion-{name}": (DiffusionSettings(**DENOISER, formulation=name), VECTOR) for name in FORMULATIONS},
    "diffusion-sound": (DiffusionSettings(**DENOISER, path="cosine", noise_levels="logit-normal"), SOUND),
    "diffusion-unet": (DiffusionSettings(denoiser=UNET, sampler={"name": "euler", "steps": 3}), IMAGE),
    "diffusion-density": (DiffusionSettings(**DENOISER, density_steps=3), VECTOR),
    "diffusion-conditional": (DiffusionSettings(**DENOISER, conditional=True, density_steps=3), NAMED_VECTOR),
    "diffusion-guided": (
        DiffusionSettings(denoiser=UNET, conditional=True, guidance=2.0, sampler={"name": "ddim", "steps": 3}),
        NAMED_IMAGE,
    ),
    "dynamics": (DynamicsSettings(given=2, members=2, hidden=(8,)), VECTOR),
    "dynamics-images": (DynamicsSettings(members=2, hidden=(8,)), IMAGE),
    "dynamics-vae": (DynamicsSettings(outcome="vae", given=1, hidden=(8,)), VECTOR),
    "dynamics-gan": (DynamicsSettings(outcome="gan", given=1, hidden=(8,)), VECTOR),
    "flow": (FlowSettings(**FLOW), VECTOR),
    "flow-bytes": (FlowSettings(**FLOW), IMAGE),
    "flow-realnvp": (FlowSettings(**FLOW, flow="realnvp", noise_std=0.1), SOUND),
    "flow-maf": (FlowSettings(**FLOW, flow="maf"), VECTOR),
    "flow-conditional": (FlowSettings(**FLOW, conditional=True), NAMED_IMAGE),
    "flow-maf-conditional": (FlowSettings(**FLOW, flow="maf", conditional=True), NAMED_VECTOR),
    "classical": (ClassicalSettings(), SOUND),
    "classical-mixture": (ClassicalSettings(distribution="mixture", components=3, covariance="diagonal"), IMAGE),
    "classical-conditional": (ClassicalSettings(conditional=True), NAMED_VECTOR),
    "classical-kernel-density": (ClassicalSettings(distribution="kernel-density"), SOUND),
    "classical-naive-bayes": (ClassicalSettings(distribution="naive-bayes"), NAMED_VECTOR),
    "classical-bernoulli": (ClassicalSettings(distribution="naive-bayes", features="bernoulli"), NAMED_IMAGE),
    "classical-multinomial": (ClassicalSettings(distribution="naive-bayes", features="multinomial"), NAMED_IMAGE),
    "classical-pca": (ClassicalSettings(distribution="pca", latent=4), IMAGE),
    "classical-pca-conditional": (ClassicalSettings(distribution="pca", latent=2, conditional=True), NAMED_IMAGE),
    "classical-hmm": (ClassicalSettings(distribution="hmm", states=3), SOUND),
    "classical-trees": (ClassicalSettings(distribution="trees"), VECTOR),
    "classical-trees-conditional": (ClassicalSettings(distribution="trees", trees=2, conditional=True), NAMED_VECTOR),
    "classical-markov": (ClassicalSettings(distribution="markov", order=1), NAMED_IMAGE),
    **{
        f"autoregressive-{name}": (AutoregressiveSettings(network={"network": name, **PREDICTOR}, components=2), IMAGE)
        for name in AUTOREGRESSIVE_NETWORKS
    },
    **{
        f"autoregressive-{name}-binarised": (
            AutoregressiveSettings(network={"network": name, **PREDICTOR}, conditional=True, binarise="stochastic"),
            NAMED_IMAGE,
        )
        for name in AUTOREGRESSIVE_NETWORKS
    },
    "autoregressive-random": (
        AutoregressiveSettings(network=PREDICTOR, ordering="random", conditional=True),
        NAMED_VECTOR,
    ),
    "autoregressive-sound": (AutoregressiveSettings(network={"network": "transformer", **PREDICTOR}), SOUND),
    "autoregressive-mu-law": (
        AutoregressiveSettings(network={"network": "wavenet", **PREDICTOR}, likelihood="mu-law", bins=8),
        WAVE,
    ),
}
# Their phases have no gradient.
FITTED = {case for case in CASES if case.startswith("classical")}
OF_CONVOLUTIONS = {
    "autoencoder-conv",
    "vae-conv",
    "vae-vampprior-conv",
    "vae-conditional-conv",
    "vae-semi-supervised-conv",
}
WITH_BATCH_NORM = {*OF_CONVOLUTIONS, "dcgan", "dcgan-sound", "dcgan-minibatch"} | {
    f"{family}-network-{name}" for family in ("autoencoder", "vae", "gan") for name in ("dcgan", "resnet")
}
# Neighbours in the batch are judged together, and so have no order of their own.
PACKED = {"gan-packing", "gan-all", "dcgan-minibatch"}
# A penalty on the batch's mean, an allowance or a comparison ties examples together; all else treats each alone.
TIED = WITH_BATCH_NORM | {
    "autoencoder-sparse-kl",
    "vae-free-bits",
    "vae-mmd",
    "gan-minibatch",
    "gan-feature-matching",
    "gan-loss-feature-matching",
    "gan-loss-relativistic-average",
    "gan-loss-relativistic-average-hinge",
    "gan-penalty-dragan",
}
# What is replayed depends on what was made before.
REPLAYING = {"gan-replay", "gan-all"}
# The power iteration of spectral normalisation moves on with every pass in training mode.
ITERATING = {"gan-constraint-spectral"}
# torch.func cannot stack group normalisation with channels last.
WITH_GROUP_NORM = {"diffusion-unet", "diffusion-guided", "predictor"}

every_case = pytest.mark.parametrize("case", CASES)
every_trained_case = pytest.mark.parametrize("case", [case for case in CASES if case not in FITTED])


def examples(event, n=6):
    generator = torch.Generator().manual_seed(1)
    if event.dtype == "uint8":
        return torch.randint(0, 256, (n, *event.shape), generator=generator, dtype=torch.uint8)
    return torch.randn(n, *event.shape, generator=generator) * 2 + 3


def build_case(case, seed=0):
    return build(*CASES[case], seed=seed)


def batch_of(model, x):
    """A batch in the model's units, with labels if the model takes some."""
    labels = None if model.classes is None else torch.arange(len(x)) % model.classes
    return Batch(model.scaling.to_model(x), labels)


def phase_inputs(model, x, seed=2):
    """Every phase with its noise for the batch x, in double precision."""
    generator = torch.Generator().manual_seed(seed)
    for player in model.players.values():
        player.double()
    batch = batch_of(model, x)
    batch = batch._replace(x=batch.x.double())
    for phase in model.phases:
        noise = tree_map(
            lambda value: value if value.dtype == torch.bool else value.double(),
            model.noise(phase, len(x), 5, generator),
        )
        yield phase, batch, noise


def test_every_family_has_a_case():
    assert {settings.family for settings, _ in CASES.values()} == set(FAMILIES)


@every_trained_case
def test_losses_are_finite_and_one_an_example(case):
    model = build_case(case)
    for phase, batch, noise in phase_inputs(model, examples(model.event)):
        loss, observations = phase.loss(model.players, batch, noise)
        assert loss.shape == (6,)
        assert loss.isfinite().all()
        assert not any(value.requires_grad for value in observations.values())
        gradients = torch.autograd.grad(loss.mean(), list(model.players[phase.player].parameters()))
        assert all(gradient.isfinite().all() for gradient in gradients)
        assert any(gradient.any() for gradient in gradients)


@every_trained_case
def test_networks_in_bfloat16_leave_the_losses_in_float32(case):
    model = build_case(case)
    batch = batch_of(model, examples(model.event))
    for phase in model.phases:
        noise = model.noise(phase, 6, 5, torch.Generator().manual_seed(0))
        with torch.autocast("cpu", torch.bfloat16):
            loss, observations = phase.loss(model.players, batch, noise)
        assert {loss.dtype, *(value.dtype for value in observations.values())} == {torch.float32}
        assert all(
            g.isfinite().all() for g in torch.autograd.grad(loss.mean(), model.players[phase.player].parameters())
        )


@pytest.mark.parametrize("case", [case for case in CASES if case not in PACKED | ITERATING | FITTED])
def test_examples_may_come_in_any_order_and_most_losses_treat_each_alone(case):
    model = build_case(case)
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    for phase, batch, noise in phase_inputs(model, examples(model.event)):
        loss, _ = phase.loss(model.players, batch, noise)

        def chosen(index, batch=batch, noise=noise):
            labels = None if batch.y is None else batch.y[index]
            return Batch(batch.x[index], labels), tree_map(lambda value: value[index] if value.ndim else value, noise)

        torch.testing.assert_close(phase.loss(model.players, *chosen(order))[0], loss[order])
        if case not in TIED:
            torch.testing.assert_close(phase.loss(model.players, *chosen(slice(0, 2)))[0], loss[:2])


@pytest.mark.parametrize("case", [case for case in CASES if case not in ITERATING | FITTED])
def test_a_phase_without_data_never_uses_the_data(case):
    model = build_case(case)
    for phase, batch, noise in phase_inputs(model, examples(model.event)):
        if not phase.uses_data:
            loss, _ = phase.loss(model.players, batch, noise)
            other, _ = phase.loss(model.players, batch._replace(x=torch.full_like(batch.x, torch.nan)), noise)
            assert torch.equal(loss, other)


@pytest.mark.parametrize(
    "case", [case for case in CASES if case not in WITH_BATCH_NORM | ITERATING | FITTED | WITH_GROUP_NORM]
)
def test_stacked_parameter_sets_give_what_each_gives_alone(case):
    models = [build_case(case, seed) for seed in (0, 1)]
    x = examples(models[0].event)
    plays_of = [list(phase_inputs(model, x)) for model in models]
    for (phase, batch, noise), _ in zip(*plays_of, strict=True):
        expected = torch.stack([phase.loss(model.players, batch, noise)[0] for model in models])
        stacks = {
            name: torch.func.stack_module_state([model.players[name] for model in models]) for name in models[0].players
        }

        def replica(stacks, phase=phase, batch=batch, noise=noise):
            nets = {
                name: lambda *inputs, name=name, **named: torch.func.functional_call(
                    models[0].players[name], stacks[name], inputs, named
                )
                for name in stacks
            }
            return phase.loss(nets, batch, noise)[0]

        torch.testing.assert_close(torch.func.vmap(replica, randomness="error")(stacks), expected)


@pytest.mark.parametrize("case", [case for case in CASES if case not in REPLAYING | ITERATING | FITTED])
def test_the_same_generator_gives_the_same_noise_and_the_same_loss(case):
    model = build_case(case)
    x = examples(model.event)
    first, again, other = (list(phase_inputs(model, x, seed)) for seed in (2, 2, 3))
    for (phase, batch, noise), (_, _, same), (_, _, different) in zip(first, again, other, strict=True):
        leaves = [tree_leaves(one) for one in (noise, same, different)]
        assert all(torch.equal(one, equal) for one, equal in zip(*leaves[:2], strict=True))
        # A view that is not applied yet has zeros.
        assert all(not torch.equal(one, new) for one, _, new in zip(*leaves, strict=True) if one.ndim and one.any())
        if case not in WITH_BATCH_NORM:
            losses = [phase.loss(model.players, batch, n)[0] for n in (noise, same)]
            assert torch.equal(*losses)


@every_case
def test_weights_come_from_the_seed_and_leave_the_global_generator_alone(case):
    before = torch.get_rng_state()
    one, same, other = build_case(case, 3), build_case(case, 3), build_case(case, 4)
    assert torch.equal(torch.get_rng_state(), before)
    for name in one.players:
        weights, equal, different = (
            torch.cat([p.flatten() for p in model.players[name].parameters()]) for model in (one, same, other)
        )
        assert torch.equal(weights, equal)
        assert not torch.equal(weights, different)


@every_case
def test_samples_have_the_kind_of_the_data_and_training_is_unchanged(case):
    model = build_case(case)
    x = examples(model.event, 40)
    generator = torch.Generator().manual_seed(0)
    modes = [layer.training for player in model.players.values() for layer in player.modules()]
    weights = [value.clone() for player in model.players.values() for value in player.state_dict().values()]
    if has(model, Fits):
        model.fit(x, generator)
    assert isinstance(model, GenerativeModel)
    drawn = [model.sample(3, generator=generator), model.sample(3), model.sample(0)]
    if has(model, HasCodes):
        drawn.append(model.decode(model.fixed_noise(3, generator)))
    if has(model, SamplesClasses):
        drawn.append(model.sample(3, labels=torch.tensor([2, 0, 1]), generator=generator))
    for samples in drawn:
        assert samples.shape[1:] == model.event.shape
        assert samples.dtype == model.event.torch_dtype
        assert not samples.requires_grad
    for values in model.held_out_series(x, generator).values():
        assert values.isfinite().all()
    if has(model, Encodes):
        assert model.encode(x).shape == (40, model.latent)
        assert model.decode(model.encode(x)).shape == x.shape
    if has(model, HasDensity):
        assert model.log_prob(x).shape == (40,)
    if has(model, HasPosterior):
        torch.testing.assert_close(model.posterior(x).sum(1), torch.ones(40, dtype=torch.float64))
    assert modes == [layer.training for player in model.players.values() for layer in player.modules()]
    after = [value for player in model.players.values() for value in player.state_dict().values()]
    assert all(torch.equal(old, new) for old, new in zip(weights, after, strict=True))


@every_case
def test_a_saved_model_samples_the_same(case):
    model, twin = build_case(case, 0), build_case(case, 1)
    x = examples(model.event, 40)
    if has(model, Fits):
        model.fit(x, torch.Generator().manual_seed(0))
    for name, player in model.players.items():
        twin.players[name].load_state_dict(player.state_dict())
    twin.load_extra_state(model.extra_state())
    assert all(isinstance(value, torch.Tensor) for value in model.extra_state().values())
    drawn = [m.sample(9, generator=torch.Generator().manual_seed(5)) for m in (model, twin)]
    assert torch.equal(*drawn)


@every_case
def test_decoding_does_not_depend_on_the_chunks(case):
    model = build_case(case)
    if not has(model, HasCodes):
        pytest.skip("it has no codes")
    z = model.fixed_noise(1_003, torch.Generator().manual_seed(0))
    whole = model.decode(z).double()
    parts = torch.cat([model.decode(z[:500]), model.decode(z[500:])]).double()
    # Matrix products of other sizes may round otherwise; a byte can then fall on the other side of one half.
    torch.testing.assert_close(whole, parts, rtol=1e-4, atol=1.0 if model.event.dtype == "uint8" else 1e-4)


@every_case
def test_planar_convolutions_are_channels_last_from_the_start(case):
    """Sampling, which needs no training device, is then as fast as training."""
    for player in build_case(case).players.values():
        for layer in player.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                assert layer.weight.is_contiguous(memory_format=torch.channels_last)


@every_case
def test_its_representation_describes_it(case):
    model = build_case(case)
    total = sum(p.numel() for player in model.players.values() for p in player.parameters())
    assert sum(model.parameter_counts().values()) == total
    assert "x".join(map(str, model.event.shape)) in repr(model)
    assert len(repr(model)) < 130
    assert all(f"{count:,}" in repr(model) for count in model.parameter_counts().values())
    if has(model, HasCodes):
        assert f"code of {model.latent}" in repr(model)
    assert "steps" not in repr(model)
    model.trained_steps = 1_234
    assert "1,234 steps" in repr(model)
    for page in (model._repr_html_(), repr(model)):
        assert all(fact in page for fact in model._facts().values())
    assert model.to("cpu") is model


@every_case
def test_invalid_requests_are_refused(case):
    model = build_case(case)
    wrong = "trained without labels" if model.classes is None else f"give labels from 0 to {model.classes - 1}"
    with pytest.raises(SettingError, match=wrong):
        model.sample(2, labels=torch.full((2,), 99))
    with pytest.raises(SettingError, match="at least 0, got -1"):
        model.sample(-1)
    with pytest.raises(SettingError, match="but examples of this"):
        model.held_out_series(torch.zeros(2, 9), torch.Generator())
    if case in FITTED or type(model).family not in FIRST_ROLE:
        return
    with pytest.raises(SettingError, match=r"no player .* Did you mean"):
        build(*CASES[case], modules={f"{next(iter(FIRST_ROLE[type(model).family]))}s": nn.Identity()})


# The roles of the user's own modules in each family.
FIRST_ROLE = {
    "vq-vae": ("loss",),
    "autoencoder": ("encoder",),
    "vae": ("encoder",),
    "autoregressive": ("network",),
    "gan": ("generator",),
    "flow": ("loss",),
    "diffusion": ("denoiser",),
}


class Own(nn.Module):
    """A user's network, with the shapes written into it."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.outputs = outputs
        self.layer = nn.Linear(inputs, torch.Size(outputs).numel())

    def forward(self, x):
        return self.layer(x.flatten(1)).reshape(-1, *self.outputs)


@pytest.mark.parametrize("family", ["autoencoder", "vae", "gan"])
def test_the_users_own_modules_play(family):
    settings = {"autoencoder": AutoencoderSettings(), "vae": VAESettings(), "gan": GANSettings(latent=3)}[family]
    there, back = ("discriminator", "generator") if family == "gan" else ("encoder", "decoder")
    inwards = Own(64, {"autoencoder": (3,), "vae": (11,), "gan": (1,)}[family])
    outwards = Own(3, (1, 8, 8))
    model = build(settings, IMAGE, modules={there: inwards, back: outwards})
    owned = {id(layer) for player in model.players.values() for layer in player.modules()}
    assert {id(inwards), id(outwards)} <= owned
    if has(model, Fits):
        model.fit(examples(IMAGE, 40), torch.Generator().manual_seed(0))
    assert model.sample(2).shape == (2, 1, 8, 8)
    for phase, batch, noise in phase_inputs(model, examples(IMAGE)):
        assert phase.loss(model.players, batch, noise)[0].shape == (6,)
    with pytest.raises(SettingError, match=r"is needed: change its last layer"):
        build(settings, IMAGE, modules={back: Own(3, (1, 8, 9))})


def test_chunks_are_put_together_in_order():
    x = torch.arange(10.0)
    sizes = []
    result = in_chunks(lambda part: sizes.append(len(part)) or 2 * part, x, 4)
    assert torch.equal(result, 2 * x)
    assert sizes == [4, 4, 2]


def test_importing_settings_and_families_imports_no_torch():
    code = "import sys, saddlepoint.models, saddlepoint.models.settings; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", ["autoencoder", "vae", "gan"])
def test_arrays_are_taken_as_tensors_are(name):
    settings, event = CASES[name]
    model = build(settings, event)
    x = torch.randint(0, 256, (5, *event.shape), dtype=torch.uint8)
    for method in ("encode", "log_prob", "scores"):
        if hasattr(model, method) and not (method == "encode" and lacks(model, Encodes)):
            array = x.flip(0).numpy()[::-1]  # runs backwards
            torch.testing.assert_close(getattr(model, method)(array), getattr(model, method)(x))
    z = torch.randn(5, settings.latent)
    torch.testing.assert_close(model.decode(z.numpy()), model.decode(z))
    with pytest.raises(SettingError, match="not an array of numbers"):
        model.model_units("digits")


@pytest.mark.parametrize("case", [case for case in CASES if "conditional" in case or "semi-supervised" in case])
def test_a_density_of_classes_refuses_labels_that_are_none(case):
    model = build_case(case)
    if not has(model, HasClassDensity):
        pytest.skip("it has no density of classes")
    x = examples(model.event, 2)
    for labels in (torch.tensor([0, model.classes]), torch.tensor([0]), torch.tensor([0.0, 1.0])):
        with pytest.raises(SettingError, match="class_log_prob"):
            model.class_log_prob(x, labels)
