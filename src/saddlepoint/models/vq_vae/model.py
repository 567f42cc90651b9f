"""VQ-VAEs: an autoencoder with discrete codes, and an autoregressive prior over them."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.errors import SettingError
from saddlepoint.models.arrays import device_of
from saddlepoint.models.assembly import check_roles
from saddlepoint.models.likelihoods import LIKELIHOODS, scaling_for
from saddlepoint.models.own_loss import ROLE, own_loss
from saddlepoint.models.units import UNIT
from saddlepoint.models.vq_vae.codebook import AveragedCodebook
from saddlepoint.models.vq_vae.construction import build_autoencoder, build_prior
from saddlepoint.models.vq_vae.measuring import MeasuringVQVAE
from saddlepoint.models.vq_vae.settings import VQVAESettings
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.objectives.phase import Observations, Phase
from saddlepoint.objectives.quantisation import (
    CANDIDATES,
    COUNTS,
    SUMS,
    QuantisationNoise,
    code_loss,
    one_hot,
    quantisation_loss,
)


class VQVAE(MeasuringVQVAE):
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

    def __init__(self, settings: VQVAESettings, event: Event, modules: Mapping[str, Any] | None = None) -> None:
        """Build the networks.

        Args:
            settings: of the model.
            event: what one example is.
            modules: as "loss" the user's own loss, instead of `settings.objective`. Where moving averages train the codebook, it observes
                what they need, as `quantisation_loss` does.

        Raises:
            SettingError: the networks or the likelihood do not fit the data.
        """
        modules = modules or {}
        check_roles(modules, (ROLE,))
        self.settings = settings
        units = scaling_for(settings.likelihood, settings.scaling, event)
        self.likelihood = LIKELIHOODS[settings.likelihood](settings, units)
        self.player = build_autoencoder(settings, event, self.likelihood)
        self.prior_player = build_prior(settings, self.player.size)
        roles = dict(zip(settings.players, settings.roles, strict=True))
        super().__init__(event, units, {"vq": self.player, "prior": self.prior_player}, roles)
        self._averages: AveragedCodebook | None = None
        if settings.codebook == "average":
            self._averages = AveragedCodebook(self.player.codebook, settings.codebook_decay, settings.restart_below)
        average = self._averages is not None
        loss = own_loss(settings.objective, modules) or quantisation_loss(
            self.likelihood.log_prob, settings.commitment, average=average
        )
        self._phases = (
            Phase("vq", loss, keep=self._keep if average else None),
            Phase("prior", code_loss(settings.codes)),
        )

    def _keep(self, observations: Observations) -> None:
        """Update the codebook; raise SettingError if an own loss does not observe what the averages need."""
        assert self._averages is not None
        missing = [name for name in (COUNTS, SUMS, CANDIDATES) if name not in observations]
        if missing:
            raise SettingError(
                f"model.objective: nothing trains the codebook, since your own loss does not observe {', '.join(missing)}, which "
                "model.codebook average needs: set model.codebook to gradient, with a distance to the codes in your loss, or return "
                "the observations of quantisation_loss."
            )
        self._averages.update(self.player.codebook, observations)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The update of the autoencoder, then that of the prior on the codes of another batch."""
        return self._phases

    @property
    def output_range(self) -> tuple[float, float] | None:
        return UNIT if self.settings.likelihood == "bernoulli" else None

    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> QuantisationNoise:
        """Draw the random numbers of one update."""
        return QuantisationNoise(torch.rand(n, generator=generator, device=generator.device))

    def extra_state(self) -> dict[str, Tensor]:
        return {} if self._averages is None else self._averages.state()

    @property
    def state_names(self) -> Set[str]:
        return self.extra_state().keys()

    def unread_state(self, names: Set[str]) -> Set[str]:
        return names - self.state_names

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
                # After weights became NaN any code is drawn: NUM301 names them, and sampling must not stop the run.
                shares = steps.advance(numbers).float().softmax(1).nan_to_num(1.0).to(device)
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

    def _sample(self, n: int, labels: Tensor | None, generator: torch.Generator | None) -> Tensor:
        """Draw codes from the prior and x given the codes; for a Bernoulli likelihood its mean, since a draw would be black and white."""
        return self._evaluate(lambda part: self._draw(part, generator), self._draw_codes(n, generator))
