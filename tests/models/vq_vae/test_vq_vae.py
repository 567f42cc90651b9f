"""Laws of vector quantisation and of the prior over codes."""

import math

import pytest
import torch

from saddlepoint.data.event import Event
from saddlepoint.errors import SettingError
from saddlepoint.models import build
from saddlepoint.models.vq_vae.codebook import AveragedCodebook
from saddlepoint.models.vq_vae.settings import VQVAESettings
from saddlepoint.objectives.phase import Batch
from saddlepoint.objectives.quantisation import (
    CANDIDATES,
    COUNTS,
    SUMS,
    QuantisationNoise,
    nearest_codes,
    perplexity,
    quantisation_loss,
    straight_through,
)
from saddlepoint.recipe import Recipe

IMAGE = Event((1, 8, 8), "image", "uint8", 0.0, 255.0)
SMALL = {"codes": 4, "code_size": 2, "autoencoder": {"width": 4, "blocks": 1}, "prior": {"width": 8, "layers": 1}}


def bytes_of(n=6):
    return torch.randint(0, 256, (n, 1, 8, 8), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)


def update_of(model, n=6):
    x = model.model_units(bytes_of(n))
    return model.phases[0].loss(model.players, Batch(x), QuantisationNoise(torch.linspace(0, 0.99, n)))


def test_codes_are_the_nearest_and_pass_the_gradient_straight_through():
    vectors = torch.randn(50, 3, dtype=torch.float64, requires_grad=True)
    codebook = torch.randn(7, 3, dtype=torch.float64)
    nearest = nearest_codes(vectors, codebook)
    assert torch.equal(nearest, torch.cdist(vectors, codebook).argmin(1))
    quantised = straight_through(vectors, codebook[nearest])
    torch.testing.assert_close(quantised, codebook[nearest])
    weights = torch.randn(50, 3, dtype=torch.float64)
    (gradient,) = torch.autograd.grad((quantised * weights).sum(), vectors)
    torch.testing.assert_close(gradient, weights)


def test_perplexity_counts_equally_used_codes():
    assert perplexity(torch.tensor([5.0, 5.0, 0.0, 5.0])).item() == pytest.approx(3)
    assert perplexity(torch.tensor([0.0, 9.0])).item() == pytest.approx(1)


def test_a_codebook_without_memory_takes_the_step_of_k_means():
    model = build(VQVAESettings(**SMALL, codebook_decay=0.0, codebook_std=1.0), IMAGE)
    before = model.player.codebook.clone()
    x = model.model_units(bytes_of())
    vectors, indices = model.player(x).vectors.flatten(0, 1).detach(), model.player(x).indices.flatten()
    _, observations = update_of(model)
    model.phases[0].keep(observations)
    assert not {COUNTS, SUMS, CANDIDATES} & set(observations)
    for code in range(4):
        own = vectors[indices == code]
        torch.testing.assert_close(model.player.codebook[code], own.mean(0) if len(own) else before[code])


def test_codes_that_nothing_chooses_restart_at_vectors_of_the_batch():
    codebook = torch.tensor([[0.0, 0.0], [50.0, 50.0]])
    averages = AveragedCodebook(codebook, decay=0.5, restart_below=0.8)
    observations = {
        COUNTS: torch.tensor([3.0, 0.0]),
        SUMS: torch.tensor([[3.0, 3.0], [0.0, 0.0]]),
        CANDIDATES: torch.tensor([[7.0, 8.0], [9.0, 9.0]]),
    }
    averages.update(codebook, observations)
    torch.testing.assert_close(codebook, torch.tensor([[0.75, 0.75], [9.0, 9.0]]))
    torch.testing.assert_close(averages.counts, torch.tensor([2.0, 1.6]))


@pytest.mark.parametrize("codebook", ["average", "gradient"])
def test_distances_train_the_encoder_and_only_gradients_the_codebook(codebook):
    model = build(VQVAESettings(**SMALL, codebook=codebook, commitment=0.5), IMAGE)
    loss, observations = update_of(model)
    distance, reconstruction = observations["commitment"], observations["reconstruction"]
    torch.testing.assert_close(loss.detach(), reconstruction + (0.5 if codebook == "average" else 1.5) * distance)
    assert isinstance(model.player.codebook, torch.nn.Parameter) == (codebook == "gradient")
    if codebook == "gradient":
        passed = model.player(model.model_units(bytes_of()))
        (gradient,) = torch.autograd.grad(loss.sum(), model.player.codebook)
        expected = torch.zeros_like(gradient)
        expected.index_add_(0, passed.indices.flatten(), 2 * (passed.nearest - passed.vectors).flatten(0, 1).detach())
        torch.testing.assert_close(gradient, expected.detach())


@pytest.mark.parametrize("likelihood", ["discretised-logistic", "gaussian-learnt"])
def test_log_prob_is_the_joint_of_example_and_codes_and_the_prior_sums_to_one(likelihood):
    model = build(VQVAESettings(**SMALL, likelihood=likelihood, observation_std=0.3), IMAGE)
    x = bytes_of()
    indices = model.indices(x)
    # The likelihood in units of [-1, 1], in which the bytes are 2 / 255 apart.
    mean = model.player.decode(model.player.embed(indices)).detach().double().flatten(1)
    inside = x.flatten(1).double() / 127.5 - 1
    if likelihood == "discretised-logistic":
        upper, lower = (torch.sigmoid((inside + side / 255 - mean) / 0.3) for side in (1, -1))
        upper, lower = torch.where(inside < 1, upper, 1.0), torch.where(inside > -1, lower, 0.0)
        fit, shift = (upper - lower).log().sum(1), 0.0
    else:
        fit = torch.distributions.Normal(mean, 0.3).log_prob(inside).sum(1)
        shift = -64 * math.log(127.5)  # to the density of bytes
    one_hot = torch.nn.functional.one_hot(indices, 4).float()
    prior = model.prior_player(one_hot).log_softmax(2).gather(2, indices[..., None])[..., 0].sum(1).detach()
    expected = (fit + prior).float()
    torch.testing.assert_close(model.log_prob(x), expected + shift, rtol=1e-5, atol=1e-3)
    torch.testing.assert_close(
        model.held_out_series(x, torch.Generator())["vq/held_out_bound"], expected, rtol=1e-5, atol=1e-3
    )
    every = torch.cartesian_prod(*[torch.arange(4)] * 4)  # all maps of 2 x 2 codes
    one_hot = torch.nn.functional.one_hot(every, 4).float()
    chosen = model.prior_player(one_hot).log_softmax(2).gather(2, every[..., None])[..., 0].sum(1)
    assert chosen.logsumexp(0).abs().item() < 1e-4


def test_drawn_codes_follow_the_prior():
    model = build(VQVAESettings(**SMALL), IMAGE)
    with torch.no_grad():
        for weight in model.prior_player.parameters():
            weight.mul_(3)
    drawn = model.draw_indices(4_000, torch.Generator().manual_seed(0))
    every = torch.cartesian_prod(*[torch.arange(4)] * 4)
    one_hot = torch.nn.functional.one_hot(every, 4).float()
    log_prob = model.prior_player(one_hot).log_softmax(2).gather(2, every[..., None])[..., 0].sum(1).detach()
    number = (drawn * torch.tensor([64, 16, 4, 1])).sum(1)
    counts, expected = torch.bincount(number, minlength=256), 4_000 * log_prob.exp()
    many = expected >= 5
    statistic = ((counts - expected).square() / expected)[many].sum()
    freedom = float(many.sum())
    assert statistic < freedom + 5 * (2 * freedom) ** 0.5


@pytest.mark.parametrize("average", [True, False])
def test_averages_of_the_codebook_need_what_the_own_loss_observes(average):
    loss = quantisation_loss(lambda x, output, _: -(x - output).square().flatten(1).sum(1), 0.25, average=average)
    model = build(VQVAESettings(**SMALL, codebook_std=1.0), IMAGE, modules={"loss": loss})
    before = model.player.codebook.clone()
    _, observations = update_of(model)
    if average:
        model.phases[0].keep(observations)
        assert not torch.equal(model.player.codebook, before)
    else:
        with pytest.raises(
            SettingError, match=r"model\.objective: nothing trains the codebook.*set model\.codebook to gradient"
        ):
            model.phases[0].keep(observations)


def test_indices_are_the_codes():
    model = build(VQVAESettings(**SMALL), IMAGE)
    x = bytes_of()
    indices = model.indices(x)
    assert indices.shape == (6, 4)
    assert torch.equal(model.decode_indices(indices), model.decode(model.encode(x)))


def test_convolutions_need_images():
    with pytest.raises(SettingError, match="set it to mlp"):
        build(VQVAESettings(), Event((3,), "vector"))


def test_a_mixed_likelihood_is_refused_with_what_to_take() -> None:
    with pytest.raises(SettingError, match=r"train vae-table for a table with categories") as raised:
        Recipe.load("vq-vae-digits").override({"model.likelihood": "mixed"})
    assert "\n" not in str(raised.value)
