"""Autoencoders: a one-player game that compresses examples to small codes and reconstructs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from saddlepoint.data.event import Event, ScalingKind
from saddlepoint.errors import RunError, SettingError
from saddlepoint.models.arrays import Numbers, device_of, in_chunks
from saddlepoint.models.assembly import check_roles, network
from saddlepoint.models.autoencoder.settings import AutoencoderSettings
from saddlepoint.models.codes import CodeModel
from saddlepoint.models.mixture import CodeMixture
from saddlepoint.models.own_loss import ROLE, own_loss
from saddlepoint.models.own_noise import global_seed_from
from saddlepoint.models.units import UNIT, scaling
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.objectives.autoencoding import CodeNoise, autoencoding
from saddlepoint.objectives.phase import Phase
from saddlepoint.objectives.reconstruction import RECONSTRUCTIONS


class AutoencoderNetwork(nn.Module):
    """The player of an autoencoder: encoder and decoder.

    Args:
        encoder: (B, *event) -> (B, latent).
        decoder: (B, latent) -> (B, *event).
        bounded_code: whether a sigmoid is applied to the code, so that activations are in (0, 1).
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, bounded_code: bool = False) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.bounded_code = bounded_code

    def encode(self, x: Tensor) -> Tensor:
        """Encode x (B, *event) to codes (B, latent)."""
        code: Tensor = self.encoder(x)
        return code.sigmoid() if self.bounded_code else code

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Encode and decode.

        Args:
            x: (B, *event).

        Returns:
            The output (B, *event), which is logits for the Bernoulli reconstruction, and the code (B, latent).
        """
        code = self.encode(x)
        return self.decoder(code), code


class Autoencoder(CodeModel):
    """An autoencoder whose samples are decoded from a Gaussian mixture fitted to its codes.

    References:
        Reducing the Dimensionality of Data with Neural Networks (Geoffrey Hinton, Ruslan Salakhutdinov, 2006),
        https://doi.org/10.1126/science.1127647
    """

    selection_metric = ("ae/held_out_reconstruction", -1)
    family: ClassVar[str] = "autoencoder"

    def __init__(self, settings: AutoencoderSettings, event: Event, modules: Mapping[str, Any] | None = None) -> None:
        """Build the networks.

        Args:
            settings: of the autoencoder.
            event: what one example is.
            modules: the user's own networks by role, and as "loss" the user's own loss, instead of `settings.objective`.

        Raises:
            SettingError: a network does not fit, or the reconstruction is Bernoulli and the data are not in [0, 1].
        """
        modules = modules or {}
        check_roles(modules, ("encoder", "decoder", ROLE))
        self.settings = settings
        kind: ScalingKind
        if settings.scaling == "auto":
            if settings.reconstruction == "bernoulli" and not event.bounded:
                raise SettingError(
                    "model.reconstruction: bernoulli needs data with a known range, and the range of these data is unknown: "
                    "use l2 or l1, or set model.scaling to unit."
                )
            kind = "unit" if event.bounded else "standard"
        else:
            kind = settings.scaling
        series = event.kind == "series"
        player = AutoencoderNetwork(
            network("encoder", settings.encoder, event.shape, (settings.latent,), modules, series=series),
            network("decoder", settings.decoder, (settings.latent,), event.shape, modules, series=series),
            bounded_code=settings.sparsity == "kl",
        )
        super().__init__(
            event, scaling(event, kind, self.output_range, "bernoulli"), {"ae": player}, {"ae": "autoencoder"}
        )
        self.player = player
        self.prior: CodeMixture | None = None
        loss = autoencoding(
            settings.reconstruction, settings.sparsity, settings.sparsity_weight, settings.sparsity_target
        )
        self._phases = (Phase("ae", own_loss(settings.objective, modules) or loss),)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One phase: the autoencoder minimises its reconstruction error."""
        return self._phases

    @property
    def output_range(self) -> tuple[float, float] | None:
        return UNIT if self.settings.reconstruction == "bernoulli" else None

    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> CodeNoise:
        """Draw the noise that a denoising autoencoder adds to its input; nothing else is random."""
        if self.settings.denoising == 0:
            return CodeNoise()
        corruption = torch.randn(n, *self.event.shape, generator=generator, device=generator.device)
        return CodeNoise(self.settings.denoising * corruption)

    def fixed_noise(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw codes (n, latent) from the fitted mixture, or from a standard normal distribution before the fit."""
        n = self.check_request(n, None, generator)
        if self.prior is not None:
            return self.prior.sample(n, generator)
        device = device_of(generator)
        return torch.randn(n, self.settings.latent, generator=generator, device=device)

    def _sample(self, n: int, labels: Tensor | None, generator: torch.Generator | None) -> Tensor:
        """Draw codes from the fitted mixture and decode them."""
        if self.prior is None:
            raise RunError(
                "sample: this autoencoder has no distribution over its codes yet: finish its training, or call "
                "model.fit(examples, generator)."
            )
        return self.decode(self.prior.sample(n, generator))

    def encode(self, x: Numbers) -> Tensor:
        """Encode examples.

        Args:
            x: (N, *event) in the data's units.

        Returns:
            (N, latent) codes.
        """
        with evaluating(self.player):
            return in_chunks(lambda part: self.player.encode(self.model_units(part)), x)

    @property
    def latent(self) -> int:
        return self.settings.latent

    @property
    def sampler(self) -> Callable[[Tensor], Tensor]:
        decoder: Callable[[Tensor], Tensor] = self.player.decoder
        return decoder

    def decode(self, z: Numbers) -> Tensor:
        z = self.latent_codes(z)
        with evaluating(self.player), global_seed_from(z):
            return in_chunks(self._decode, z)

    def _decode(self, z: Tensor) -> Tensor:
        output = self.player.decoder(z)
        return self.scaling.to_data(output.sigmoid() if self.settings.reconstruction == "bernoulli" else output)

    def held_out_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Measure held-out examples, without noise on the input.

        Args:
            x: (N, *event) in the data's units.
            generator: not used.

        Returns:
            `ae/held_out_reconstruction` (N,); `ae/active_units` (), the number of code units whose variance over examples is
            above 1% of the largest.
        """
        held_out = self._errors(x)
        variance = self.encode(x).var(0, correction=0)
        active = (variance > 0.01 * variance.max()).sum()
        return {"ae/held_out_reconstruction": held_out, "ae/active_units": active.to(torch.float32)}

    def training_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Return `ae/train_reconstruction` (N,), measured like `ae/held_out_reconstruction`."""
        return {"ae/train_reconstruction": self._errors(x)}

    def _errors(self, x: Tensor) -> Tensor:
        """Reconstruction errors (N,) in the model's units, for x (N, *event) in the data's units."""
        error = RECONSTRUCTIONS[self.settings.reconstruction]

        def errors(part: Tensor) -> Tensor:
            inputs = self.model_units(part)
            return error(self.player(inputs)[0], inputs)

        with evaluating(self.player):
            return in_chunks(errors, x)

    def fit(self, x: Tensor, generator: torch.Generator) -> None:
        """Fit the mixture to the codes of examples.

        Args:
            x: (N, *event) in the data's units.
            generator: draws a subset of the codes and the seed of the fit.
        """
        self.prior = CodeMixture.fit(self.encode(x), self.settings.prior_components, generator)

    def extra_state(self) -> dict[str, Tensor]:
        return {} if self.prior is None else self.prior.state()

    def load_extra_state(self, state: Mapping[str, Tensor]) -> None:
        prior = CodeMixture.from_state(state) if state else None
        size = self.settings.latent
        if prior is not None and (
            prior.weights.ndim != 1
            or prior.means.shape != (len(prior.weights), size)
            or prior.cholesky.shape != (len(prior.weights), size, size)
        ):
            raise ValueError(f"its mixture is not of codes of size {size}")
        self.prior = prior
