"""Loops without mistakes in the styles that people write: nothing is found, and the weights are those without `sp.watch`."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import saddlepoint as sp
from tests.experiment.watching.loops import BATCH, GAN, RECORDS, Findings
from tests.experiment.watching.test_mistakes import LOOP

STEPS = 12
Style = Callable[[GAN], Iterator[dict[str, Any]]]  # yields what is passed to `step`


def batches(gan: GAN) -> Iterator[Tensor]:
    torch.manual_seed(2)
    for _ in range(STEPS):
        yield gan.data[torch.randint(len(gan.data), (BATCH,))]


def simultaneous(gan: GAN) -> Iterator[dict[str, Any]]:
    """Both losses before both steps, with frozen weights of the discriminator in the generator's loss."""
    for x in batches(gan):
        fake = gan.sample(BATCH)
        d_loss = gan.loss(gan.D(x), 1.0) + gan.loss(gan.D(fake.detach()), 0.0)
        gan.of_d.zero_grad()
        d_loss.backward()
        gan.D.requires_grad_(False)
        g_loss = gan.loss(gan.D(fake), 1.0)
        gan.D.requires_grad_(True)
        gan.of_g.zero_grad()
        g_loss.backward()
        gan.of_d.step()
        gan.of_g.step()
        yield {"d_loss": d_loss.item(), "g_loss": g_loss.item()}


def generator_first(gan: GAN) -> Iterator[dict[str, Any]]:
    """The order of many scripts: the generator moves first, gradients are set to zeros."""
    for x in batches(gan):
        gan.of_g.zero_grad(set_to_none=False)
        fake = gan.sample(BATCH)
        g_loss = gan.loss(gan.D(fake), 1.0)
        g_loss.backward()
        gan.of_g.step()
        gan.of_d.zero_grad(set_to_none=False)
        d_loss = (gan.loss(gan.D(x), 1.0) + gan.loss(gan.D(fake.detach()), 0.0)) / 2
        d_loss.backward()
        gan.of_d.step()
        yield {"d_loss": d_loss, "g_loss": g_loss}


def mixed_precision(gan: GAN) -> Iterator[dict[str, Any]]:
    """Forward passes in bfloat16, and a gradient scaler."""
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    for x in batches(gan):
        with torch.autocast("cpu", torch.bfloat16):
            fake = gan.sample(BATCH)
            d_loss = gan.loss(gan.D(x), 1.0) + gan.loss(gan.D(fake.detach()), 0.0)
        gan.of_d.zero_grad()
        scaler.scale(d_loss).backward()
        scaler.step(gan.of_d)
        with torch.autocast("cpu", torch.bfloat16):
            g_loss = gan.loss(gan.D(fake), 1.0)
        gan.of_g.zero_grad()
        scaler.scale(g_loss).backward()
        scaler.step(gan.of_g)
        scaler.update()
        yield {"d_loss": d_loss, "g_loss": g_loss}


def penalised(gan: GAN) -> Iterator[dict[str, Any]]:
    """A critic with a gradient penalty, which moves several times a step; the moving average is sampled."""
    average = copy.deepcopy(gan.G).requires_grad_(False)
    for x in batches(gan):
        for _ in range(2):
            fake = gan.sample(BATCH).detach()
            between = (x + torch.rand(BATCH, 1) * (fake - x)).requires_grad_()
            (slope,) = torch.autograd.grad(gan.D(between).sum(), between, create_graph=True)
            d_loss = gan.D(fake).mean() - gan.D(x).mean() + (slope.norm(dim=1) - 1).square().mean()
            gan.of_d.zero_grad()
            d_loss.backward()
            gan.of_d.step()
        g_loss = -gan.D(gan.sample(BATCH)).mean()
        gan.of_g.zero_grad()
        g_loss.backward()
        gan.of_g.step()
        with torch.no_grad():
            for mean, weight in zip(average.parameters(), gan.G.parameters(), strict=True):
                mean.lerp_(weight, 0.1)
        yield {"d_loss": d_loss, "g_loss": g_loss}


def in_parallel(gan: GAN) -> Iterator[dict[str, Any]]:
    """Networks inside DataParallel."""
    gan.G, gan.D = nn.DataParallel(gan.G), nn.DataParallel(gan.D)
    yield from generator_first(gan)


def compiled(gan: GAN) -> Iterator[dict[str, Any]]:
    """Networks that torch.compile wraps."""
    gan.G, gan.D = (torch.compile(network, backend="eager") for network in (gan.G, gan.D))  # type: ignore[assignment]
    yield from generator_first(gan)


STYLES = {
    style.__name__: style
    for style in (simultaneous, generator_first, mixed_precision, penalised, in_parallel, compiled)
}
QUICK = ("simultaneous", "penalised")


@pytest.mark.filterwarnings(
    "ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning"
)  # of torch.compile itself
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in STYLES]
)
def test_a_style_is_watched_without_false_alarms_or_effects(name: str, tmp_path: Path) -> None:
    alone, gan = GAN(), GAN()
    for _ in STYLES[name](alone):
        pass
    loop, listener = STYLES[name](gan), Findings()
    first = next(loop) if name in ("in_parallel", "compiled") else None  # the networks are wrapped by now
    objective = "wasserstein" if name == "penalised" else "non-saturating"
    arguments = {"players": gan.players, "objective": objective, "data": gan.data, "sample": gan.sample, "steps": 200}
    settings = {**RECORDS, "training.tick": 5}
    with sp.watch(tmp_path / "run", **arguments, settings=settings, pictures=False, listener=listener) as watch:
        if first is not None:
            watch.step(**first)
        for scalars in loop:
            watch.step(**scalars)
    for one, other in zip(alone.weights(), gan.weights(), strict=True):
        assert torch.equal(one, other)
    assert not listener.notes
    assert not LOOP & listener.codes
    values = sp.Run(tmp_path / "run").records[-1].values
    assert {"d/grad_norm", "g/grad_norm", "d/update_ratio", "d/advantage", "quality/energy_distance"} <= set(values)
    assert ("d/real_score" in values) == (objective == "non-saturating")
