"""The parts of adversarial games by name (torch-free): one line for each part.

A recipe names a part by its key here, or by the import path `module:Name` of the user's own.
"""

from __future__ import annotations

from dataclasses import dataclass

_HERE = "saddlepoint.objectives.adversarial"


@dataclass(frozen=True)
class LossEntry:
    """The import path of a loss and its properties, which diagnosis reads without torch.

    Attributes:
        path: import path of an `AdversarialLoss`.
        has_probability: whether a logit has a probability of being real (`AdversarialLoss.link`).
        cross_entropy: whether the discriminator minimises binary cross-entropies, which sum to 2 log 2 nats if it cannot
            distinguish real from generated examples.
        paired: whether each real example is compared with a generated one.
        saturates: whether the generator's gradient vanishes if the discriminator is confident.
        traits: further traits for diagnosis, see the table in `saddlepoint.diagnosis.traits`.
    """

    path: str
    has_probability: bool = False
    cross_entropy: bool = False
    paired: bool = False
    saturates: bool = False
    traits: tuple[str, ...] = ()


LOSSES: dict[str, LossEntry] = {
    "non-saturating": LossEntry(
        f"{_HERE}.losses:NON_SATURATING", has_probability=True, cross_entropy=True, traits=("log_odds",)
    ),
    "minimax": LossEntry(
        f"{_HERE}.losses:MINIMAX", has_probability=True, cross_entropy=True, saturates=True, traits=("log_odds",)
    ),
    "relativistic": LossEntry(
        f"{_HERE}.losses:RELATIVISTIC",
        has_probability=True,
        cross_entropy=True,
        paired=True,
        traits=("log_odds", "differences"),
    ),
    "feature-matching": LossEntry(
        f"{_HERE}.feature_matching:FEATURE_MATCHING", has_probability=True, cross_entropy=True, traits=("log_odds",)
    ),
    "least-squares": LossEntry(f"{_HERE}.losses:LEAST_SQUARES", has_probability=True, traits=("squared_error",)),
    "hinge": LossEntry(f"{_HERE}.losses:HINGE", traits=("margin", "linear")),
    "wasserstein": LossEntry(f"{_HERE}.losses:WASSERSTEIN", traits=("differences", "unbounded", "linear")),
    "relativistic-average": LossEntry(
        f"{_HERE}.losses:RELATIVISTIC_AVERAGE",
        has_probability=True,
        cross_entropy=True,
        traits=("log_odds", "differences"),
    ),
    "relativistic-average-hinge": LossEntry(
        f"{_HERE}.losses:RELATIVISTIC_AVERAGE_HINGE", traits=("margin", "differences")
    ),
    "f-kl": LossEntry(
        f"{_HERE}.f_divergences:KL", has_probability=True, traits=("log_odds", "unbounded", "exponential", "linear")
    ),
    "f-reverse-kl": LossEntry(
        f"{_HERE}.f_divergences:REVERSE_KL", has_probability=True, traits=("log_odds", "unbounded", "exponential")
    ),
    "f-jensen-shannon": LossEntry(f"{_HERE}.f_divergences:JENSEN_SHANNON", has_probability=True, traits=("log_odds",)),
    "f-pearson": LossEntry(f"{_HERE}.f_divergences:PEARSON", has_probability=True, traits=("unbounded", "linear")),
    "f-squared-hellinger": LossEntry(
        f"{_HERE}.f_divergences:SQUARED_HELLINGER", has_probability=True, traits=("log_odds", "exponential")
    ),
    "energy-margin": LossEntry(f"{_HERE}.energy:ENERGY_MARGIN", traits=("energy",)),
    "boundary-equilibrium": LossEntry(f"{_HERE}.energy:BOUNDARY_EQUILIBRIUM", traits=("energy", "balanced")),
}
PENALTIES: dict[str, str] = {
    "r1": f"{_HERE}.penalties:R1",
    "r2": f"{_HERE}.penalties:R2",
    "gradient_penalty": f"{_HERE}.slopes:gradient_penalty",
    "zero_centred": f"{_HERE}.slopes:ZERO_CENTRED",
    "dragan": f"{_HERE}.slopes:dragan",
    "consistency": f"{_HERE}.consistency:consistency",
    "balanced_consistency": f"{_HERE}.consistency:balanced_consistency",
    "lecam": f"{_HERE}.lecam:lecam",
}
CONSTRAINTS: dict[str, str] = {
    "clip": f"{_HERE}.constraints:Clip",
    "spectral": f"{_HERE}.constraints:Spectral",
    "orthogonal": f"{_HERE}.orthogonal:Orthogonal",
}
VIEWS: dict[str, str] = {
    "instance_noise": f"{_HERE}.views:INSTANCE_NOISE",
    "diffaugment": f"{_HERE}.diffaugment:DiffAugment",
    "adaptive_augmentation": f"{_HERE}.adaptive:AdaptiveAugmentation",
}
