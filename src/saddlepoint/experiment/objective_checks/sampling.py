"""Check before the first step that a sample depends on its code only: GAN110 and NUM305.

Built-in networks map each code to one example, independently of the rest of the batch. The user's own network may ignore the
code, or normalise by the statistics of the batch in sampling too; then samples cannot be reproduced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import HasSampler, has
from saddlepoint.networks.perturbing import perturbed
from saddlepoint.records import Finding

CODES = 16
SAME = 1e-5  # relative to the outputs' size: smaller differences are rounding errors
BATCH_EFFECT = 1e-3  # relative to the outputs' size: rounding errors depend a little on the size of the batch


def check_sampling(model: Model) -> Iterator[Finding]:
    """Check the network that maps codes to examples.

    Args:
        model: any model; one without codes has nothing to check.

    Yields:
        The findings.
    """
    if not has(model, HasSampler):
        return
    sampler = model.sampler
    generator = torch.Generator(model.device).manual_seed(0)
    first, second = (model.fixed_noise(CODES, generator).to(model.dtype) for _ in range(2))
    with model.at_rest():
        made = _outputs(sampler, first, 0)
        size = float(made.abs().max()) or 1.0
        noisy = _differ(_outputs(sampler, first, 1), made, SAME * size)
        same = not _differ(_outputs(sampler, second, 0), made, SAME * size)
        if same and _ignores_perturbed(model, sampler, first, second):
            yield _ignored_code(noisy)
        elif not noisy and _differ(_outputs(sampler, first[: CODES // 2], 0), made[: CODES // 2], BATCH_EFFECT * size):
            yield _batch_dependence()


def _ignores_perturbed(model: Model, sampler: Callable[[Tensor], Tensor], first: Tensor, second: Tensor) -> bool:
    """Whether the outputs for two batches of codes agree with other weights too."""
    with perturbed(*model.players.values()):
        made = _outputs(sampler, first, 0)
        return not _differ(_outputs(sampler, second, 0), made, SAME * (float(made.abs().max()) or 1.0))


def _ignored_code(noisy: bool) -> Finding:
    way = "it draws its own noise instead" if noisy else "every code gives the same example"
    return Finding(
        "GAN110",
        "warning" if noisy else "failure",
        0,
        f"The code does not decide the sample: the network that generates samples ignores its input; {way}.",
        {"codes": CODES, "own_noise": noisy},
        "Pass the code (N, model.latent) to its first layer. Otherwise samples cannot be reproduced, interpolated or "
        "compared between steps.",
    )


def _batch_dependence() -> Finding:
    return Finding(
        "NUM305",
        "warning",
        0,
        "A sample depends on the other samples of its batch: the network normalises by the batch in sampling too.",
        {"codes": CODES},
        "Give its BatchNorm layers running statistics (track_running_stats=True), or normalise each example separately "
        "(LayerNorm, GroupNorm).",
    )


def _outputs(sampler: Callable[[Tensor], Tensor], z: Tensor, seed: int) -> Tensor:
    """The outputs (B, *event) for codes z (B, latent), with the network's own noise drawn from this seed."""
    torch.manual_seed(seed)
    return sampler(z).float()


def _differ(one: Tensor, other: Tensor, by: float) -> bool:
    """Whether two batches of outputs differ by more than `by`. NaN differs from everything; other rules report it."""
    return not bool(((one - other).abs() <= by).all())
