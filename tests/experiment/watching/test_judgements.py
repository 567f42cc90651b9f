"""Scores come from the loop's own passes of the discriminator, if real and generated examples can be told apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import saddlepoint as sp
from saddlepoint.experiment.watching.judgements import Judgements
from saddlepoint.models.watched.critic import Critic
from tests.experiment.watching.loops import GAN, RECORDS, Findings

REAL, MADE = 5.0, -3.0  # what the discriminator of these tests answers: the sum of each example


class Sum(nn.Module):
    def forward(self, x: Tensor, labels: Any = None) -> Tensor:
        return x.flatten(1).sum(1, keepdim=True)


class Made(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.level = nn.Parameter(torch.tensor(MADE / 2))

    def forward(self, z: Tensor) -> Tensor:
        return self.level.expand(len(z), 2) + 0.0


def seen(judge: Any) -> tuple[float, float] | None:
    """The mean logits of real and generated examples that were recognised in the passes of `judge(D, real, fake)`."""
    discriminator, generator = Sum(), Made()
    judgements = Judgements(Critic(discriminator), discriminator, generator)
    judgements.attach()
    judgements.observe = True
    judge(discriminator, torch.full((4, 2), REAL / 2), generator(torch.zeros(4, 1)))
    found = judgements.logits()
    judgements.detach()
    assert not discriminator._forward_hooks
    return None if found is None else (float(found[0].mean()), float(found[1].mean()))


def usual(network: nn.Module, real: Tensor, fake: Tensor) -> None:
    network(real), network(fake.detach()), network(fake)


def views(network: nn.Module, real: Tensor, fake: Tensor) -> None:
    network(real.view(4, 1, 2)), network(fake.detach().view(4, 1, 2))


def not_detached(network: nn.Module, real: Tensor, fake: Tensor) -> None:
    network(real), network(fake)


def with_labels(network: nn.Module, real: Tensor, fake: Tensor) -> None:
    network(real, torch.zeros(4)), network(fake.detach(), torch.zeros(4))


def with_penalty(network: nn.Module, real: Tensor, fake: Tensor) -> None:
    usual(network, real, fake)
    network((0.5 * real + 0.5 * fake.detach()).requires_grad_())


def augmented(network: nn.Module, real: Tensor, fake: Tensor) -> None:
    network(real + 0.1), network(fake.detach() + 0.1), network(fake + 0.1)


def together(network: nn.Module, real: Tensor, fake: Tensor) -> None:
    network(torch.cat([real, fake.detach()]))


@pytest.mark.parametrize("judge", [usual, views, not_detached, with_labels, with_penalty])
def test_real_and_generated_examples_are_told_apart(judge: Any) -> None:
    assert seen(judge) == (REAL, MADE)


@pytest.mark.parametrize("judge", [augmented, together])
def test_nothing_is_said_where_they_cannot(judge: Any) -> None:
    assert seen(judge) is None


def test_the_discriminator_is_asked_instead(tmp_path: Path) -> None:
    gan = GAN()
    arguments = {"players": gan.players, "objective": "non-saturating", "data": gan.data, "sample": gan.sample}
    with sp.watch(
        tmp_path / "run", **arguments, steps=200, settings=RECORDS, pictures=False, listener=Findings()
    ) as watch:
        for _ in range(10):
            both = torch.cat([gan.data[:8], gan.sample(8).detach()])
            d_loss = gan.loss(gan.D(both)[:8], 1.0)
            d_loss.backward()
            watch.step(d_loss=d_loss)
    values = sp.Run(tmp_path / "run").records[-1].values
    assert 0.2 < values["d/real_score"] < 0.8


def test_a_conditional_discriminator_is_watched_in_its_own_passes(tmp_path: Path) -> None:
    class Labelled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(3, 1)

        def forward(self, x: Tensor, labels: Tensor) -> Tensor:
            return self.layer(torch.cat([x, labels[:, None]], 1))

    gan, network = GAN(), Labelled()
    players = {"discriminator": network, "generator": gan.G}
    listener = Findings()
    arguments = {"objective": "hinge", "data": gan.data, "sample": gan.sample, "steps": 200, "settings": RECORDS}
    with sp.watch(tmp_path / "run", players=players, **arguments, pictures=False, listener=listener) as watch:
        for _ in range(10):
            labels = torch.ones(8)
            fake = gan.sample(8)
            d_loss = network(fake.detach(), labels).mean() - network(gan.data[:8], labels).mean()
            d_loss.backward()
            watch.step(d_loss=d_loss)
    values = sp.Run(tmp_path / "run").records[-1].values
    assert {"d/real_logit", "d/advantage", "g/coverage"} <= set(values)
    assert not listener.notes
