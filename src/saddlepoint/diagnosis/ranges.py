"""The usual range of each setting, from published work, and a usual value for it.

A setting is unusual where it lies far outside of its range (`saddlepoint.diagnosis.unusual_settings`). Remedies take
the usual values from here, so that each is written once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from saddlepoint.diagnosis.optimiser_settings import is_of_optimiser


@dataclass(frozen=True)
class Usual:
    """The usual range of a setting.

    Attributes:
        least: smallest value in common use.
        most: largest value in common use.
        low: values below this are unusual.
        high: values above this are unusual.
        value: a value that works for many models.
        is_fatal: whether a value far above `most` is a failure, since nothing can be learnt with it; otherwise it is a warning.
    """

    least: float
    most: float
    low: float
    high: float
    value: Any
    is_fatal: bool = False

    def __str__(self) -> str:
        return f"at most {self.most:g}" if self.least <= 0 else f"{self.least:g} to {self.most:g}"


NONE = -math.inf  # there is no lower end
# Values on both sides of `low` and `high` are in use, but those beyond are rare.
RANGES: dict[str, Usual] = {
    # beta-VAE: up to 250 (Higgins et al., 2017), https://openreview.net/forum?id=Sy2fzU9gl
    "model.beta": Usual(0.0, 250.0, NONE, 1_000.0, 1.0, is_fatal=True),
    # IAF: up to 8 nats a group of units (Kingma et al., 2016), https://arxiv.org/abs/1606.04934
    "model.free_bits": Usual(0.0, 2.0, NONE, 20.0, 0.25),
    "model.observation_std": Usual(0.01, 1.0, 1e-4, 100.0, 0.1),
    # R1: 10 (Mescheder et al., 2018), up to 100 and more at high resolution (Karras et al., 2021).
    "model.penalties.r1.weight": Usual(0.0, 100.0, NONE, 1e4, 1.0, is_fatal=True),
    "model.penalties.r2.weight": Usual(0.0, 100.0, NONE, 1e4, 1.0, is_fatal=True),
    # Gradient penalty: 10 (Gulrajani et al., 2017), https://arxiv.org/abs/1704.00028; DRAGAN: 10 (Kodali et al., 2017).
    "model.penalties.gradient_penalty.weight": Usual(0.0, 100.0, NONE, 1e4, 10.0, is_fatal=True),
    "model.penalties.dragan.weight": Usual(0.0, 100.0, NONE, 1e4, 10.0, is_fatal=True),
    "model.latent": Usual(1, 1_024, NONE, 20_000, 128),
    "model.noise.scale": Usual(0.1, 10.0, 1e-3, 1_000.0, 1.0),
    # 100 in the first steps of Wasserstein GAN (Arjovsky, Chintala, Bottou, 2017), https://arxiv.org/abs/1701.07875
    "model.updates.discriminator": Usual(1, 10, NONE, 200, 1),
    "model.updates.unrolled": Usual(0, 10, NONE, 100, 5),
    "model.updates.unrolled_rate": Usual(1e-3, 1.0, NONE, 100.0, 0.1, is_fatal=True),
    "model.labels.flipping": Usual(0.0, 0.2, NONE, 0.4, 0.05),
    "model.views.instance_noise.strength": Usual(0.0, 0.5, NONE, 5.0, 0.1, is_fatal=True),
    "model.views.diffaugment.strength": Usual(0.0, 1.0, NONE, 5.0, 1.0),
    "model.views.adaptive_augmentation.strength": Usual(0.0, 1.0, NONE, 5.0, 1.0),
    "model.denoising": Usual(0.0, 1.0, NONE, 10.0, 0.1, is_fatal=True),
    "model.sparsity_weight": Usual(0.0, 10.0, NONE, 1e4, 1e-3, is_fatal=True),
    "model.discriminator.packing": Usual(1, 8, NONE, 64, 2),
    # StyleGAN's .999 to .9999 and more in diffusion models; at .99999 an average spans 100,000 steps.
    "training.ema": Usual(0.0, 0.9999, NONE, 0.99999, 0.999),
}
# Ranges of the optimiser's settings: the shared ones, and each player's own.
OPTIMISER_RANGES: dict[str, Usual] = {
    "momentum": Usual(0.0, 0.95, NONE, 0.99, 0.9),
    # Weight decay of adamw: .01 to .3 (Decoupled Weight Decay Regularization, Loshchilov, Hutter, 2019).
    "weight_decay": Usual(0.0, 0.3, NONE, 10.0, 1e-4, is_fatal=True),
    "epsilon": Usual(1e-10, 1e-3, NONE, 10.0, 1e-8),
    "clip_norm": Usual(0.01, 1_000.0, 1e-6, math.inf, 1.0),
    "historical_averaging": Usual(0.0, 1.0, NONE, 1e3, 1e-3, is_fatal=True),
}
# Weight decay that is added to the gradient: 1e-6 to 5e-4 in most work. Adam divides it by the size of the gradient, so that .1 leaves a
# transformer hardly better than counts of three characters (benchmarks/text.py: 2.26 nats, 1.91 with adamw).
ADDED_DECAY = Usual(0.0, 0.01, NONE, 0.03, 1e-4, is_fatal=True)
BETA_RANGES = (Usual(0.0, 0.95, NONE, 0.99, 0.9), Usual(0.9, 0.9999, 0.5, 0.99999, 0.999))


def usual_value(name: str) -> Any:
    """Return a usual value for a setting by its dotted name."""
    usual = OPTIMISER_RANGES[name.rpartition(".")[2]] if is_of_optimiser(name) else RANGES[name]
    return usual.value
