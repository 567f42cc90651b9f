"""A hidden Markov model of series or text, fitted by expectation maximisation with hmmlearn: one iteration a training step."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from saddlepoint.data.event import Event, ScalingKind
from saddlepoint.errors import DataError, MissingExtraError
from saddlepoint.models.classical.distribution import Completing, refuse
from saddlepoint.models.classical.normal import complete_components, component_log_prob, draw_components
from saddlepoint.models.classical.settings import ClassicalSettings
from saddlepoint.models.draws import draw_index

RAREST = 1e-10  # least probability of a symbol in a state
FEWEST = 2.0  # expected visits of a state in all examples, below which it describes nothing


class HMM(Completing):
    """A hidden state that follows a Markov chain; each time step is drawn from its state's Gaussian, or distribution of symbols.

    Gaussians have diagonal covariances, to which `reg_covar` is added. All states are alike before the first step.

    References:
        A Tutorial on Hidden Markov Models and Selected Applications in Speech Recognition (Lawrence Rabiner, 1989),
            https://doi.org/10.1109/5.18626
    """

    iterative: ClassVar[bool] = True

    def __init__(self, settings: ClassicalSettings, event: Event, shape: tuple[int, ...]) -> None:
        super().__init__(settings, event, shape)
        states = settings.states
        self._text = event.kind == "text"
        self._emissions = ("emissions",) if self._text else ("means", "variances")
        self.state_names = ("start", "transitions", *self._emissions, "examples")  # type: ignore[misc]
        self.log_prob_of = "values" if self._text else "density"
        self._length = shape[1] if event.kind == "sound" else shape[0]
        self.start = torch.full((states,), 1 / states, dtype=torch.float64)
        self.transitions = torch.full((states, states), 1 / states, dtype=torch.float64)
        self.examples = torch.zeros((), dtype=torch.float64)
        if self._text:
            levels = event.levels or 1
            self.emissions = torch.full((states, levels), 1 / levels, dtype=torch.float64)
        else:
            channels = shape[0] if event.kind == "sound" else shape[1]
            self.means = torch.zeros(states, channels, dtype=torch.float64)
            self.variances = torch.ones(states, channels, dtype=torch.float64)

    @classmethod
    def check_event(cls, settings: ClassicalSettings, event: Event) -> None:
        if event.kind not in ("text", "series", "sound"):
            raise refuse(
                settings,
                f"needs a text, series (T, C) or sound, and these data are {event.plural}: take mixture, or give other data.",
            )

    @classmethod
    def usual_scaling(cls, settings: ClassicalSettings, event: Event) -> ScalingKind:
        return "none" if event.kind == "text" else super().usual_scaling(settings, event)

    def _steps(self, x: Tensor) -> Tensor:
        """(N, *shape) -> (N, T, channels)."""
        if self._text:
            return x[..., None]
        return x.transpose(1, 2) if self.event.kind == "sound" else x

    def _back(self, steps: Tensor) -> Tensor:
        """(N, T, channels) -> (N, *shape)."""
        if self._text:
            return steps[..., 0]
        return steps.transpose(1, 2) if self.event.kind == "sound" else steps

    def begin(self, x: Tensor, y: Tensor | None, seed: int) -> None:
        if self.begun:
            return
        if len(x) < self.fewest:
            raise self.too_few(len(x))
        self._fit(self._estimator(random_state=seed, n_iter=0), x)

    @property
    def fewest(self) -> int:
        return -(-self.settings.states // self._length)

    def too_few(self, examples: int, of: str = "") -> DataError:
        return DataError(
            f"model.states: {self.settings.states} states cannot be fitted to {examples:,} example{'s' * (examples != 1)}{of} of {self._length} "
            "steps; ask for fewer, give more data, or raise training.batch_size."
        )

    def learn(self, x: Tensor, y: Tensor | None) -> None:
        fit = self._estimator(n_iter=1, init_params="")
        fit.startprob_, fit.transmat_ = self.start.numpy(), self.transitions.numpy()
        if self._text:
            fit.emissionprob_ = self.emissions.numpy()
        else:
            fit.means_, fit.covars_ = self.means.numpy(), self.variances.numpy()
        self._fit(fit, x)

    def _estimator(self, **arguments: Any) -> Any:
        try:
            from hmmlearn.hmm import CategoricalHMM, GaussianHMM
        except ImportError:
            raise MissingExtraError("hmmlearn", "hmm", "model.distribution: hmm") from None
        if self._text:
            return CategoricalHMM(self.settings.states, n_features=self.event.levels, **arguments)
        # Its prior on the covariances is replaced by reg_covar, which is added afterwards as scikit-learn does for mixtures.
        return GaussianHMM(self.settings.states, "diag", covars_prior=0.0, min_covar=1e-12, **arguments)

    def _fit(self, fit: Any, x: Tensor) -> None:
        steps = self._steps(x)
        rows = steps.reshape(-1, steps.shape[2]).numpy()
        # A state that is never visited has 0 / 0; see below.
        with _without_hints(), np.errstate(divide="ignore", invalid="ignore"):
            fit.fit(rows.astype(np.int64) if self._text else rows, [self._length] * len(x))
        found = {"start": fit.startprob_, "transitions": fit.transmat_}
        if self._text:
            found["emissions"] = np.maximum(fit.emissionprob_, RAREST)
        else:
            variances = np.diagonal(fit.covars_, axis1=1, axis2=2)
            found |= {"means": fit.means_, "variances": variances + self.settings.reg_covar}
        for name, values in found.items():
            new, old = torch.from_numpy(np.array(values, dtype=np.float64)), getattr(self, name)
            if name in ("means", "variances"):
                valid = new.isfinite().all(1, keepdim=True)
            else:
                total = new.sum(-1, keepdim=True)
                valid, new = total > 0, new / total
            # A state that is never visited keeps its parameters.
            setattr(self, name, torch.where(valid, new, old))
        self.examples = torch.tensor(float(len(x)), dtype=torch.float64)

    def _emission_log_prob(self, steps: Tensor, known: Tensor | None = None) -> Tensor:
        """log p(step | state), (N, T, channels) -> (N, T, states); of the known numbers alone if there is a mask."""
        if self._text:
            log_prob = self.emissions.log().T[steps[..., 0].long()]
            return log_prob if known is None else torch.where(known, log_prob, 0.0)
        mask = None if known is None else known.flatten(0, 1)
        flat = component_log_prob(steps.flatten(0, 1), self.means, self.variances, mask)
        return flat.view(*steps.shape[:2], self.settings.states)

    def _filter(self, log_prob: Tensor) -> tuple[Tensor, Tensor]:
        """The forward algorithm.

        Args:
            log_prob: (N, T, states) of the emissions.

        Returns:
            Probabilities of the states given the steps so far, (T, N, states), and log p(x), (N,).
        """
        largest = log_prob.amax(2, keepdim=True)
        scaled = (log_prob - largest).exp()
        state, total, filtered = self.start.expand(len(log_prob), -1), largest.sum((1, 2)), []
        for t in range(log_prob.shape[1]):
            joint = (state @ self.transitions if t else state) * scaled[:, t]
            norm = joint.sum(1, keepdim=True).clamp_min(torch.finfo(torch.float64).tiny)
            state = joint / norm
            total = total + norm[:, 0].log()
            filtered.append(state)
        return torch.stack(filtered), total

    def log_prob(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self._filter(self._emission_log_prob(self._steps(x)))[1]

    def known_log_prob(self, x: Tensor, known: Tensor, y: Tensor | None = None) -> Tensor:
        return self._filter(self._emission_log_prob(self._steps(x), self._steps(known)))[1]

    def responsibilities(self, x: Tensor) -> Tensor:
        """Return the probabilities of the states at every step given the whole example, (N, *shape) -> (N, T, states)."""
        log_prob = self._emission_log_prob(self._steps(x))
        filtered, _ = self._filter(log_prob)
        smoothed = [filtered[-1]]
        for now in filtered[:-1].flip(0):
            predicted = (now @ self.transitions).clamp_min(torch.finfo(torch.float64).tiny)
            smoothed.append(now * ((smoothed[-1] / predicted) @ self.transitions.T))
        return torch.stack(smoothed[::-1], 1)

    def sample(self, n: int, y: Tensor | None, generator: torch.Generator | None) -> Tensor:
        state = draw_index(self.start.expand(n, -1), generator)
        states = [state]
        for _ in range(self._length - 1):
            state = draw_index(self.transitions[state], generator)
            states.append(state)
        flat = torch.stack(states, 1).flatten()
        steps = self._draw(flat, generator)
        return self._back(steps.view(n, self._length, steps.shape[1]))

    def _draw(self, states: Tensor, generator: torch.Generator | None) -> Tensor:
        """Draw one step from each state, (M,) -> (M, channels)."""
        if self._text:
            return draw_index(self.emissions[states], generator)[:, None].double()
        return draw_components(states, self.means, self.variances, generator)

    def complete(
        self, x: Tensor, known: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        """Draw the states given the known numbers (forward filtering, backward sampling), then the unknown numbers."""
        steps, mask = self._steps(x), self._steps(known)
        filtered, _ = self._filter(self._emission_log_prob(steps, mask))
        state = draw_index(filtered[-1], generator)
        states = [state]
        for now in filtered[:-1].flip(0):
            state = draw_index(now * self.transitions.T[state], generator)
            states.append(state)
        flat = torch.stack(states[::-1], 1).flatten()
        if self._text:
            drawn = self._draw(flat, generator).view(steps.shape)
            return self._back(torch.where(mask, steps, drawn))
        drawn = complete_components(
            steps.flatten(0, 1), mask.flatten(0, 1), flat, self.means, self.variances, generator
        )
        return self._back(drawn.view(steps.shape))

    def observations(self) -> dict[str, Tensor]:
        """Return the expected visits of the rarest state in all examples, and the number of states with fewer than two."""
        state = self.start[None]
        share = state
        for _ in range(self._length - 1):
            state = state @ self.transitions
            share = share + state
        visits = share[0] * self.examples
        return {"smallest_state": visits.min(), "unvisited_states": (visits < FEWEST).sum()}


@contextlib.contextmanager
def _without_hints() -> Iterator[None]:
    """Within the block, hmmlearn does not log at every step that there are many parameters, which EM803 finds where it matters."""
    log = logging.getLogger("hmmlearn")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)
