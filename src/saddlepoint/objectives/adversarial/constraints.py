"""Constraints on a player's weights: a parametrisation of its layers, or a projection after each of its updates.

References:
    Wasserstein GAN (Arjovsky, Chintala, Bottou, 2017), https://arxiv.org/abs/1701.07875 (weight clipping)
    Spectral Normalization for Generative Adversarial Networks (Miyato, Kataoka, Koyama, Yoshida, 2018),
        https://arxiv.org/abs/1802.05957
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils import parametrize

from saddlepoint.errors import SettingError
from saddlepoint.objectives.adversarial.numbers import check_count, check_number

MOST_ITERATIONS = 1_000  # more only cost time: the vectors go on from step to step


class Constraint(Protocol):
    """A restriction of a player's weights.

    A constraint may have a method `observe(network) -> dict[str, Tensor]`, whose numbers () are recorded as series of the player,
    and `divides_by_weights = True` if it cannot be put on a network in which all weights of a layer begin at 0.

    Attributes:
        after_update: whether `project` must be called after every update.
        forbids: settings that cannot be combined with it on the discriminator, with the reason.
    """

    after_update: ClassVar[bool]
    forbids: ClassVar[Mapping[str, str]]

    def prepare(self, network: nn.Module) -> None:
        """Change the network once, before training. Its state dict then contains everything that a checkpoint needs."""

    def project(self, network: nn.Module) -> None:
        """Project the weights onto the allowed set, in place and without gradients."""


@dataclass(frozen=True)
class Clip:
    """Weight clipping: keeps every weight in [-limit, limit].

    Attributes:
        limit: above 0.
    """

    limit: float = 0.01
    after_update: ClassVar[bool] = True
    forbids: ClassVar[Mapping[str, str]] = {
        "updates.unrolled": "the steps that the generator looks ahead are not clipped"
    }

    def __post_init__(self) -> None:
        check_number("limit", self.limit, exclusive=True)

    def prepare(self, network: nn.Module) -> None:
        """Clip the first weights."""
        self.project(network)

    def project(self, network: nn.Module) -> None:
        """Clip every weight."""
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.clamp_(-self.limit, self.limit)

    def observe(self, network: nn.Module) -> dict[str, Tensor]:
        """Return `clipped_weights`, the share of weights at the limit, ()."""
        weights = torch.cat([parameter.detach().flatten() for parameter in network.parameters() if parameter.ndim > 1])
        # Rounding in lower precision may move a limit by a part in a hundred.
        return {"clipped_weights": (weights.abs() >= 0.99 * self.limit).float().mean()}


@dataclass(frozen=True)
class Spectral:
    """Spectral normalisation: divides the weight of each linear and convolutional layer by its largest singular value.

    The singular value is estimated by power iteration.

    Attributes:
        iterations: of the power method in each forward pass, from 1 to 1,000.
    """

    iterations: int = 1
    after_update: ClassVar[bool] = False
    divides_by_weights: ClassVar[bool] = True
    forbids: ClassVar[Mapping[str, str]] = {
        "updates.unrolled": "the power iteration changes its vectors in place, which the steps ahead cannot repeat"
    }

    def __post_init__(self) -> None:
        check_count("iterations", self.iterations, most=MOST_ITERATIONS)

    def prepare(self, network: nn.Module) -> None:
        """Parametrise every linear and convolutional layer; the vectors of the power iteration are buffers.

        Raises:
            SettingError: all weights of a layer are 0, so that there is nothing to divide by.
        """
        for name, layer in network.named_modules():
            if isinstance(layer, nn.Linear | _ConvNd) and not _is_normalised(layer):
                if not layer.weight.is_meta and not layer.weight.any():
                    raise SettingError(
                        "spectral normalisation divides the weights of every layer by their largest singular value, but "
                        f'those of the layer "{name}" begin at 0 (in the network r3gan this is so by design): choose another '
                        "network, or the constraint clip or orthogonal."
                    )
                nn.utils.parametrizations.spectral_norm(layer, n_power_iterations=self.iterations)

    def project(self, network: nn.Module) -> None:
        """Do nothing: the parametrisation always satisfies the constraint."""


def _is_normalised(layer: nn.Module) -> bool:
    """Whether the weight already has a parametrisation: that of an earlier call, or the user's own."""
    return parametrize.is_parametrized(layer, "weight") or hasattr(layer, "weight_orig")
