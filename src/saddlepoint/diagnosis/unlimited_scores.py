"""Finds a discriminator whose loss has no lower bound and that nothing limits, before the first step: SET402.

Such a discriminator lowers its loss forever by scaling its scores, without telling real from generated examples any better.

References:
    Wasserstein GAN (Arjovsky et al., 2017), https://arxiv.org/abs/1701.07875
    Improved Training of Wasserstein GANs (Gulrajani et al., 2017), https://arxiv.org/abs/1704.00028
"""

from __future__ import annotations

from saddlepoint.diagnosis.facts import Facts
from saddlepoint.records import Finding


def unlimited_scores(run: Facts) -> Finding | None:
    """Return a finding if the discriminator's loss is unbounded and it has neither a penalty nor a constraint; else None.

    Args:
        run: with the run's traits and settings.
    """
    if "unbounded" not in run.traits or run.settings.get("model.constraints.discriminator.name"):
        return None
    weights = {
        name: value
        for name, value in run.settings.items()
        if name.startswith("model.penalties.") and name.endswith(".weight")
    }
    if any(weights.values()):
        return None
    objective = str(run.settings.get("model.objective"))
    return Finding(
        "SET402",
        "warning",
        0,
        f"The loss {objective} has no lower bound, and no penalty or constraint limits the discriminator's scores.",
        {"preflight": True, "objective": objective},
        run.advice("gradient_penalty", "spectral"),
        run.remedy("gradient_penalty"),
    )
