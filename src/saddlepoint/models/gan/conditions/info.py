"""Information-maximising codes: numbers of the generator's input that the discriminator can read from the samples."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from saddlepoint.errors import SettingError
from saddlepoint.models.arrays import device_of
from saddlepoint.models.gan.conditions.condition import Codes, Condition
from saddlepoint.objectives.adversarial.heads import Head, Targets
from saddlepoint.objectives.adversarial.numbers import check_count, check_number

MOST_CODES = 10_000  # numbers that the generator takes, and about as many outputs of the discriminator

FORBIDS = {
    "replay.share": "old examples are kept without their codes",
    "discriminator.packing": "a pack holds examples of several codes",
}


class Info(Condition):
    """InfoGAN: categorical and continuous codes, found without labels.

    The discriminator has a head that predicts the codes of generated examples, a lower bound of their mutual information with the
    example; both players maximise it. Continuous codes are uniform on [-1, 1], and predicted as a Gaussian.

    Args:
        categories: number of values of each categorical code, at least 2.
        continuous: number of continuous codes; with the values of the others at most 10,000.
        weight: of the prediction's cost in nats, above 0.

    References:
        InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets (Chen et al., 2016),
            https://arxiv.org/abs/1606.03657
    """

    roles = ("discriminator",)
    uses_labels = False
    forbids = FORBIDS

    def __init__(self, categories: Sequence[int] = (10,), continuous: int = 2, weight: float = 1.0) -> None:
        values: object = categories
        if not isinstance(values, list | tuple) or not all(type(n) is int and n >= 2 for n in values):
            raise SettingError(f"categories must be a list of whole numbers of at least 2; got {values!r}.")
        check_count("continuous", continuous, least=0)
        if sum(values) + continuous > MOST_CODES:
            raise SettingError(
                f"categories and continuous codes are {sum(values) + continuous:,} numbers in all; give at most {MOST_CODES:,}."
            )
        if not values and not continuous:
            raise SettingError("there is no code: give categories, continuous, or both.")
        check_number("weight", weight, exclusive=True)
        self.categories, self.continuous, self.weight = tuple(categories), continuous, weight

    def codes(self) -> Codes:
        return Codes(sum(self.categories) + self.continuous, self._draw, self.categories, self.continuous)

    def heads(self, classes: int) -> dict[str, Head]:
        size = sum(self.categories) + 2 * self.continuous
        return {"codes": Head(size, self._of_discriminator, self.cost, self.weight, self._observe)}

    def cost(self, output: Tensor, targets: Targets) -> Tensor:
        """Return minus the log probability of the codes in nats, (B,).

        Args:
            output: (B, size) of the head: logits of each category, then means and log-variances of continuous codes.
            targets: with the codes.
        """
        codes = _codes(targets)
        kinds = [*self.categories, self.continuous]
        *predicted, means = torch.split(output[:, : sum(kinds)], kinds, 1)
        *drawn, numbers = torch.split(codes, kinds, 1)
        cost = output.new_zeros(len(output))
        for logits, one_hot in zip(predicted, drawn, strict=True):
            cost = cost - (one_hot * logits.log_softmax(1)).sum(1)
        if self.continuous:
            log_variances = output[:, sum(kinds) :].clamp(-6, 6)  # a code that is read exactly would have no bound
            squares = (numbers - means).square() / log_variances.exp()
            cost = cost + (squares + log_variances + math.log(2 * math.pi)).sum(1) / 2
        return cost

    def _of_discriminator(self, real: Tensor, fake: Tensor, targets: Targets) -> Tensor:
        return self.cost(fake, targets)

    def _observe(self, real: Tensor, fake: Tensor, targets: Targets) -> dict[str, Tensor]:
        """The share of categorical codes that are recognised, this share between chance (0) and 1, and the R^2 of continuous ones."""
        codes, found = _codes(targets), {}
        if self.categories:
            starts = [sum(self.categories[:i]) for i in range(len(self.categories))]
            hits = [
                (fake[:, a : a + n].argmax(1) == codes[:, a : a + n].argmax(1)).float()
                for a, n in zip(starts, self.categories, strict=True)
            ]
            found["code_accuracy"] = torch.stack(hits)
            chances = [1 / n for n in self.categories]
            found["code_use"] = torch.stack([(hit - p) / (1 - p) for hit, p in zip(hits, chances, strict=True)])
        if self.continuous:
            first = sum(self.categories)
            error = (fake[:, first : first + self.continuous] - codes[:, first:]).square()
            found["code_fit"] = 1 - error * 3  # the variance of a uniform number on [-1, 1] is 1/3
        return found

    def _draw(self, n: int, generator: torch.Generator | None) -> Tensor:
        device = device_of(generator)
        parts = []
        for values in self.categories:
            chosen = (torch.rand(n, generator=generator, device=device) * values).floor().clamp(max=values - 1)
            parts.append((chosen[:, None] == torch.arange(values, device=device)).float())
        if self.continuous:
            parts.append(2 * torch.rand(n, self.continuous, generator=generator, device=device) - 1)
        return torch.cat(parts, 1)


def _codes(targets: Targets) -> Tensor:
    assert targets.codes is not None, "the game draws codes"
    return targets.codes
