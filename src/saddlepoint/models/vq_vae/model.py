"""VQ-VAEs: an autoencoder with discrete codes, and an autoregressive prior over them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Set
from typing import Any, ClassVar, Literal, Self

import torch
from torch import Tensor, nn

from saddlepoint.data.dataset import Event
from saddlepoint.errors import SettingError
from saddlepoint.models.arrays import Numbers, device_of, in_chunks
from saddlepoint.models.assembly import check_roles
from saddlepoint.models.codes import CodeModel
from saddlepoint.models.likelihoods import LIKELIHOODS, scaling_for
from saddlepoint.models.own_loss import ROLE, own_loss
from saddlepoint.models.units import UNIT
from saddlepoint.models.vq_vae.codebook import AveragedCodebook
from saddlepoint.models.vq_vae.network import VQNetwork
from saddlepoint.models.vq_vae.settings import MapNetworkSettings, VQVAESettings
from saddlepoint.networks.code_maps import MapDecoder, MapEncoder, map_sizes
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.networks.mlp import MLP
from saddlepoint.networks.pixelcnn import PixelCNN
from saddlepoint.objectives.phase import Phase
from saddlepoint.objectives.quantisation import (
    QuantisationNoise,
    code_loss,
    code_nats,
    one_hot,
    perplexity,
    quantisation_loss,
)


class VQVAE(CodeModel):
    """The autoencoder "vq" maps an example to a map of codes, and "prior" is a PixelCNN over such maps.

    A code (`HasCodes`) contains the vectors of all places in a row, so that codes can be interpolated; decoding takes the nearest
    codes of the codebook. `indices` returns the codes as whole numbers. `log_prob` is a lower bound: log p(x, codes) of the codes
    that the encoder chooses.

    References:
        Neural Discrete Representation Learning (Aaron van den Oord, Oriol Vinyals, Koray Kavukcuoglu, 2017),
            https://arxiv.org/abs/1711.00937
    """

    selection_metric = ("vq/held_out_bound", 1)
    family: ClassVar[str] = "vq-vae"
    log_prob_kind: Literal["exact", "lower bound"] = "lower bound"

    def __init__(self, settings: VQVAESettings, event: Event, modules: Mapping[str, Any] | None = None) -> None:
        """Build the networks.

        Args:
            settings: of the model.
            event: what one example is.
            modules: as "loss" the user's own loss, instead of `settings.objective`.

        Raises:
            SettingError: the networks or the likelihood do not fit the data.
        """
        modules = modules or {}
        check_roles(modules, (ROLE,))
        self.settings = settings
        units = scaling_for(settings.likelihood, settings.scaling, event)
        self.likelihood = LIKELIHOODS[settings.likelihood](settings, units)
        encoder, decoder, size = _map_networks(settings.autoencoder, event, settings.code_size)
        self.player = VQNetwork(
            encoder,
            decoder,
            settings.codebook_std * torch.randn(settings.codes, settings.code_size),
            size,
            learnt=settings.codebook == "gradient",
            log_scale=math.log(settings.observation_std) if self.likelihood.has_scale else None,
            learns_scale=self.likelihood.learns_scale,
        )
        codes = settings.codes
        self.prior_player = PixelCNN(size, 1, codes, codes, 1, settings.prior.width, settings.prior.layers)
        roles = dict(zip(settings.players, settings.roles, strict=True))
        super().__init__(event, units, {"vq": self.player, "prior": self.prior_player}, roles)
        self._averages: AveragedCodebook | None = None
        if settings.codebook == "average":
            self._averages = AveragedCodebook(self.player.codebook, settings.codebook_decay, settings.restart_below)
        own = own_loss(settings.objective, modules)
        averages = self._averages
        loss = own or quantisation_loss(self.likelihood.log_prob, settings.commitment, average=averages is not None)
        keep = None if averages is None or own is not None else self._keep
        self._phases = (Phase("vq", loss, keep=keep), Phase("prior", code_loss(codes)))

    def _keep(self, observations: dict[str, Tensor]) -> None:
        assert self._averages is not None
        self._averages.update(self.player.codebook, observations)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The update of the autoencoder, then that of the prior on the codes of another batch."""
        return self._phases

    @property
    def output_range(self) -> tuple[float, float] | None:
        return UNIT if self.settings.likelihood == "bernoulli" else None

    @property
    def places(self) -> int:
        """Codes of an example."""
        return math.prod(self.player.size)

    @property
    def latent(self) -> int:
        return self.places * self.settings.code_size

    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> QuantisationNoise:
        """Draw the random numbers of one update."""
        return QuantisationNoise(torch.rand(n, generator=generator, device=generator.device))

    def extra_state(self) -> dict[str, Tensor]:
        return {} if self._averages is None else self._averages.state()

    @property
    def state_names(self) -> Set[str]:
        return self.extra_state().keys()

    def load_extra_state(self, state: Mapping[str, Tensor]) -> None:
        if self._averages is not None:
            self._averages.load(state, self.device)

    def to(self, device: torch.device | str) -> Self:
        super().to(device)
        if self._averages is not None:
            self._averages.to(self.device)
        return self

    def player_inputs(self, x: Tensor, generator: torch.Generator | None) -> dict[str, tuple[Tensor, ...]]:
        return {"vq": (x,), "prior": (one_hot(self.player(x).indices, self.settings.codes, x),)}

    def draw_indices(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw the codes of n examples from the prior, (n, places) int64 on the device of the generator."""
        device = device_of(generator)
        drawn = torch.zeros(n, self.places, dtype=torch.int64, device=device)
        if not n:
            return drawn
        with evaluating(self.prior_player):
            steps = self.prior_player.steps(n, None)
            numbers: Tensor | None = None
            for place in range(self.places):
                shares = steps.advance(numbers).float().softmax(1).to(device)
                drawn[:, place] = torch.multinomial(shares, 1, generator=generator)[:, 0]
                like = next(self.prior_player.parameters())
                numbers = one_hot(drawn[:, place : place + 1].to(like.device), self.settings.codes, like)
        return drawn

    def fixed_noise(self, n: int, generator: torch.Generator) -> Tensor:
        n = self.check_request(n, None, generator)
        return self._draw_codes(n, generator)

    def _draw_codes(self, n: int, generator: torch.Generator | None) -> Tensor:
        indices = self.draw_indices(n, generator)
        return self.player.embed(indices.to(self.device)).detach().flatten(1).to(indices.device)

    def sample(self, n: int, *, labels: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        """Draw codes from the prior, and x given the codes.

        For a Bernoulli likelihood the mean is returned, since a draw would be black and white.

        Args:
            n: number of samples.
            labels: must be None: the model takes no labels.
            generator: draws the noise; None takes torch's global generator.

        Returns:
            (n, *event) in the data's units.

        Raises:
            SettingError: an argument is invalid.
        """
        n = self.check_request(n, labels, generator)
        return self._evaluate(lambda part: self._draw(part, generator), self._draw_codes(n, generator))

    @property
    def sampler(self) -> Callable[[Tensor], Tensor]:
        return self._mean

    def decode(self, z: Numbers) -> Tensor:
        """Decode codes.

        Args:
            z: (N, latent); the nearest codes of the codebook are taken.

        Returns:
            (N, *event) in the data's units, the means of p(x | codes).
        """
        return self._evaluate(self._mean, z)

    def _evaluate(self, function: Callable[[Tensor], Tensor], z: Numbers) -> Tensor:
        with evaluating(self.player):
            return in_chunks(lambda part: self.scaling.to_data(function(part)), self.latent_codes(z))

    def _mean(self, codes: Tensor) -> Tensor:
        """(B, latent) -> mean (B, *event) of p(x | codes), in the model's units."""
        nearest = self.player.quantise(codes.view(len(codes), self.places, self.settings.code_size))[0]
        return self.likelihood.mean(self.player.decode(nearest))

    def _draw(self, codes: Tensor, generator: torch.Generator | None) -> Tensor:
        mean = self._mean(codes)
        if self.likelihood.draw is None:
            return mean
        assert self.player.log_scale is not None
        return self.likelihood.draw(mean, self.player.log_scale, generator)

    def encode(self, x: Numbers) -> Tensor:
        """Encode examples.

        Args:
            x: (N, *event) in the data's units.

        Returns:
            (N, latent), the nearest codes of all places in a row.
        """
        with evaluating(self.player):
            return in_chunks(lambda part: self.player(self.model_units(part)).nearest.flatten(1), x)

    def indices(self, x: Numbers) -> Tensor:
        """Return the codes of examples x (N, *event) in the data's units as whole numbers, (N, places) int64."""
        with evaluating(self.player):
            return in_chunks(lambda part: self.player(self.model_units(part)).indices, x)

    def decode_indices(self, indices: Tensor) -> Tensor:
        """Codes as whole numbers (N, places) -> (N, *event) in the data's units."""
        return self.decode(self.player.embed(indices.to(self.device)).detach().flatten(1))

    @property
    def log_prob_of(self) -> Literal["density", "values", "black and white"]:
        """The kind of `log_prob`, which the likelihood determines."""
        return self.likelihood.of

    @property
    def log_prob_note(self) -> str:
        """The meaning of the bound, and the numbers with which it can be compared."""
        of = {
            "density": "the log density of a whole example in the data's own units",
            "values": "the log probability of the values of a whole example",
            "black and white": "the log probability of a whole black-and-white example (greys are used unchanged)",
        }
        return f"The log probability of an example together with the codes that the encoder chooses, a loose lower bound on {of[self.log_prob_of]}."

    def log_prob(self, x: Numbers) -> Tensor:
        """Return the lower bound log p(x | codes) + log p(codes) <= log p(x), with the codes that the encoder chooses.

        Args:
            x: (N, *event) in the data's units.

        Returns:
            (N,) nats.
        """
        reconstruction, nats = self._terms(x, without_constants=True)
        shift = self.scaling.log_abs_det if self.log_prob_of == "density" else 0.0
        return shift - reconstruction - nats

    def _terms(self, x: Numbers, *, without_constants: bool = False) -> tuple[Tensor, Tensor]:
        """-log p(x | codes) in the model's units and -log p(codes), (N,) nats each."""

        def terms(part: Tensor) -> Tensor:
            inputs = self.model_units(part)
            passed = self.player(inputs)
            output = passed.output
            logits = self.prior_player(one_hot(passed.indices, self.settings.codes, inputs))
            if without_constants:
                inputs, output = self.event.without_constants(inputs), self.event.without_constants(output)
            fit = self.likelihood.log_prob(inputs, output, self.player.log_scale)
            return torch.stack((-fit, code_nats(logits, passed.indices)), 1)

        with evaluating(self.player, self.prior_player):
            reconstruction, nats = in_chunks(terms, x).unbind(1)
        return reconstruction.contiguous(), nats.contiguous()

    def held_out_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Measure held-out examples.

        Args:
            x: (N, *event) in the data's units.
            generator: is not used.
            labels: are not used.

        Returns:
            `vq/held_out_bound` (N,) nats, the bound of `log_prob` in the model's units; `vq/held_out_reconstruction` and
            `prior/held_out_loss`, its two terms with the opposite sign; `vq/held_out_perplexity` () of all their codes.
        """
        reconstruction, nats = self._terms(x)
        counts = torch.bincount(self.indices(x).flatten(), minlength=self.settings.codes)
        return {
            "vq/held_out_bound": -(reconstruction + nats),
            "vq/held_out_reconstruction": reconstruction,
            "prior/held_out_loss": nats,
            "vq/held_out_perplexity": perplexity(counts.float()),
        }

    def training_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Return `vq/train_bound` (N,), measured like `vq/held_out_bound`."""
        reconstruction, nats = self._terms(x)
        return {"vq/train_bound": -(reconstruction + nats)}


class _Reshaped(nn.Module):
    """A network of flat vectors between examples and maps (D, 1, places)."""

    def __init__(self, network: nn.Module, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.network, self.shape = network, shape

    def forward(self, x: Tensor) -> Tensor:
        """(B, ...) -> (B, *shape)."""
        result: Tensor = self.network(x.flatten(1)).reshape(len(x), *self.shape)
        return result


def _map_networks(
    settings: MapNetworkSettings, event: Event, vector: int
) -> tuple[nn.Module, nn.Module, tuple[int, int]]:
    """Encoder, decoder, and the sides of the map."""
    if settings.network == "mlp":
        shape = (vector, 1, settings.places)
        numbers = vector * settings.places
        encoder = _Reshaped(MLP((event.size,), (numbers,), settings.hidden), shape)
        return (
            encoder,
            _Reshaped(MLP((numbers,), (event.size,), settings.hidden[::-1]), event.shape),
            (1, settings.places),
        )
    if event.kind != "image":
        raise SettingError(
            f"model.autoencoder.network: convolutional maps images (C, H, W), and these data are {event.plural} of shape "
            f"{event.shape}: set it to mlp."
        )
    channels, height, width = event.shape
    small = map_sizes((height, width), settings.halvings)[-1]
    options = (vector, settings.width, settings.halvings, settings.blocks)
    return MapEncoder(channels, *options), MapDecoder(channels, (height, width), *options), (small[0], small[1])
