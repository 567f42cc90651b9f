"""Trains autoencoders and variational autoencoders from many seeds and measures codes and reconstructions on held-out examples.

Every seed has its own split into training and held-out examples, so that the scores of different seeds also differ by the
examples that they are measured on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from saddlepoint import data
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.evaluation.metrics.latent import ACTIVE
from saddlepoint.lanes import Replica, Replicas
from saddlepoint.models.autoencoder.settings import AutoencoderSettings
from saddlepoint.models.capabilities import HasCodes, HasLatentPosterior, has, require
from saddlepoint.models.units import UNIT
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.objectives.divergence import kl_standard_normal_units
from saddlepoint.objectives.likelihood import log_likelihood
from saddlepoint.objectives.reconstruction import bernoulli, l2
from saddlepoint.studies.claims.mistakes import build_with_mistake
from saddlepoint.studies.claims.trial import SHORT, SettingsTrial
from saddlepoint.training.settings import TrainingSettings

HELD_OUT = 0.3  # share of the examples
MEASUREMENTS = 150  # per run
TERMS = ("reconstruction", "kl")  # of a VAE's loss, as training records them
UNITS = ("unit_kl", "unit_log_variance", "unit_variance")


@dataclass(frozen=True)
class CodeModel(SettingsTrial):
    """Many seeds of one model with codes.

    Attributes:
        model: settings of the model.
        training: settings of training.
        source: the data, see `DataSettings.source`.
        mistake: name of an injected mistake, see `mistakes`; "" for none.
        most: largest number of seeds.
    """

    model: AutoencoderSettings | VAESettings
    training: TrainingSettings
    source: str = "digits"
    mistake: str = ""
    most: int = 12

    @property
    def weight(self) -> float:
        """Training time relative to other trials, in the units of `Setup.weight`."""
        return 5e4 * self.training.steps * self.most / 64

    def dataset(self, seed: int) -> Dataset:
        """The examples of one seed, with its own split."""
        return data.load(DataSettings(source=self.source, held_out=HELD_OUT, split_seed=seed))

    def train(self, seeds: int, *, threads: int, report: Callable[[float], None]) -> CodeOutcome:
        """Train from seeds 0, 1, ...; see `Trial.train`."""
        seeds = min(seeds, self.most)
        every = max(1, self.training.steps // MEASUREMENTS)
        training = self.training.model_copy(update={"tick": every, "observe_every": max(1, every // 5)})
        datasets = [self.dataset(seed) for seed in range(seeds)]
        replicas = Replicas(
            [Replica(self.model, training.model_copy(update={"seed": seed}), own) for seed, own in enumerate(datasets)],
            device="cpu",
            compiled=False,
            threads=threads,
            traced=self.training.steps > SHORT,
            build=lambda settings, event, seed: build_with_mistake(settings, event, seed, self.mistake),
        )
        monitor = _Monitor(datasets, replicas)
        steps, rows = [0], [monitor.measure()]
        for record in replicas.play():
            steps.append(record.step)
            own = {name: record.values[f"vae/{name}"] for name in TERMS if f"vae/{name}" in record.values}
            rows.append({**own, **monitor.measure()})
            report(record.step / self.training.steps)
        for name in TERMS:  # nothing has been trained at step 0
            if name in rows[-1]:
                rows[0][name] = torch.full((seeds,), torch.nan)
        series = {name: torch.stack([row[name].double() for row in rows]) for name in rows[-1]}
        return CodeOutcome(self, torch.tensor(steps), series, **monitor.codes())

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> CodeOutcome:
        """Restore the outcome from its `parts()`."""
        series = {name: tensors[f"series/{name}"] for name in facts["series"]}
        return CodeOutcome(
            self, tensors["measured_at"], series, *(tensors[name] for name in ("train", "held_out", "directions"))
        )


@dataclass(frozen=True, eq=False)
class CodeOutcome:
    """The results of S seeds with codes of K units.

    Attributes:
        setup: the trial.
        measured_at: (L,) int64, steps at which series were measured.
        series: by name, float64. Of both families: `error` (L, S), the mean squared error ||x - y||^2 of held-out examples
            and their reconstructions, with values of x from 0 to 1. Of a VAE also, in nats: `reconstruction` and `kl`
            (L, S), the terms of the loss as training records them (NaN at step 0); `held_out_reconstruction` (L, S), with one
            draw of the code; and `unit_kl`, `unit_log_variance` and `unit_variance` (L, S, K) of held-out examples: mean
            KL, mean log-variance, and variance of the posterior mean.
        train: (S, N, K) codes of the training examples at the end; of a VAE, the posterior means.
        held_out: (S, M, K) codes of the held-out examples.
        directions: (S, K, D) change of the decoder's output from code 0 to code 1 of each unit; of a linear decoder
            its weights.
    """

    setup: CodeModel
    measured_at: Tensor
    series: Mapping[str, Tensor]
    train: Tensor
    held_out: Tensor
    directions: Tensor

    @property
    def seeds(self) -> int:
        """Number of seeds that were trained."""
        return len(self.train)

    @property
    def active(self) -> Tensor:
        """(S, K) bool, the units whose posterior mean varies with the example at the end, by more than 0.01."""
        return self.series["unit_variance"][-1] > ACTIVE

    def kl(self) -> Tensor:
        """(L, S) KL term of held-out examples in nats."""
        return self.series["unit_kl"].sum(2)

    def parts(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """The tensors and facts from which `CodeModel.restore` restores the outcome."""
        tensors = {"measured_at": self.measured_at} | {f"series/{name}": value for name, value in self.series.items()}
        tensors |= {"train": self.train, "held_out": self.held_out, "directions": self.directions}
        return tensors, {"series": list(self.series)}


class _Monitor:
    """Measures all replicas, each on its own examples."""

    def __init__(self, datasets: list[Dataset], replicas: Replicas) -> None:
        template = replicas.game.template
        self._replicas, self._variational = replicas, has(template, HasLatentPosterior)
        self._logits = template.output_range == UNIT  # decoders of probabilities end with logits
        latent = require(template, HasCodes).latent
        self._train = torch.stack([template.model_units(own.x) for own in datasets])
        parts = [own.held_out for own in datasets]
        self._held_out = torch.stack([template.model_units(own.x) for own in parts if own is not None])
        generator = torch.Generator().manual_seed(0)
        self._epsilon = torch.randn(self._held_out.shape[1], latent, generator=generator)
        self._basis = torch.cat([torch.zeros(1, latent), torch.eye(latent)])

    def measure(self) -> dict[str, Tensor]:
        """The series of `CodeOutcome` that are not recorded by training, (S, ...) each."""
        found: dict[str, Tensor] = self._replicas.each(
            self._variational_series if self._variational else self._error, self._held_out
        )
        return found

    def codes(self) -> dict[str, Tensor]:
        """The tensors of `CodeOutcome` that are measured at the end."""
        train, held_out = (self._replicas.each(self._encode, own) for own in (self._train, self._held_out))
        decoded = self._replicas.each(lambda model: model.player.decoder(self._basis).flatten(1))
        return {"train": train, "held_out": held_out, "directions": decoded[:, 1:] - decoded[:, :1]}

    def _encode(self, model: Any, x: Tensor) -> Tensor:
        code: Tensor = model.player.heads(x)[0] if self._variational else model.player.encode(x)
        return code

    def _error(self, model: Any, x: Tensor) -> dict[str, Tensor]:
        output = model.player.decoder(self._encode(model, x))
        return {"error": l2(output.sigmoid() if self._logits else output, x).mean()}

    def _variational_series(self, model: Any, x: Tensor) -> dict[str, Tensor]:
        output, mean, log_variance, log_std = model.player(x, self._epsilon)
        units = (kl_standard_normal_units(mean, log_variance).mean(0), log_variance.mean(0), mean.var(0, correction=0))
        return {
            **self._error(model, x),
            "held_out_reconstruction": -log_likelihood(x, output, log_std).mean(),
            **dict(zip(UNITS, units, strict=True)),
        }


def entropy(x: Tensor) -> Tensor:
    """The least reconstruction term that a Bernoulli likelihood can have, which is not 0 for grey values.

    Args:
        x: (N, *event) in [0, 1].

    Returns:
        (N,) nats.
    """
    return bernoulli(torch.logit(x.double().clamp(1e-12, 1 - 1e-12)), x.double())
