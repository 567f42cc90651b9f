"""The parts of adversarial games by name (torch-free): one line for each part.

A recipe names a part by its key here, or by the import path `module:Name` of the user's own.
"""

from __future__ import annotations

from dataclasses import dataclass

_HERE = "saddlepoint.objectives.adversarial"


@dataclass(frozen=True)
class LossEntry:
    """The import path of a loss, and what its numbers mean, which diagnosis reads without torch.

    Attributes:
        path: import path of an `AdversarialLoss`.
        traits: see the table in `saddlepoint.diagnosis.traits`. Those that the loss has attributes for must agree with it:
            `probability` with a `link`, `paired` with `paired`.
    """

    path: str
    traits: frozenset[str] = frozenset()


def _loss(path: str, *traits: str) -> LossEntry:
    return LossEntry(f"{_HERE}.{path}", frozenset(traits))


LOSSES: dict[str, LossEntry] = {
    "non-saturating": _loss("losses:NON_SATURATING", "probability", "cross_entropy", "log_odds"),
    "minimax": _loss("losses:MINIMAX", "probability", "cross_entropy", "saturates", "log_odds"),
    "relativistic": _loss("losses:RELATIVISTIC", "probability", "cross_entropy", "paired", "log_odds", "differences"),
    "feature-matching": _loss("feature_matching:FEATURE_MATCHING", "probability", "cross_entropy", "log_odds"),
    "least-squares": _loss("losses:LEAST_SQUARES", "probability", "squared_error"),
    "hinge": _loss("losses:HINGE", "margin", "linear"),
    "wasserstein": _loss("losses:WASSERSTEIN", "differences", "unbounded", "linear"),
    "relativistic-average": _loss(
        "losses:RELATIVISTIC_AVERAGE", "probability", "cross_entropy", "log_odds", "differences"
    ),
    "relativistic-average-hinge": _loss("losses:RELATIVISTIC_AVERAGE_HINGE", "margin", "differences"),
    "f-kl": _loss("f_divergences:KL", "probability", "log_odds", "unbounded", "exponential", "linear"),
    "f-reverse-kl": _loss("f_divergences:REVERSE_KL", "probability", "log_odds", "unbounded", "exponential"),
    "f-jensen-shannon": _loss("f_divergences:JENSEN_SHANNON", "probability", "log_odds"),
    "f-pearson": _loss("f_divergences:PEARSON", "probability", "unbounded", "linear"),
    "f-squared-hellinger": _loss("f_divergences:SQUARED_HELLINGER", "probability", "log_odds", "exponential"),
    "energy-margin": _loss("energy:ENERGY_MARGIN", "energy"),
    "boundary-equilibrium": _loss("energy:BOUNDARY_EQUILIBRIUM", "energy", "balanced"),
}
# Names of losses in papers and other programs, in lower case with hyphens, and the loss here.
LOSSES_ELSEWHERE: dict[str, str] = {
    **dict.fromkeys(("lsgan", "ls", "ls-gan", "mse", "l2", "least-square"), "least-squares"),
    **dict.fromkeys(("wgan", "wgan-gp", "wgangp", "w-gan", "wasserstein-gp", "wasserstein-loss"), "wasserstein"),
    **dict.fromkeys(
        ("bce", "vanilla", "standard", "gan", "dcgan", "cross-entropy", "logistic", "ns", "nsgan", "softplus"),
        "non-saturating",
    ),
    **dict.fromkeys(("saturating", "mmgan", "min-max"), "minimax"),
    **dict.fromkeys(("rsgan", "rpgan", "rgan", "r3gan", "relativistic-gan", "relativistic-pairing"), "relativistic"),
    **dict.fromkeys(("ragan", "rasgan", "relativistic-average-gan"), "relativistic-average"),
    **dict.fromkeys(("rahinge", "rahingegan"), "relativistic-average-hinge"),
    **dict.fromkeys(("kl", "fgan", "f-gan", "fgan-kl"), "f-kl"),
    **dict.fromkeys(("reverse-kl", "rkl", "fgan-rkl"), "f-reverse-kl"),
    **dict.fromkeys(("jensen-shannon", "js", "jsd", "f-js", "fgan-js"), "f-jensen-shannon"),
    **dict.fromkeys(("pearson", "chi-squared", "chi2", "fgan-pearson"), "f-pearson"),
    **dict.fromkeys(("hellinger", "squared-hellinger", "f-hellinger", "fgan-hellinger"), "f-squared-hellinger"),
    **dict.fromkeys(("ebgan", "energy", "energy-based"), "energy-margin"),
    **dict.fromkeys(("began",), "boundary-equilibrium"),
    **dict.fromkeys(("hinge-loss", "hingegan", "geometric"), "hinge"),
    **dict.fromkeys(("fm", "fmgan", "feature-match"), "feature-matching"),
}
# Some of these names stand for a loss and other parts; the loss alone is another game.
LOSSES_TOGETHER_WITH: dict[str, str] = {
    **dict.fromkeys(("wgan-gp", "wgangp", "wasserstein-gp"), "model.penalties.gradient_penalty 10"),
    **dict.fromkeys(("wgan", "w-gan"), "model.constraints.discriminator clip"),
    **dict.fromkeys(("r3gan",), "model.penalties.r1 1 and model.penalties.r2 1"),
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
