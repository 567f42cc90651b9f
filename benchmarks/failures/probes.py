"""Measurements of a model during training, from which `ground_truth` decides what is wrong with it.

Nothing here reads a record of the run or applies a rule, and nothing is measured as the rules measure it. Where the rules use energy
distances in principal components, coverage of neighbourhoods and ranks of scores, this uses optimal transport along lines, the
known modes or the labels of the data, the loss itself and the weights, on noise and examples of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from failures.autoregressive_probes import autoregressive_facts
from failures.classical_probes import em_facts
from failures.condition_probes import class_facts, code_facts
from failures.critic_probes import critic_facts
from failures.flow_probes import diffusion_facts, flow_facts
from saddlepoint.data.dataset import Dataset
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Fits, HasLearntPrior, Judges, Pushes, SamplesClasses, has
from saddlepoint.models.class_samples import sample_with_labels
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.objectives.divergence import kl_standard_normal_units
from saddlepoint.objectives.likelihood import standard_normal_log_prob
from saddlepoint.objectives.phase import Batch
from saddlepoint.training import TrainingState

Facts = dict[str, Any]

POINTS, DIRECTIONS, COMPONENTS = 1000, 32, 12
HELD = 0.1  # of its fair share of samples, below which a mode counts as lost
SEED = 9_173
_ACTIVATIONS = (nn.ReLU, nn.LeakyReLU, nn.Tanh, nn.Sigmoid, nn.Softplus, nn.ELU, nn.GELU, nn.SiLU)


class Prober:
    """Measures one run at several steps, always with the same examples and noise."""

    def __init__(self, dataset: Dataset, model: Model, state: TrainingState) -> None:
        self.dataset, self.model, self.state = dataset, model, state
        generator = torch.Generator().manual_seed(SEED)
        chosen = torch.randperm(len(dataset), generator=generator)[:POINTS]
        self.train, self._train_labels = dataset.x[chosen], _labels(model, dataset, chosen)
        rest = dataset.held_out if dataset.held_out is not None and len(dataset.held_out) >= 2 else dataset
        chosen = torch.randperm(len(rest), generator=generator)[:POINTS]
        self.held_out, self._held_out_labels = rest.x[chosen], _labels(model, rest, chosen)
        flat = self.train.flatten(1).double()
        finite = flat[flat.isfinite().all(1)]
        self._mean, self._std = finite.mean(0), finite.std(0).clamp_min(1e-9)
        if dataset.event.kind == "image":  # pixels share a unit
            self._std = torch.full_like(self._std, float(self._std.square().mean().sqrt()))
        self._axes = torch.eye(flat.shape[1], dtype=torch.float64)
        if flat.shape[1] > COMPONENTS:
            self._axes = torch.linalg.svd(self._standard(finite), full_matrices=False).Vh[:COMPONENTS].T
        directions = torch.randn(self._axes.shape[1], DIRECTIONS, generator=generator, dtype=torch.float64)
        lines = self._axes @ (directions / directions.norm(dim=0)) if self._axes.shape[1] > 1 else self._axes
        real = self._standard(self.held_out.flatten(1).double()) @ lines
        spread = (self._standard(finite) @ lines).std(0).clamp_min(1e-9)
        self._lines = lines / spread  # so that a distance is in standard deviations of the data along the line
        self._real = real / spread
        self._weights: dict[str, Tensor] = {}
        self._honest = self._nearest(self.held_out).quantile(0.01) if len(self.held_out) >= 20 else None

    def floor(self) -> float:
        """The distance of as many other real examples: the real-data baseline."""
        return self.distance(self.train)

    def probe(self, step: int) -> Facts:
        """All measurements of the model at this step."""
        facts: Facts = {"step": step, "finite": self._finite(), "dead": {}, "moved": {}, "norm": {}}
        for name, player in self.model.players.items():
            flat = torch.cat([p.detach().flatten().double() for p in player.parameters()])
            facts["norm"][name] = float(flat.norm())
            if name in self._weights:
                facts["moved"][name] = float((flat - self._weights[name]).norm() / flat.norm().clamp_min(1e-12))
            self._weights[name] = flat
        if not facts["finite"]:
            return facts
        facts["gradient"] = self._gradients(step)
        families = {
            "gan": self._gan,
            "vae": self._vae,
            "vq-vae": self._vq,
            "autoencoder": self._autoencoder,
            "autoregressive": self._autoregressive,
            "classical": self._classical,
            "flow": self._flow,
            "diffusion": self._diffusion,
        }
        facts |= families[self.model.family](facts)
        return facts

    def distance(self, x: Tensor) -> float:
        """Wasserstein-1 distance to held-out examples, in standard deviations of the data, mean over fixed lines."""
        made = self._standard(x.flatten(1).double()) @ self._lines
        if not made.isfinite().all():
            return math.inf
        share = (torch.arange(200, dtype=torch.float64) + 0.5) / 200
        return float((made.quantile(share, dim=0) - self._real.quantile(share, dim=0)).abs().mean())

    def _gan(self, facts: Facts) -> Facts:
        model: Any = self.model
        raw, labels = sample_with_labels(model, POINTS, None, torch.Generator().manual_seed(SEED + 2))
        with self.state.averaged(model):
            averaged = self._samples() if self.state.averages else raw
            of_condition = self._condition()
        noise = torch.Generator().manual_seed(SEED + 1)
        z = model.fixed_noise(POINTS, noise)
        found: Facts = {
            "distance": self.distance(averaged),
            "raw_distance": self.distance(raw),
            "spread": self._spread(averaged),
            "raw_spread": self._spread(raw),
            "scale": float(self._standard(raw.flatten(1).double()).square().mean().sqrt()),
            **of_condition,
        }
        if (mass := self._mass(raw)) is not None:
            found |= {"raw_mass": mass, "mass": self._mass(averaged), "real_mass": self._mass(self.held_out)}
        truth = self.dataset.truth
        if truth is not None and truth.modes is not None:
            found["high_quality"] = float((self._to_modes(averaged)[0] < 4 * (truth.mode_std or 0.0)).double().mean())
        if self._honest is not None and self.dataset.event.size > 2:
            found["copies"] = float((self._nearest(averaged) < self._honest).double().mean())
        passes: dict[str, Callable[[], Any]] = {"g": lambda: model.decode(z)}
        if has(model, Judges):
            found |= self._judgement(raw, labels, facts["step"])
            passes["d"] = lambda: model.scores(self.train, self._train_labels)
        else:  # a discriminator of codes says nothing about examples
            found |= dict.fromkeys(("d_real", "d_fake", "sure", "advantage", "learnt_by_heart"), math.nan)
        facts["dead"] = self._dead(passes)
        return found

    def _condition(self) -> Facts:
        """Whether samples follow the labels of a conditional GAN, or the codes of an InfoGAN."""
        model: Any = self.model

        def standard(x: Tensor) -> Tensor:
            return self._standard(x.flatten(1).double())

        found: Facts = {}
        if self._train_labels is not None and self._held_out_labels is not None:
            real, rest = (self.train, self._train_labels), (self.held_out, self._held_out_labels)
            found |= class_facts(model, real, rest, standard, SEED + 3)
        if model.named_codes is not None:
            found |= code_facts(model, model.named_codes, standard, SEED + 4)
        return found

    def _judgement(self, raw: Tensor, labels: Tensor | None, step: int) -> Facts:
        """What the discriminator says about examples and samples, and how its loss pushes the samples."""
        model: Any = self.model
        examples = (self.held_out, self._held_out_labels), (self.train, self._train_labels), (raw, labels)
        real, train, fake = (model.scores(x, y) for x, y in examples)
        found: Facts = {
            "d_real": float(real.mean()),
            "d_fake": float(fake.mean()),
            "sure": float(
                2 * (real.double().logit(1e-9) - fake.double().logit(1e-9)[: len(real)]).sigmoid().mean() - 1
            ),
            "advantage": _advantage(real, fake),
            "learnt_by_heart": _advantage(train, real),
            **critic_facts(model, self.train, self.held_out, raw, step=step),
        }
        if has(model, Pushes):
            push = model.pushes(raw).flatten(1).norm(dim=1)
            # What -log D(G(z)) would push is the other's divided by D / (1 - D).
            d = fake.double().clamp(1e-12, 1 - 1e-12).to(push)
            saturating = model.settings.objective == "minimax"
            found["push"] = float(push.median())
            found["saturation"] = float((d / (1 - d)).median()) if saturating else 1.0
        return found

    def _vae(self, facts: Facts) -> Facts:
        model: Any = self.model
        parts = {}
        labels = {"held_out": self._held_out_labels, "train": self._train_labels}
        for name, x in (("held_out", self.held_out), ("train", self.train)):
            given = () if labels[name] is None else (labels[name],)
            inputs = model.model_units(x)
            epsilon = torch.randn(len(x), model.settings.latent, generator=torch.Generator().manual_seed(SEED))
            with evaluating(model.player):
                mean, log_variance = model.player.heads(inputs, *given)
                z = mean + torch.exp(0.5 * log_variance) * epsilon
                output = model.player.decoder(z, *given)
                decoded = model.decode(model.encode(x, *given))
                units = kl_standard_normal_units(mean, log_variance)
                if has(model, HasLearntPrior):  # the KL to the own prior, shared out as that to a standard normal one
                    kl = standard_normal_log_prob(epsilon) - 0.5 * log_variance.sum(1) - model.prior_log_prob(z)
                    units = units * (kl.mean() / units.sum(1).mean())
            error = -model.likelihood.log_prob(inputs, output, model.player.log_std)
            parts[name] = (error, units.sum(1), mean, log_variance, units, decoded)
        error, kl, mean, log_variance, units, decoded = parts["held_out"]
        with torch.no_grad():
            noise = model.noise(model.phases[0], len(self.held_out), 10**9, torch.Generator().manual_seed(SEED))
            said, observed = model.phases[0].loss(
                {"vae": model.player},
                Batch(model.model_units(self.held_out), self._held_out_labels),
                noise if noise.epsilon.ndim > 2 else replace(noise, epsilon=epsilon_like(mean)),
            )
        train = model.model_units(self.train)
        facts["dead"] = self._dead(
            {"vae": lambda: model.player(*model.player_inputs(train, torch.Generator().manual_seed(SEED))["vae"])}
        )
        samples = self._samples()
        return {
            "distance": self.distance(samples),
            "reconstruction_distance": self.distance(decoded),
            "reconstruction": float(error.mean()),
            "train_reconstruction": float(parts["train"][0].mean()),
            "kl": float(kl.mean()),
            "kl_units": units.mean(0).tolist(),
            "said_kl": float(observed["kl"].mean()),
            "said_loss": float(said.mean()),
            "kl_weight": float(noise.kl_weight),
            "bound": float(-(error + kl).mean()),
            "train_bound": float(-(parts["train"][0] + parts["train"][1]).mean()),
            "mean_variance": mean.var(0).tolist(),
            "mean_piled": _piled(mean),
            "log_variance_piled": _piled(log_variance),
            "code_scale": 1.0 if has(model, HasLearntPrior) else float((mean.square() + log_variance.exp()).mean()),
        }

    def _autoregressive(self, facts: Facts) -> Facts:
        labels = self._train_labels, self._held_out_labels
        return autoregressive_facts(self.model, self.train, self.held_out, *labels)

    def _classical(self, facts: Facts) -> Facts:
        return em_facts(self.model, self.train, self.held_out, len(self.dataset))

    def _flow(self, facts: Facts) -> Facts:
        return flow_facts(self.model, self.train, self.held_out)

    def _diffusion(self, facts: Facts) -> Facts:
        with self.state.averaged(self.model):
            return {
                "distance": self.distance(self._samples()),
                **diffusion_facts(self.model, self.train, self.held_out),
            }

    def _autoencoder(self, facts: Facts) -> Facts:
        model: Any = self.model
        code = model.encode(self.held_out)
        inputs = model.model_units(self.held_out)

        def error(z: Tensor) -> float:
            with evaluating(model.player):
                output = model.player.decoder(z)
            output = output.sigmoid() if model.settings.reconstruction == "bernoulli" else output
            return float((output - inputs).square().flatten(1).sum(1).mean())

        whole = error(code)
        without = []
        for unit in range(code.shape[1]):
            silenced = code.clone()
            silenced[:, unit] = code[:, unit].mean()
            without.append(error(silenced))
        variance = float((inputs - inputs.mean(0)).square().flatten(1).sum(1).mean())
        facts["dead"] = self._dead({"ae": lambda: model.player(model.model_units(self.train))})
        train = model.model_units(self.train)
        with evaluating(model.player):
            decoded = model.decode(code)
            learnt = model.player(train)[0]
            learnt = learnt.sigmoid() if model.settings.reconstruction == "bernoulli" else learnt
        if has(model, Fits):
            model.fit(self.train, torch.Generator().manual_seed(SEED))
        return {
            "distance": self.distance(self._samples()),
            "reconstruction_distance": self.distance(decoded),
            "reconstruction": whole,
            "train_reconstruction": float((learnt - train).square().flatten(1).sum(1).mean()),
            "data_variance": variance,
            "use": [(w - whole) / variance for w in without],  # what silencing a unit costs, of the data's variance
            "code_variance": code.var(0).tolist(),
        }

    def _vq(self, facts: Facts) -> Facts:
        model: Any = self.model
        inputs, codes = model.model_units(self.train), model.settings.codes
        counts = torch.bincount(model.indices(self.train).flatten(), minlength=codes).double()
        shares = counts / counts.sum()
        facts["dead"] = self._dead({"vq": lambda: model.player(inputs)})
        decoded, error = (model.decode(model.encode(x)) for x in (self.held_out, self.train))
        variance = float((inputs - inputs.mean(0)).square().flatten(1).sum(1).mean())
        return {
            "distance": self.distance(self._samples()),
            "reconstruction_distance": self.distance(decoded),
            "reconstruction": float((model.model_units(error) - inputs).square().flatten(1).sum(1).mean()),
            "data_variance": variance,
            "bound": float(model.log_prob(self.held_out).double().mean()),
            "train_bound": float(model.log_prob(self.train).double().mean()),
            "effective_codes": float(torch.exp(-torch.special.xlogy(shares, shares).sum())),
            "codes": codes,
        }

    def _samples(self) -> Tensor:
        samples: Tensor = self.model.sample(POINTS, generator=torch.Generator().manual_seed(SEED + 2))
        return samples.cpu()

    def _standard(self, flat: Tensor) -> Tensor:
        return (flat - self._mean) / self._std

    def _nearest(self, x: Tensor) -> Tensor:
        """Distances to the nearest training example, in units of the data."""
        axes = self._axes
        at = self._standard(x.flatten(1).double()) @ axes
        near: Tensor = torch.cdist(at, self._standard(self.dataset.x[:4_000].flatten(1).double()) @ axes).amin(1)
        return near

    def _spread(self, x: Tensor) -> float:
        """Mean distance of two samples over that of two real examples."""

        def apart(y: Tensor) -> float:
            at, half = self._standard(y.flatten(1).double()), len(y) // 2
            return float((at[:half] - at[half : 2 * half]).norm(dim=1).mean())

        return apart(x) / max(apart(self.train), 1e-9)

    def _mass(self, x: Tensor) -> list[float] | None:
        """Share of samples nearest to each known mode, or, by the five nearest training examples, of each labelled class."""
        truth = self.dataset.truth
        if truth is not None and truth.modes is not None:
            modes = truth.modes
            return (torch.bincount(self._to_modes(x)[1], minlength=len(modes)) / len(x)).tolist()
        if self.dataset.y is None or self.dataset.event.class_names is None or self.dataset.event.kind != "image":
            return None
        known = self._standard(self.dataset.x[:2_000].flatten(1).double()) @ self._axes
        at = self._standard(x.flatten(1).double()) @ self._axes
        near = torch.cdist(at, known).topk(5, largest=False).indices
        label = self.dataset.y[:2_000][near].mode(1).values
        return (torch.bincount(label, minlength=len(self.dataset.event.class_names)) / len(x)).tolist()

    def _to_modes(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Distance to the nearest known mode, and which that is."""
        assert self.dataset.truth is not None
        assert self.dataset.truth.modes is not None
        nearest: tuple[Tensor, Tensor] = torch.cdist(x.flatten(1).double(), self.dataset.truth.modes).min(1)
        return nearest

    def _finite(self) -> bool:
        return all(bool(p.isfinite().all()) for player in self.model.players.values() for p in player.parameters())

    def _gradients(self, step: int) -> dict[str, float]:
        """Norm of the gradient of every player's loss, each on the same batch, as its player would be moved."""
        model, found = self.model, {}
        labels = None if self._train_labels is None else self._train_labels[:64]
        batch = Batch(model.model_units(self.train[:64]), labels)
        modes = {layer: layer.training for player in model.players.values() for layer in player.modules()}
        buffers = [(b, b.clone()) for player in model.players.values() for b in player.buffers()]
        for phase in (phase for phase in model.phases if phase.gradient):
            noise = model.noise(phase, len(batch.x), step, torch.Generator().manual_seed(SEED))
            for player in model.players.values():
                player.train()
            loss, _ = phase.loss(model.players, batch, noise)
            wanted = [p for p in model.players[phase.player].parameters() if p.requires_grad]
            gradients = torch.autograd.grad(loss.mean(), wanted, allow_unused=True)
            found[phase.player] = float(
                torch.stack([g.double().norm() for g in gradients if g is not None] or [torch.zeros(())]).norm()
            )
        for layer, mode in modes.items():
            layer.training = mode
        for buffer, before in buffers:
            buffer.copy_(before)
        return found

    def _dead(self, passes: dict[str, Callable[[], Any]]) -> dict[str, float]:
        """Share of a player's hidden units that give one number for all examples."""
        found = {}
        for name, forward in passes.items():
            still: list[Tensor] = []

            def watch(_: nn.Module, __: Any, output: Tensor, still: list[Tensor] = still) -> None:
                rows = output.detach().transpose(0, 1).flatten(1) if output.ndim > 2 else output.detach().T
                width = (rows.amax(1) - rows.amin(1)) / rows.abs().amax(1).clamp_min(1e-12)
                still.append(width < 1e-4)

            layers = [m for m in self.model.players[name].modules() if isinstance(m, _ACTIVATIONS)]
            hooks = [layer.register_forward_hook(watch) for layer in layers]
            try:
                with evaluating(self.model.players[name]):
                    forward()
            finally:
                for hook in hooks:
                    hook.remove()
            if still:
                hidden = [s for s in still if len(s) > 1] or still
                found[name] = float(torch.cat(hidden).double().mean())
        return found


def _labels(model: Model, dataset: Dataset, chosen: Tensor) -> Tensor | None:
    """The labels of these examples, where the model takes them."""
    return dataset.y[chosen] if has(model, SamplesClasses) and dataset.y is not None else None


def epsilon_like(mean: Tensor, x: Tensor | None = None) -> Tensor:
    """Standard normal noise for as many examples."""
    shape = (len(mean if x is None else x), mean.shape[1])
    return torch.randn(shape, generator=torch.Generator().manual_seed(SEED))


def _advantage(better: Tensor, worse: Tensor) -> float:
    """2 AUC - 1: how often the one score is above the other, less how often below."""
    difference = better.double()[:, None] - worse.double()[None]
    return float(difference.sign().mean())


def _piled(x: Tensor) -> float:
    """Share of values that equal the smallest or the largest of all exactly, those two themselves left out."""
    piled = (x == x.min()).sum() + (x == x.max()).sum()
    return max(0.0, float(piled - 2) / x.numel())
