"""What a network that makes samples does with its code, tried before the first step: GAN110 and NUM305.

Ready-made networks map each code to one example, whatever else is in the batch. A network of one's own may ignore the code,
or normalise by the statistics of the batch at sampling too; then nobody can ask for the same example twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from saddlepoint.models.base import Model
from saddlepoint.models.codes import CodeModel
from saddlepoint.records import Finding

CODES = 16
MOVED = 0.1  # standard deviation of what is added to weights
SAME = 1e-5  # of the outputs' size: below it, two outputs differ by rounding alone
COMPANIONS = 1e-3  # of their size: rounding depends a little on how many examples are computed together


def of_sampling(model: Model) -> Iterator[Finding]:
    """Findings on the network that turns codes into examples; none where codes are not what it takes.

    Args:
        model: any; one without codes has nothing to check.
    """
    if not isinstance(model, CodeModel):
        return
    sampler = model.sampler
    generator = torch.Generator(model.device).manual_seed(0)
    first, second = (model.fixed_noise(CODES, generator).to(model.dtype) for _ in range(2))
    with model.at_rest():
        made = _made(sampler, first, 0)
        size = float(made.abs().max()) or 1.0
        noisy = _differ(_made(sampler, first, 1), made, SAME * size)
        if not _differ(_made(sampler, second, 0), made, SAME * size) and _ignores_when_moved(model, first, second):
            yield _ignores_its_code(noisy)
        elif not noisy and _differ(_made(sampler, first[: CODES // 2], 0), made[: CODES // 2], COMPANIONS * size):
            yield _depends_on_its_batch()


def _ignores_when_moved(model: CodeModel, first: Tensor, second: Tensor) -> bool:
    """Whether both codes make the same once random numbers are added to all weights, which are put back.

    A network whose last layer starts at 0 makes the same of every code until it learns.
    """
    sampler = model.sampler
    players = model.players.values()
    weights = [weight for player in players for weight in player.parameters() if weight.is_floating_point()]
    before = [weight.detach().clone() for weight in weights]
    torch.manual_seed(0)
    try:
        for weight in weights:
            weight.add_(MOVED * torch.randn_like(weight))
        made = _made(sampler, first, 0)
        return not _differ(_made(sampler, second, 0), made, SAME * (float(made.abs().max()) or 1.0))
    finally:
        for weight, value in zip(weights, before, strict=True):
            weight.copy_(value)


def _ignores_its_code(noisy: bool) -> Finding:
    way = "it draws noise of its own instead" if noisy else "it makes one example, whatever it is given"
    return Finding(
        "GAN110",
        "warning" if noisy else "failure",
        0,
        f"The code does not decide the sample: the network that makes samples ignores its input; {way}.",
        {"codes": CODES, "own_noise": noisy},
        "Let its first layer take the code (N, model.latent). Otherwise samples cannot be repeated, interpolated or "
        "compared between steps.",
    )


def _depends_on_its_batch() -> Finding:
    return Finding(
        "NUM305",
        "warning",
        0,
        "A sample depends on the others that are made with it: the network normalises by its batch at sampling too.",
        {"codes": CODES},
        "Give its BatchNorm layers running statistics (track_running_stats=True), or normalise each example by itself "
        "(LayerNorm, GroupNorm).",
    )


def _made(sampler: Callable[[Tensor], Tensor], z: Tensor, seed: int) -> Tensor:
    """The outputs for codes z, with the network's own noise drawn from this seed."""
    torch.manual_seed(seed)
    return sampler(z).float()


def _differ(one: Tensor, other: Tensor, by: float) -> bool:
    """Whether two sets of outputs differ by more; NaN differs from everything, and other rules find it."""
    return not bool(((one - other).abs() <= by).all())
