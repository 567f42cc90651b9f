"""Projection: the discriminator's logit has a term that is the inner product of its features with a vector of the class."""

from __future__ import annotations

from torch import nn

from saddlepoint.models.gan.conditions.condition import Condition
from saddlepoint.networks.labels import ProjectionScore


class Projection(Condition):
    """The projection discriminator.

    References:
        cGANs with Projection Discriminator (Miyato, Koyama, 2018), https://arxiv.org/abs/1802.05637
    """

    roles = ("discriminator",)

    def score(self, features: int, classes: int) -> nn.Module:
        return ProjectionScore(features, classes)
