"""Laws of the losses of games with an encoder: pairs, codes and learned similarity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from saddlepoint.objectives.adversarial.code_matching import adversarial_autoencoder_loss, code_discriminator_loss
from saddlepoint.objectives.adversarial.composition import Composition
from saddlepoint.objectives.adversarial.diffaugment import DiffAugment
from saddlepoint.objectives.adversarial.game import discriminator_loss, generator_loss
from saddlepoint.objectives.adversarial.learned_similarity import (
    decoder_loss,
    draw_codes,
    feature_error,
    inference_loss,
    mixture_discriminator_loss,
)
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.adversarial.pairs import (
    ViewOfPairs,
    encoder_cost,
    join_pairs,
    pair_discriminator_loss,
    pair_generator_loss,
)
from saddlepoint.objectives.adversarial.registry import loss_named
from saddlepoint.objectives.adversarial.settings import LOSSES
from saddlepoint.objectives.phase import Batch, Loss
from saddlepoint.objectives.reconstruction import l2

B, X, Z, F = 6, 3, 2, 4
SINGLE = [
    name
    for name in LOSSES
    if not (loss_named(name).paired or loss_named(name).averaged)
    and not loss_named(name).features
    and loss_named(name).energy is None
]
COMPARING = [name for name in LOSSES if loss_named(name).paired or loss_named(name).averaged]


def numbers(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


BATCH, NOISE = Batch(numbers(B, X, seed=1)), GameNoise(numbers(B, Z, seed=2), epsilon=numbers(B, Z, seed=3))


def linear(outputs: int, inputs: int, seed: int) -> Tensor:
    return numbers(outputs, inputs, seed=seed).requires_grad_()


def weights(judged: int, heads: int = Z) -> dict[str, Tensor]:
    """Smooth networks with one matrix each; that of the discriminator has features."""
    return {"d": linear(F, judged, 4), "g": linear(X, Z, 5), "e": linear(heads, X, 6)}


def nets(of: dict[str, Tensor]) -> dict[str, Callable[..., Any]]:
    def discriminator(x: Tensor, features: bool = False) -> Tensor:
        found = torch.tanh(x @ of["d"].T)
        return found if features else found.sum(1)

    return {"d": discriminator, "g": lambda z: torch.tanh(z @ of["g"].T), "e": lambda x: x @ of["e"].T}


def games() -> list[tuple[str, str, Loss, int, int, set[str]]]:
    """(name, loss, function, numbers judged, outputs of the encoder, players that learn)."""
    found = []
    for name in [*SINGLE, *COMPARING]:
        parts = Composition(loss_named(name))
        d, g = discriminator_loss(parts), generator_loss(parts)
        found += [
            ("pairs d", name, pair_discriminator_loss(d), X + Z, Z, {"d"}),
            ("pairs g e", name, pair_generator_loss(parts, g), X + Z, Z, {"g", "e"}),
            ("codes d", name, code_discriminator_loss(d), Z, Z, {"d"}),
            ("codes g e", name, adversarial_autoencoder_loss(g, l2, 0.5), Z, Z, {"g", "e"}),
            ("mixture d", name, mixture_discriminator_loss(d), X, 2 * Z, {"d"}),
            ("mixture g", name, decoder_loss(parts, g, 0.5), X, 2 * Z, {"g"}),
            ("mixture e", name, inference_loss(parts, 0.5), X, 2 * Z, {"e"}),
        ]
    return found


every_loss = pytest.mark.parametrize(
    "game", games(), ids=lambda game: f"{game[0]} {game[1]}" if isinstance(game, tuple) else str(game)
)


@every_loss
def test_a_loss_is_one_number_an_example_and_reaches_the_players_that_learn(game: Any) -> None:
    name, _, loss, judged, heads, learning = game
    of = weights(judged, heads)
    value, observations = loss(nets(of), BATCH, NOISE)
    assert value.shape == (B,)
    assert all(not seen.requires_grad for seen in observations.values())
    gradients = torch.autograd.grad(value.mean(), list(of.values()), allow_unused=True)
    reached = {player for player, found in zip(of, gradients, strict=True) if found is not None and found.any()}
    # The discriminator is fixed while generator and encoder learn, and e.g. the decoder while the encoder does.
    assert learning <= reached
    if "d" in learning:
        assert reached == {"d"}
    if name == "mixture g":
        assert "e" not in reached


@every_loss
def test_gradients_agree_with_finite_differences(game: Any) -> None:
    _, _, loss, judged, heads, learning = game
    of = weights(judged, heads)

    def value(*some: Tensor) -> Tensor:
        return loss(nets({**of, **dict(zip(sorted(learning), some, strict=True))}), BATCH, NOISE)[0]

    assert torch.autograd.gradcheck(value, tuple(of[name] for name in sorted(learning)))


@pytest.mark.parametrize("name", SINGLE)
def test_the_encoder_wants_real_pairs_judged_as_generated(name: str) -> None:
    """Its cost increases with the logit, which is what the discriminator increases for real pairs."""
    loss = loss_named(name)
    logit = torch.linspace(loss.neutral + 0.01, loss.neutral + 2, 50, dtype=torch.float64)
    cost = encoder_cost(loss)(logit)
    assert (cost.diff() > 0).all()


def test_the_minimax_encoder_minimises_what_the_discriminator_maximises() -> None:
    loss, logit = loss_named("minimax"), torch.linspace(-3, 3, 7, dtype=torch.float64)
    torch.testing.assert_close(encoder_cost(loss)(logit), -loss.real(logit))


def test_the_loss_of_generator_and_encoder_is_the_sum_of_both() -> None:
    parts, of = Composition(loss_named("non-saturating")), weights(X + Z)
    players = nets(of)
    value, _ = pair_generator_loss(parts, generator_loss(parts))(players, BATCH, NOISE)
    fake = players["d"](join_pairs(players["g"](NOISE.latent), NOISE.latent))
    real = players["d"](join_pairs(BATCH.x, players["e"](BATCH.x)))
    torch.testing.assert_close(value, parts.loss.generator(fake) + parts.loss.fake(real))


def test_an_encoder_that_inverts_the_generator_leaves_nothing_to_tell_apart() -> None:
    """If x = G(z) for the noise z itself and E is the inverse of G, both kinds of pairs are the same."""
    g = torch.linalg.qr(numbers(Z, Z, seed=7))[0]
    players = {"d": nets(weights(2 * Z))["d"], "g": lambda z: z @ g.T, "e": lambda x: x @ g}
    loss = pair_discriminator_loss(discriminator_loss(Composition(loss_named("non-saturating"))))
    _, seen = loss(players, Batch(players["g"](NOISE.latent)), NOISE)
    torch.testing.assert_close(seen["real_score"], seen["fake_score"])


def test_the_discriminator_of_codes_takes_the_prior_for_real() -> None:
    players = {**nets(weights(Z)), "e": lambda _: NOISE.latent + 1, "d": lambda z: -z.sum(1)}
    _, seen = code_discriminator_loss(discriminator_loss(Composition(loss_named("non-saturating"))))(
        players, BATCH, NOISE
    )
    torch.testing.assert_close(seen["real_score"], (-NOISE.latent.sum(1)).sigmoid())
    assert (seen["fake_score"] < seen["real_score"]).all()


def test_the_feature_error_is_a_gaussian_log_density_and_zero_at_equality() -> None:
    real, made = numbers(B, F, seed=8), numbers(B, F, seed=9)
    normal = torch.distributions.Normal(made, 1.0)
    constant = normal.log_prob(made).sum(1)
    torch.testing.assert_close(feature_error(real, made), constant - normal.log_prob(real).sum(1))
    assert not feature_error(real, real).any()


def test_codes_have_the_moments_of_the_posterior() -> None:
    mean, log_variance, n = torch.tensor([1.0, -2.0]), torch.tensor([0.5, -1.0]), 40_000
    heads = torch.cat([mean, log_variance]).double().expand(n, 4)
    codes = draw_codes(heads, numbers(n, 2, seed=10))
    std = (log_variance.double() / 2).exp()
    # Five standard errors of a mean, and of a standard deviation.
    assert ((codes.mean(0) - mean).abs() < 5 * std / n**0.5).all()
    assert ((codes.std(0) - std).abs() < 5 * std / (2 * n) ** 0.5).all()


def test_half_of_the_generated_examples_are_reconstructions() -> None:
    of = weights(X, 2 * Z)
    players = nets(of)
    seen: list[Tensor] = []

    def generator(z: Tensor) -> Tensor:
        seen.append(z)
        return players["g"](z)

    mixture_discriminator_loss(discriminator_loss(Composition(loss_named("non-saturating"))))(
        {**players, "g": generator}, BATCH, NOISE
    )
    (codes,) = seen
    torch.testing.assert_close(codes[: B // 2], draw_codes(players["e"](BATCH.x), NOISE.epsilon)[: B // 2])
    torch.testing.assert_close(codes[B // 2 :], NOISE.latent[B // 2 :])


def test_a_view_changes_the_example_of_a_pair_and_not_its_code() -> None:
    images, codes = torch.rand(B, 1, 4, 4), torch.randn(B, Z)
    view = ViewOfPairs(DiffAugment(("translation", "cutout")), (1, 4, 4))
    noise = view.draw(B, (18,), 1.0, torch.Generator().manual_seed(0))
    found = view(join_pairs(images, codes), noise)
    torch.testing.assert_close(found, join_pairs(view.view(images, noise), codes))
    assert not torch.equal(found[:, :16], images.flatten(1))
