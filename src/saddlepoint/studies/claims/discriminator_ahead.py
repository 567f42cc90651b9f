"""Puts the discriminator of an image GAN ahead of its generator, and trains on from there with both generator losses.

A DCGAN is trained for a few steps. Then its generator is kept fixed and the discriminator alone is trained on. After
several numbers of such steps (leads) the gradient of both generator losses is measured at the same weights, and from
copies of these weights training goes on with either loss. Both losses see the same batches and noise.

References:
    Towards Principled Methods for Training Generative Adversarial Networks (Arjovsky, Bottou, 2017), figure 2,
        https://arxiv.org/abs/1701.04862
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from saddlepoint import data, models
from saddlepoint.data.batches import Batches
from saddlepoint.data.settings import DataSettings
from saddlepoint.evaluation.monitors.quality import Quality
from saddlepoint.evaluation.settings import EvaluationSettings
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import HasCodes, require
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.objectives.adversarial.registry import loss_named
from saddlepoint.objectives.phase import Batch
from saddlepoint.studies.claims.image_games import SAMPLES, WEIGHT_OF_STEP, train_measured
from saddlepoint.studies.claims.trial import SettingsTrial, TensorOutcome
from saddlepoint.training.optimiser import build_optimiser
from saddlepoint.training.settings import PlayerSettings, TrainingSettings
from saddlepoint.training.state import derived_seed
from saddlepoint.training.threads import using_threads

LOSSES = {"minimax": "log(1 - D(G(z)))", "non-saturating": "-log D(G(z))"}  # objectives by name, as formulas
NOISE = 256  # codes behind D(G(z)) and the gradients


@dataclass(frozen=True)
class DiscriminatorAhead(SettingsTrial):
    """A GAN on images whose discriminator alone is trained on, and then both players with either loss.

    Attributes:
        model: settings of the model; its objective is that of the first steps.
        training: settings of the steps after the lead; samples are measured at every `tick`.
        data: settings of the data.
        first_steps: steps of ordinary training at the beginning.
        leads: numbers of further steps of the discriminator alone, in ascending order.
        generator: the generator's optimiser after the lead, over that of `training`.
        most: largest number of seeds.
    """

    model: GANSettings
    training: TrainingSettings
    data: DataSettings
    first_steps: int
    leads: tuple[int, ...]
    generator: PlayerSettings
    most: int

    @property
    def weight(self) -> float:
        """Training time relative to other trials. A step of the discriminator alone takes half as long as one of both."""
        after = len(self.leads) * len(LOSSES) * self.training.steps
        return WEIGHT_OF_STEP / 2 * self.most * (self.first_steps + self.leads[-1] / 2 + after)

    def train(self, seeds: int, *, threads: int, report: Callable[[float], None]) -> AheadOutcome:
        """Train from seeds 0, 1, ...; see `Trial.train`."""
        seeds = min(seeds, self.most)
        dataset = data.load(self.data)
        quality = Quality(dataset, EvaluationSettings(samples=SAMPLES))
        checks, places = -(-self.training.steps // self.training.tick), len(self.leads)
        scores, before = torch.empty(places, seeds).double(), torch.empty(seeds).double()
        gradients = torch.empty(len(LOSSES), places, seeds).double()
        after = torch.empty(len(LOSSES), places, checks, seeds).double()
        measured_at: list[int] = []
        for seed in range(seeds):
            with using_threads(threads):
                first = self._settings(seed, "first steps", steps=self.first_steps, tick=self.first_steps)
                ahead = self._settings(seed, "lead")
                onward = self._settings(seed, "after the lead", players={"generator": self.generator})
                model = models.build(self.model, dataset.event, seed=seed)
                before[seed] = train_measured(model, dataset, first, quality)[1][-1]
                batches = Batches(dataset, ahead.batch_size, ahead.seed, "cpu", model.scaling)
                for place in train_discriminator(model, batches, ahead, self.leads):
                    scores[place, seed], gradients[:, place, seed] = measure_generator(model)
                    for loss, name in enumerate(LOSSES):
                        branch = self._branch(model, name, seed)
                        measured_at, distances, _ = train_measured(branch, dataset, onward, quality)
                        after[loss, place, :, seed] = torch.tensor(distances)
                    report((seed + (place + 1) / places) / seeds)
        return AheadOutcome(self, scores, gradients, before, torch.tensor(measured_at), after)

    def _settings(self, seed: int, part: str, **changes: Any) -> TrainingSettings:
        """Settings of one part of the training, which has batches and noise of its own."""
        return self.training.model_copy(update={"seed": derived_seed(seed, part), **changes})

    def _branch(self, model: Model, objective: str, seed: int) -> Model:
        """A copy of the model with another objective."""
        branch = models.build(self.model.model_copy(update={"objective": objective}), model.event, seed=seed)
        for name, player in model.players.items():
            branch.players[name].load_state_dict(player.state_dict())
        return branch

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> AheadOutcome:
        """Restore the outcome from its `parts()`."""
        return AheadOutcome(self, **tensors)


@dataclass(frozen=True, eq=False)
class AheadOutcome(TensorOutcome):
    """The results of S seeds at L leads.

    Attributes:
        setup: the trial.
        scores: (L, S) float64, mean D(G(z)) of the state from which training goes on.
        gradients: (2, L, S) float64, norm of the gradient of each of `LOSSES` by the generator's weights there, in nats.
        before: (S,) float64, energy distance of the samples there, which is that of every lead.
        measured_at: (T,) int64, steps after the lead at which samples were measured.
        after: (2, L, T, S) float64, energy distance then, by loss.
    """

    setup: DiscriminatorAhead
    scores: Tensor
    gradients: Tensor
    before: Tensor
    measured_at: Tensor
    after: Tensor

    @property
    def seeds(self) -> int:
        """Number of seeds that were trained."""
        return len(self.before)


def train_discriminator(
    model: Model, batches: Batches, training: TrainingSettings, leads: tuple[int, ...]
) -> Iterator[int]:
    """Train the discriminator alone, and yield the index of every lead once it is reached.

    Both players are left in training mode.

    Args:
        model: a GAN; its generator stays as it is.
        batches: of the data.
        training: whose optimiser and seed are used.
        leads: numbers of steps, in ascending order.

    Yields:
        0, 1, ... for the leads.
    """
    phase, player = model.phases[0], model.players["d"]
    optimiser = build_optimiser(list(player.parameters()), training.player("discriminator"))
    noise_generator = torch.Generator().manual_seed(derived_seed(training.seed, "noise"))
    for network in model.players.values():
        network.train()
    # A copy of the generator makes the samples: in training mode the statistics of its batch normalisation move, and with
    # them the samples that the generator makes at rest.
    players = {**model.players, "g": copy.deepcopy(model.players["g"])}
    for place, (begin, lead) in enumerate(pairwise((0, *leads))):
        for step in range(begin, lead):
            noise = model.noise(phase, training.batch_size, step, noise_generator)
            loss, _ = phase.loss(players, Batch(*batches[step]), noise)
            optimiser.zero_grad()
            loss.mean().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        yield place


def measure_generator(model: Model) -> tuple[Tensor, Tensor]:
    """Mean D(G(z)), and the norm of the gradient of each of `LOSSES` by the generator's weights, without a change of the model.

    Batch normalisation uses the statistics of the batch, as in training.

    Args:
        model: a GAN.

    Returns:
        () and (2,), float64.
    """
    generator, discriminator = (copy.deepcopy(model.players[name]).train() for name in ("g", "d"))
    logits = discriminator(generator(require(model, HasCodes).fixed_noise(NOISE, torch.Generator().manual_seed(0))))
    norms = []
    for name in LOSSES:
        loss = loss_named(name).generator(logits).mean()
        parts = torch.autograd.grad(loss, list(generator.parameters()), retain_graph=True)
        norms.append(torch.cat([part.flatten() for part in parts]).double().norm())
    return logits.detach().sigmoid().double().mean(), torch.stack(norms)
