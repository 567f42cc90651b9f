"""Where samples come from: the model under test, and deliberately bad generators, which give a score its worst case."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.split import shuffled_order
from saddlepoint.errors import DataError
from saddlepoint.models.arrays import as_tensor
from saddlepoint.models.capabilities import GenerativeModel

TOGETHER = 1_000  # samples drawn at a time; a seed's samples depend on it, so it is no setting
_MOST_NUMBERS = 1 << 24  # held at a time while sampling
_FITTED = 10_000  # training examples behind the noise's mean and deviation


def draw_samples(model: GenerativeModel, event: Event, n: int, seed: int, advance: Callable[[int], None]) -> Tensor:
    """n samples (n, *event) on the CPU, in the data's units and type; the same for the same seed.

    Args:
        model: what draws them.
        event: what one example of the data is.
        n: how many.
        seed: of the generator that the model is given.
        advance: called with the number of samples drawn since the last call.

    Raises:
        DataError: samples of another shape, NaN or infinite ones, or such as the data's type cannot hold.
    """
    device = getattr(model, "device", torch.device("cpu"))
    generator = torch.Generator(device).manual_seed(seed)
    size = max(1, min(TOGETHER, _MOST_NUMBERS // event.size))
    parts = []
    for start in range(0, n, size):
        count = min(size, n - start)
        parts.append(_checked(_sampled(model, count, generator), count, event))
        advance(count)
    return torch.cat(parts)


def _sampled(model: GenerativeModel, n: int, generator: torch.Generator) -> Tensor:
    parameters = inspect.signature(model.sample).parameters.values()
    if any(p.name == "generator" or p.kind is p.VAR_KEYWORD for p in parameters):
        samples = model.sample(n, generator=generator)
    else:  # a model that draws from the global generator
        with torch.random.fork_rng():
            torch.manual_seed(int(torch.randint(2**62, (), generator=generator, device=generator.device)))
            samples = model.sample(n)
    return as_tensor(samples).detach().cpu()


def _checked(samples: Tensor, n: int, event: Event) -> Tensor:
    wanted = (n, *event.shape)
    if tuple(samples.shape) != wanted:
        raise DataError(
            f"the model's samples have shape {tuple(samples.shape)} where {wanted} was asked for: the data's examples are "
            f"{event.plural} of shape {event.shape}, and samples must be so too."
        )
    if samples.is_floating_point():
        broken = int((~samples.flatten(1).isfinite()).any(1).sum())
        if broken:
            raise DataError(
                f"{broken:,} of {n:,} samples hold NaN or infinite values: the model is broken, and a score over the "
                "other samples would hide it. Evaluate an earlier checkpoint (--step), or find out why."
            )
    if event.dtype == "uint8" and samples.dtype != torch.uint8:
        if samples.min() < 0 or samples.max() > 255:
            raise DataError(
                f"the model's samples lie in [{float(samples.min()):g}, {float(samples.max()):g}] where the data's are "
                "bytes, 0 to 255: samples must come in the data's own units."
            )
        samples = samples.float().round()
    return samples.to(event.torch_dtype)


def noise(dataset: Dataset, n: int, seed: int) -> Tensor:
    """n examples (n, *event) of independent Gaussian numbers with the training data's mean and deviation at each place,
    clipped to the data's range and type."""
    event = dataset.event
    # At random: the examples of a folder come class by class.
    some = shuffled_order(len(dataset), seed)[: max(2, min(_FITTED, (1 << 26) // event.size))]
    fitted = dataset.x[some].float()
    generator = torch.Generator().manual_seed(seed)
    deviation = fitted.std(0) if len(fitted) > 1 else torch.zeros(event.shape)
    x = fitted.mean(0) + deviation * torch.randn(n, *event.shape, generator=generator)
    if event.bounded:
        x = x.clamp(event.low, event.high)
    return x.round().to(torch.uint8) if event.dtype == "uint8" else x


def repeat(dataset: Dataset, n: int) -> Tensor:
    """The first training example, n times: (n, *event)."""
    return dataset.x[:1].expand(n, *dataset.event.shape).clone()
