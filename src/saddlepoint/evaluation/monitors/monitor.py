"""One run's watch: what is looked at often because it is cheap, and what is measured now and then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.monitors import adversarial, codes
from saddlepoint.evaluation.monitors.copies import (
    copied,
    copied_among_few,
    distance_to_nearest,
    distance_to_others,
    standard_error,
)
from saddlepoint.evaluation.monitors.neighbourhood import Neighbourhood, Project, modes_covered, shares_at, turnover
from saddlepoint.models.base import Model
from saddlepoint.models.gan.model import GAN
from saddlepoint.models.own_noise import decided_by
from saddlepoint.models.vae.model import VAE
from saddlepoint.networks.activity import heard

SAMPLES = 256  # generated at a look
JUDGED = 128  # examples of each kind that networks look at, and samples that are compared with all examples
PASSED = 1_024  # training examples, and as many samples, that are run through the networks for who listens to them
FITTED = 2_000  # training examples behind neighbourhoods
SEARCHED = 100_000  # training examples among which copies are looked for: of those left out, no copy would be found
ENOUGH = 100  # held-out examples, with fewer of which copies are judged by the training examples alone
PROJECTED = 4_096  # of which so many are projected at once

Signals = dict[str, Tensor]


class Watch:
    """Looks at one model again and again, always with the same examples and noise."""

    def __init__(self, dataset: Dataset, model: Model, project: Project, seed: int, device: torch.device) -> None:
        """project: (N, *event) in the data's units -> (N, d) float32, on the device of what it is given."""
        self._model, self._device, self._seed = model, device, seed
        self._project = project
        generator = torch.Generator().manual_seed(seed)
        order = torch.randperm(len(dataset), generator=generator)
        held_out = dataset.held_out if dataset.held_out is not None and len(dataset.held_out) >= 2 else None
        self._training = dataset.x[order[:JUDGED]].to(device)
        self._dataset, self._many = dataset, order[:PASSED]
        self._held_out: Tensor | None = None
        if held_out is not None:
            chosen = torch.randperm(len(held_out), generator=generator)
            self._held_out = held_out.x[chosen[:JUDGED]].to(device)
        self._before: Tensor | None = None
        if not isinstance(model, GAN):
            return
        self._neighbourhood = Neighbourhood(project, project(dataset.x[order[:FITTED]]), seed)
        self._neighbourhood.to(device)
        truth = dataset.truth
        self._modes: tuple[Tensor, float] | None = None
        if truth is not None and truth.modes is not None and truth.mode_std is not None:
            self._modes = (truth.modes.to(device).float(), float(truth.mode_std))
        parts = [project(dataset.x[part]) for part in torch.split(order[:SEARCHED], PROJECTED)]
        self._searched = torch.cat(parts)
        self._usual: Tensor | None = None
        self._others: Tensor | None = None
        if held_out is not None and len(held_out) >= ENOUGH:
            # All of them: the fewer there are beside the training examples, the more the preference for these scatters.
            parts = [project(held_out.x[part]) for part in torch.split(chosen[:SEARCHED], PROJECTED)]
            self._others = torch.cat(parts)

    def to_json(self) -> list[float] | None:
        """What a later look compares itself with."""
        return None if self._before is None else self._before.tolist()

    def load(self, kept: list[float] | None) -> None:
        """Undo `to_json`."""
        self._before = None if kept is None else torch.tensor(kept, device=self._device)

    def look(self, sampled: Mapping[str, Any]) -> dict[str, float]:
        """Everything that is cheap, on the model as it is; its numbers come to the host in one transfer.

        sampled: the players to draw samples with, where they are others (moving averages).
        """
        with torch.no_grad():
            model = self._model
            return _fetched(self._game(model, sampled) if isinstance(model, GAN) else self._alone(model))

    def measure(self) -> dict[str, float]:
        """What takes longer: whether samples are copies. Within the moving averages, where there are any."""
        if not isinstance(self._model, GAN) or len(self._searched) < 3:
            return {}
        with torch.no_grad():
            samples = self._project(self._model.decode(self._noise(self._model)[:JUDGED])).cpu()
            if not samples.isfinite().all():
                return {}  # the quality series says so
            if self._others is None:
                if self._usual is None:
                    self._usual = distance_to_others(self._searched[:FITTED])
                ratio, closest = copied_among_few(samples, self._searched, self._usual)
                return _fetched({"g/nearest_ratio": ratio, "g/copied": closest})
            if self._usual is None:
                self._usual = distance_to_nearest(self._others[:FITTED], self._searched)
            copies, ratio, closest = copied(samples, self._searched, self._others, self._usual)
        error = standard_error(len(samples), len(self._searched), len(self._others))
        return {
            **_fetched({"g/copies": copies, "g/nearest_ratio": ratio, "g/copied": closest}),
            "g/copies_error": error,
        }

    def pass_through(self) -> None:
        """Run the players as they are, at rest, on many examples: for who listens to them."""
        model = self._model
        with torch.no_grad(), model.at_rest():
            for number, part in enumerate(torch.split(self._many, JUDGED)):
                x = model.model_units(self._dataset.x[part].to(self._device))
                if isinstance(model, GAN):
                    generator = torch.Generator(self._device).manual_seed(self._seed + number)
                    made = model.players["g"](model.fixed_noise(len(x), generator).to(model.dtype))
                    adversarial.scores(model, x, made, None)
                else:
                    self._pass_alone(model, x)

    def _noise(self, model: Model) -> Tensor:
        return model.fixed_noise(SAMPLES, torch.Generator(self._device).manual_seed(self._seed))

    def _game(self, model: GAN, sampled: Mapping[str, Any]) -> Signals:
        z = self._noise(model).to(model.dtype)
        own = model.players["g"]
        real = model.model_units(self._training)
        held_out = None if self._held_out is None else model.model_units(self._held_out)
        with model.at_rest(), heard(own) as makers, heard(model.players["d"]) as judges:
            with decided_by(z):
                made = own(z)
            signals = adversarial.scores(model, real, made[:JUDGED], held_out)
        for name, activity in (("g", makers), ("d", judges)):
            if (dead := activity.dead_share()) is not None:
                signals[f"{name}/dead_units"] = dead
        few = min(JUDGED, len(real))
        if (gradient := adversarial.sample_gradient(model, real[:few], made[:few])) is not None:
            signals["g/sample_gradient"] = gradient
        samples = model.scaling.to_data(made)
        projected = self._project(samples)
        signals |= self._movement(samples, projected)
        average = sampled.get("g", own)
        if average is own:
            return signals | self._places(samples, projected)
        model.players["g"] = average
        try:
            samples = model.decode(z)
        finally:
            model.players["g"] = own
        return signals | self._places(samples, self._project(samples))

    def _movement(self, samples: Tensor, projected: Tensor) -> Signals:
        """Of the generator that plays, whatever its average makes."""
        around = self._neighbourhood
        shares = around.shares_of(projected) if self._modes is None else shares_at(samples.float(), self._modes[0])
        signals = {"g/reach": around.reach(projected)}
        if self._before is not None:
            signals["g/turnover"] = turnover(shares, self._before)
        self._before = shares
        return signals

    def _places(self, samples: Tensor, projected: Tensor) -> Signals:
        around = self._neighbourhood
        signals = {
            "g/diversity": around.diversity(projected),
            "g/coverage": around.coverage(around.shares_of(projected)),
        }
        if self._modes is not None:
            signals["g/modes"], signals["g/high_quality"] = modes_covered(samples.float(), *self._modes)
        return signals

    def _alone(self, model: Model) -> Signals:
        """Of a game of one player."""
        signals: Signals = {}
        x = model.model_units(self._training)
        (name, player), *_ = model.players.items()
        with model.at_rest(), heard(player) as activity:
            self._pass_alone(model, x)
        if (dead := activity.dead_share()) is not None:
            signals[f"{name}/dead_units"] = dead
        if isinstance(model, VAE):
            signals |= codes.heads(model, x)
        return signals

    def _pass_alone(self, model: Model, x: Tensor) -> None:
        (player,) = model.players.values()
        if isinstance(model, VAE):
            generator = torch.Generator(self._device).manual_seed(self._seed)
            epsilon = torch.randn(len(x), model.settings.latent, generator=generator, device=self._device)
            player(x, epsilon.to(x.dtype))
        else:
            player(x)


def _fetched(signals: Signals) -> dict[str, float]:
    """All numbers in one transfer."""
    if not signals:
        return {}
    values = torch.stack([value.float() for value in signals.values()]).cpu().double().tolist()
    return dict(zip(signals, values, strict=True))
