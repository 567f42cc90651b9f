"""What a VQ-VAE says of examples: a bound on their log probability, and its series of held-out examples."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from saddlepoint.models.arrays import Numbers, in_chunks
from saddlepoint.models.held_out import held_out_scale
from saddlepoint.models.vq_vae.coding import CodingVQVAE
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.networks.pixelcnn import PixelCNN
from saddlepoint.objectives.quantisation import code_nats, one_hot, perplexity


class MeasuringVQVAE(CodingVQVAE):
    """A VQ-VAE's bound.

    Attributes:
        prior_player: the prior over codes.
    """

    prior_player: PixelCNN
    log_prob_kind: Literal["exact", "lower bound"] = "lower bound"

    @property
    def log_prob_of(self) -> Literal["density", "values", "black and white", "mixed"]:
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
            `vq/held_out_bound` (N,) nats, the bound of `log_prob` in the model's units, and its standard error
            `vq/held_out_bound_error` (); `vq/density_numbers` () of a density; `vq/held_out_reconstruction` and
            `prior/held_out_loss`, its two terms with the opposite sign; `vq/held_out_perplexity` () of all their codes.
        """
        reconstruction, nats = self._terms(x)
        counts = torch.bincount(self.indices(x).flatten(), minlength=self.settings.codes)
        bound = -(reconstruction + nats)
        return {
            "vq/held_out_bound": bound,
            "vq/held_out_reconstruction": reconstruction,
            "prior/held_out_loss": nats,
            "vq/held_out_perplexity": perplexity(counts.float()),
            **held_out_scale("vq", "bound", bound, self.event if self.log_prob_of == "density" else None),
        }

    def training_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Return `vq/train_bound` (N,), measured like `vq/held_out_bound`."""
        reconstruction, nats = self._terms(x)
        return {"vq/train_bound": -(reconstruction + nats)}
