"""Errors that no setting makes: in the loss, in the networks, in the data, or in the middle of a run.

Each function takes what it changes and a strength; its docstring says what the strength means.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint.data.dataset import Dataset
from saddlepoint.objectives.adversarial.composition import Composition, logits
from saddlepoint.objectives.adversarial.game import discriminator_loss
from saddlepoint.objectives.adversarial.losses import NON_SATURATING, cross_entropy
from saddlepoint.objectives.likelihood import log_likelihood
from saddlepoint.objectives.phase import Batch, Nets, Noise, Observations

KL = Callable[[Tensor, Tensor, float], Tensor]


def kl_flipped(mean: Tensor, log_variance: Tensor, strength: float) -> Tensor:
    """The closed form with the wrong sign, times `strength`."""
    return strength * 0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum(1)


def kl_without_variance(mean: Tensor, log_variance: Tensor, strength: float) -> Tensor:
    """Without the term e^log_variance (all but 1 - strength of it): unbounded below as that share goes to 1."""
    return 0.5 * (mean.square() + (1 - strength) * log_variance.exp() - log_variance - 1).sum(1)


def kl_of_deviation(mean: Tensor, log_variance: Tensor, strength: float) -> Tensor:
    """The standard deviation in place of the variance, times `strength`: at least -0.19 nats a unit."""
    return strength * 0.5 * (mean.square() + (0.5 * log_variance).exp() - log_variance - 1).sum(1)


def wrong_kl(kl: KL) -> Callable[[Any, float], None]:
    """An injection that makes a VAE minimise, and report, `kl` in place of its KL term."""

    def inject(model: Any, strength: float) -> None:
        def loss(nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
            output, mean, log_variance, log_std = nets["vae"](batch.x, noise.epsilon)
            reconstruction = -log_likelihood(batch.x, output, log_std)
            term = kl(mean, log_variance, strength)
            observations = {"kl": term.detach(), "reconstruction": reconstruction.detach()}
            return reconstruction + noise.kl_weight * term, observations

        model._phases = (replace(model.phases[0], loss=loss),)

    return inject


class Clamped(nn.Module):
    """A head whose output is at least `low`; a ReLU for 0."""

    def __init__(self, head: nn.Module, low: float) -> None:
        super().__init__()
        self.head, self.low = head, low

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.head(x).clamp_min(self.low)
        return result


def relu_on_heads(model: Any, strength: float) -> None:
    """Clamp both heads of a VAE at -strength."""
    player = model.player
    player.mean, player.log_variance = Clamped(player.mean, -strength), Clamped(player.log_variance, -strength)


def relu_on_mean(model: Any, strength: float) -> None:
    """Clamp the head of the mean alone."""
    model.player.mean = Clamped(model.player.mean, -strength)


def swapped_labels(model: Any, strength: float) -> None:
    """Train the discriminator with real and generated swapped; strength: the weight of its loss."""

    def loss(nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
        real, fake = logits(nets, batch.x), logits(nets, nets["g"](noise.latent).detach())
        seen = {"real_score": real.detach().sigmoid(), "fake_score": fake.detach().sigmoid()}
        return strength * (cross_entropy(real, 0.0) + cross_entropy(fake, 1.0)), seen

    model._phases = (replace(model.phases[0], loss=loss), *model.phases[1:])


def missing_detach(model: Any, strength: float) -> None:
    """Let the discriminator's loss move the generator as well, `strength` times as much as the generator's own loss."""
    own = model.phases[-1].loss

    def loss(nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
        value, seen = own(nets, batch, noise)
        return value + strength * cross_entropy(logits(nets, nets["g"](noise.latent)), 0.0), seen

    model._phases = (*model.phases[:-1], replace(model.phases[-1], loss=loss))


def pulled_together(model: Any, strength: float) -> None:
    """Penalise the generator for the scatter of its samples: one output for all noise."""
    own = model.phases[-1].loss

    def loss(nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
        value, seen = own(nets, batch, noise)
        made = nets["g"](noise.latent).flatten(1)
        return value + strength * (made - made.mean(0)).square().mean(1), seen

    model._phases = (*model.phases[:-1], replace(model.phases[-1], loss=loss))


def reals_alone_changed(model: Any, strength: float) -> None:
    """Apply the views to real examples only, so that the generator learns changed examples."""
    own = model.noise_source.draw
    model.noise_source.draw = lambda *given: replace(own(*given), fake_views=None)


class Squashed(nn.Module):
    """A discriminator that ends with a sigmoid although its loss takes logits: it can only answer 0.5 to 0.73."""

    def __init__(self, body: nn.Module, scale: float) -> None:
        super().__init__()
        self.body, self.scale = body, scale

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.body(x).mul(self.scale).sigmoid()
        return result


def squashed_discriminator(model: Any, strength: float) -> None:
    """Put a sigmoid behind the discriminator; strength: the factor before that sigmoid."""
    model.players["d"] = Squashed(model.players["d"], strength)


def noise_discriminator(model: Any, strength: float) -> None:
    """Mix real and generated examples in a share `strength` of each of the discriminator's batches."""
    own = discriminator_loss(Composition(NON_SATURATING))

    def loss(nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
        made = nets["g"](noise.latent).detach()
        mixed = torch.where((noise.latent[:, 0].abs() < strength).view(-1, *[1] * (made.ndim - 1)), made, batch.x)
        return own(nets, batch._replace(x=mixed), noise)

    model._phases = (replace(model.phases[0], loss=loss), *model.phases[1:])


def eval_discriminator(model: Any, strength: float) -> None:
    """Keep the discriminator in evaluation mode: its BatchNorm never uses the statistics of a batch."""
    discriminator = model.players["d"]
    discriminator.eval()
    discriminator.train = lambda mode=True: discriminator


def frozen_units(model: Any, strength: float) -> None:
    """Set a share `strength` of an autoencoder's code to 0."""
    settings, player = model.settings, model.player
    keep = torch.ones(settings.latent)
    keep[: max(1, round(strength * settings.latent))] = 0
    player.encoder = nn.Sequential(player.encoder, Masked(keep))


class Masked(nn.Module):
    """Numbers times fixed factors."""

    keep: Tensor

    def __init__(self, keep: Tensor) -> None:
        super().__init__()
        self.register_buffer("keep", keep)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.keep


def dead_from_the_start(model: Any, strength: float) -> None:
    """Set biases so low that a share `strength` of every hidden layer of ReLUs is never active."""
    for player in model.players.values():
        rows = [list(layers) for layers in player.modules() if isinstance(layers, nn.Sequential)]
        # Of the layer that makes a code, low biases would be another mistake: codes far from the prior.
        pairs = [pair for row in rows for pair in itertools.pairwise(row)]
        for layer in [a for a, b in pairs if isinstance(a, nn.Linear) and isinstance(b, nn.ReLU)]:
            with torch.no_grad():
                layer.bias[: round(strength * len(layer.bias))] = -20.0


def saturated(model: Any, strength: float) -> None:
    """Make the first weights `strength` times too large."""
    for player in model.players.values():
        for layer in player.modules():
            if isinstance(layer, nn.Linear):
                with torch.no_grad():
                    layer.weight.mul_(strength)


class Memory(nn.Module):
    """A generator that reproduces training examples: noise picks one, `blur` mixes in others."""

    examples: Tensor
    directions: Tensor

    def __init__(self, examples: Tensor, latent: int, blur: float) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        flat = examples.flatten(1)
        self.shape = examples.shape[1:]
        self.register_buffer("examples", flat)
        self.register_buffer("directions", torch.randn(latent, len(flat), generator=generator))
        self.sharpness = nn.Parameter(torch.tensor(1.0 / blur))

    def forward(self, z: Tensor) -> Tensor:
        return ((z @ self.directions * self.sharpness).softmax(1) @ self.examples).view(-1, *self.shape)


def memory(model: Any, dataset: Dataset, strength: float) -> None:
    """Replace the generator by a memory of a few hundred training examples; strength: how much it blurs them."""
    kept = model.model_units(dataset.x[:300])
    model.players["g"] = Memory(kept, model.settings.latent, strength)


def with_copies(dataset: Dataset, strength: float, generator: torch.Generator) -> Dataset:
    """Replace a share `strength` of the examples by copies of others."""
    n = len(dataset)
    order = torch.randperm(n, generator=generator)
    count = round(strength * n)
    x = dataset.x.clone()
    x[order[:count]] = x[order[count : 2 * count] if 2 * count <= n else order[-1:].expand(count)]
    return replace(dataset, x=x, fingerprint="")


def with_leak(dataset: Dataset, strength: float, generator: torch.Generator) -> Dataset:
    """Replace a share `strength` of the held-out examples by training examples."""
    rest = dataset.held_out
    assert rest is not None
    x = rest.x.clone()
    count = max(1, round(strength * len(x)))
    x[:count] = dataset.x[:count]
    return replace(dataset, held_out=replace(rest, x=x), fingerprint="")


def without_class(dataset: Dataset, strength: float, generator: torch.Generator) -> Dataset:
    """Leave out a share 1 - strength of one class's examples."""
    assert dataset.y is not None
    label = int(torch.randint(0, int(dataset.y.max()) + 1, (1,), generator=generator))
    uniform = torch.rand(len(dataset), generator=generator)
    index = ((dataset.y != label) | (uniform < strength)).nonzero().flatten()
    return replace(dataset, x=dataset.x[index], y=dataset.y[index], fingerprint="")


def beyond_range(dataset: Dataset, strength: float, generator: torch.Generator) -> Dataset:
    """Multiply the values by `strength`, beyond the declared range: bytes where 0 to 1 is declared, for example."""
    top = float(dataset.event.high or 1.0)
    event = replace(dataset.event, dtype="float32", low=0.0, high=1.0)

    def scaled(part: Dataset) -> Dataset:
        return replace(part, x=part.x.float() / top * strength, event=event, fingerprint="")

    assert dataset.held_out is not None
    return replace(scaled(dataset), held_out=scaled(dataset.held_out))


def with_silence(dataset: Dataset, strength: float, generator: torch.Generator) -> Dataset:
    """Replace a share of the training examples, `strength`, by zeros: silent sounds, empty volumes, series that stand still."""
    x = dataset.x.clone()
    x[torch.rand(len(x), generator=generator) < strength] = 0
    return replace(dataset, x=x, fingerprint="")


def with_clipping(dataset: Dataset, strength: float, generator: torch.Generator) -> Dataset:
    """Record a share of the training sounds, `strength`, five times too loud: beyond full scale they are cut off."""
    x, full = dataset.x.clone(), float(dataset.event.high or 1.0)
    chosen = torch.rand(len(x), generator=generator) < strength
    loud = x[chosen].float()
    loud = loud * (5 * full / loud.flatten(1).abs().amax(1).clamp_min(1e-9)).view(-1, *[1] * (loud.ndim - 1))
    x[chosen] = loud.clamp(-full, full).to(x.dtype)
    return replace(dataset, x=x, fingerprint="")


def with_constant_column(dataset: Dataset, strength: float, generator: torch.Generator) -> Dataset:
    """Add a column in which all examples have the value `strength`."""
    event = replace(
        dataset.event,
        shape=(dataset.event.shape[0] + 1,),
        mean=(0.0,),
        std=(float(dataset.x.float().std()),),
    )

    def wider(part: Dataset) -> Dataset:
        x = torch.cat([part.x, torch.full((len(part.x), 1), strength)], 1)
        return replace(part, x=x, event=event, truth=None, fingerprint="")

    assert dataset.held_out is not None
    rest = wider(replace(dataset.held_out, held_out=None))
    return replace(wider(replace(dataset, held_out=None)), held_out=rest)


def faster(*players: str) -> Callable[[Any, float], None]:
    """Multiply the learning rate of these players by `strength`, from the onset on."""

    def disturb(session: Any, strength: float) -> None:
        for player in players:
            session.state.optimisers[player].param_groups[0]["lr"] *= strength

    return disturb


def one_weight_breaks(session: Any, strength: float) -> None:
    """Set one weight to NaN, as after a faulty operation."""
    player = next(iter(session.model.players.values()))
    weight = next(p for p in player.parameters() if p.ndim > 1)
    with torch.no_grad():
        weight.view(-1)[0] = float("nan")
