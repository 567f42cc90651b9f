"""A discriminator that is an autoencoder."""

from __future__ import annotations

from torch import Tensor, nn


class EnergyDiscriminator(nn.Module):
    """(B, *event) -> (B,) logits: minus the mean error of the reconstruction over an example's numbers.

    Args:
        encoder: (B, *event) -> (B, code).
        decoder: (B, code) -> (B, *event).
        absolute: whether errors are absolute instead of squared.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, *, absolute: bool = False) -> None:
        super().__init__()
        self.encoder, self.decoder, self.absolute = encoder, decoder, absolute

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (B,) of examples x (B, *event) in the model's units."""
        error = (self.decoder(self.encoder(x)) - x).flatten(1)
        errors: Tensor = error.abs() if self.absolute else error.square()
        return -errors.mean(1)
