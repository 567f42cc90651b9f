"""Naive Bayes: the numbers of an example are independent given its class."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from saddlepoint.data.event import Event, ScalingKind
from saddlepoint.models.arrays import device_of
from saddlepoint.models.classical.distribution import Completing, refuse
from saddlepoint.models.classical.moments import Moments
from saddlepoint.models.classical.normal import LOG_2PI
from saddlepoint.models.classical.settings import ClassicalSettings
from saddlepoint.models.draws import draw_index, draw_normal


class NaiveBayes(Completing):
    """p(x | y) = prod_i p(x_i | y).

    The factors are Gaussians with the moments of the class; or Bernoulli distributions of values that are set to black or white at the middle
    of their range; or for counts, Poisson distributions whose rates are a mean total, the same for all classes, times a share of the class
    for each column. Given the total, such counts have a multinomial distribution, and the probabilities of the classes are those of
    multinomial naive Bayes. The symbols of a text are drawn from one distribution for each class.

    References:
        A Comparison of Event Models for Naive Bayes Text Classification (Andrew McCallum, Kamal Nigam, 1998),
            https://www.cs.cmu.edu/~knigam/papers/multinomial-aaaiws98.pdf
    """

    state_names: ClassVar[tuple[str, ...]] = ("count", "total", "squares")

    def __init__(self, settings: ClassicalSettings, event: Event, shape: tuple[int, ...]) -> None:
        super().__init__(settings, event, shape)
        classes, size = len(event.class_names or ()), math.prod(shape)
        self._kind = settings.features
        self._text = event.kind == "text" and self._kind == "multinomial"
        self.log_prob_of = {"gaussian": "density", "bernoulli": "black and white", "multinomial": "values"}[self._kind]  # type: ignore[assignment]
        width = (event.levels or 0) if self._text else size
        # Number of examples by class; the mean of a Gaussian or the sum of other numbers; the scatter of a Gaussian.
        self.count = torch.zeros(classes, dtype=torch.float64)
        self.total = torch.zeros(classes, width, dtype=torch.float64)
        self.squares = torch.zeros(classes, width if self._kind == "gaussian" else 0, dtype=torch.float64)

    @classmethod
    def check_event(cls, settings: ClassicalSettings, event: Event) -> None:
        if event.kind == "text" and settings.features != "multinomial":
            raise refuse(settings, "of a text needs model.features: multinomial.")
        if settings.features == "bernoulli" and not event.bounded:
            raise refuse(
                settings,
                "with model.features: bernoulli needs data with a known range, such as images: set them to gaussian.",
            )
        if settings.features == "multinomial" and (event.levels is None or (event.low or 0) != 0):
            raise refuse(
                settings,
                "with model.features: multinomial needs a text, or counts from 0 up of type uint8: set them to gaussian.",
            )

    @classmethod
    def usual_scaling(cls, settings: ClassicalSettings, event: Event) -> ScalingKind:
        return "none" if settings.features == "multinomial" else super().usual_scaling(settings, event)

    def learn(self, x: Tensor, y: Tensor | None) -> None:
        assert y is not None
        rows = self._numbers(x)
        if self._kind == "gaussian":
            for label in torch.unique(y).tolist():
                before = Moments(self.count[label], self.total[label], self.squares[label])
                moments = before.include(rows[y == label])
                self.count, self.total, self.squares = (
                    torch.cat((old[:label], new[None], old[label + 1 :]))
                    for old, new in zip((self.count, self.total, self.squares), moments, strict=True)
                )
            return
        of_class = torch.nn.functional.one_hot(y, len(self.count)).double().T
        self.count = self.count + of_class.sum(1)
        if self._text:
            position = (y[:, None] * self.total.shape[1] + rows.long()).flatten()
            counted = torch.bincount(position, minlength=self.total.numel()).view_as(self.total)
            self.total = self.total + counted
        else:
            self.total = self.total + of_class @ rows

    def _numbers(self, x: Tensor) -> Tensor:
        rows = x.flatten(1)
        return (rows > 0.5).double() if self._kind == "bernoulli" else rows

    @property
    def means(self) -> Tensor:
        """(classes, D) of Gaussians."""
        return self.total

    @property
    def variances(self) -> Tensor:
        """(classes, D) of Gaussians, with `reg_covar` times the largest variance of a column over all classes added."""
        if not self.count.any():
            return torch.ones_like(self.total)
        share = (self.count / self.count.sum())[:, None]
        inside = self.squares / self.count.clamp_min(1)[:, None]
        centre = (share * self.total).sum(0)
        overall = (share * (inside + (self.total - centre).square())).sum(0)
        # A class without examples is standard normal.
        inside = torch.where(self.count[:, None] > 0, inside, 1.0)
        return inside + self.settings.reg_covar * overall.max() + torch.finfo(torch.float64).tiny

    @property
    def probabilities(self) -> Tensor:
        """(classes, D) of white pixels, or (classes, D or symbols), which sum to 1, of counts."""
        smoothing = self.settings.smoothing
        if self._kind == "bernoulli":
            return (self.total + smoothing) / (self.count + 2 * smoothing)[:, None]
        raised = self.total + smoothing
        return raised / raised.sum(1, keepdim=True)

    @property
    def rates(self) -> Tensor:
        """(classes, D) of counts."""
        examples = self.count.sum()
        mean_total = self.total.sum() / examples if examples else torch.tensor(float(self.total.shape[1]))
        return self.probabilities * mean_total.clamp_min(1e-6)

    def _terms(self, x: Tensor, y: Tensor) -> Tensor:
        """The log probability of each number given its class, (N, D)."""
        rows = self._numbers(x)
        if self._kind == "gaussian":
            variances = self.variances[y]
            return -0.5 * ((rows - self.means[y]).square() / variances + variances.log() + LOG_2PI)
        if self._text:
            return self.probabilities.log()[y].gather(1, rows.long())
        if self._kind == "bernoulli":
            white = self.probabilities[y]
            return torch.xlogy(rows, white) + torch.xlogy(1 - rows, 1 - white)
        rates = self.rates[y]
        return torch.xlogy(rows, rates) - rates - torch.lgamma(rows + 1)

    def log_prob(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        assert y is not None
        return self._terms(x, y).sum(1)

    def known_log_prob(self, x: Tensor, known: Tensor, y: Tensor | None = None) -> Tensor:
        assert y is not None
        return torch.where(known.flatten(1), self._terms(x, y), 0.0).sum(1)

    def sample(self, n: int, y: Tensor | None, generator: torch.Generator | None) -> Tensor:
        assert y is not None
        device = device_of(generator)
        size = math.prod(self.shape)
        if self._kind == "gaussian":
            drawn = self.means[y] + self.variances.sqrt()[y] * draw_normal((n, size), generator)
        elif self._text:
            drawn = draw_index(self.probabilities[y].repeat_interleave(size, 0), generator).double()
        elif self._kind == "bernoulli":
            white = self.probabilities[y].float().to(device)
            drawn = torch.bernoulli(white, generator=generator).cpu().double()
        else:
            drawn = torch.poisson(self.rates[y].float().to(device), generator=generator).cpu().double()
        return drawn.view(n, *self.shape)

    def complete(
        self, x: Tensor, known: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        return torch.where(known, x, self.sample(len(x), y, generator))
