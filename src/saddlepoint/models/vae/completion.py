"""Completion by a variational autoencoder: a Markov chain of codes given the known numbers.

Missing numbers are drawn from p(x | z), and z from p(z | known numbers). Its density is known up to a constant,

    p(z) prod over known i of p(x_i | z),

and the encoder proposes codes: the missing numbers of its input are their means given the present code z,

    z' ~ q(z' | known numbers, E[missing | z]),

which is accepted with the probability of Metropolis and Hastings. So the chain leaves p(z | known numbers) unchanged, however good
the encoder is. It starts with one of several codes from the prior, drawn in proportion to how well they explain the known numbers.

References:
    Leveraging the Exact Likelihood of Deep Latent Variable Models (Pierre-Alexandre Mattei, Jes Frellsen, 2018), section 4,
        https://arxiv.org/abs/1802.04826
    Stochastic Backpropagation and Approximate Inference in Deep Generative Models (Danilo Rezende, Shakir Mohamed, Daan Wierstra,
        2014), appendix F, https://arxiv.org/abs/1401.4082 (the chain without acceptance)
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from saddlepoint.errors import SettingError
from saddlepoint.models.arrays import Numbers, check_completion, in_chunks, normal_like, uniform_like
from saddlepoint.models.capabilities import Completes, require
from saddlepoint.models.draws import draw_index
from saddlepoint.models.labels import draw_labels_given
from saddlepoint.models.vae.coding import CodingVAE
from saddlepoint.models.vae.priors import mixture_log_prob, normal_log_prob
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.objectives.binarisation import to_black_and_white
from saddlepoint.objectives.weighted_evidence import repeat_draws

STEPS = 100  # of the chain
STARTS = 64  # codes of the prior, of which each chain starts with one


class Known(NamedTuple):
    """What is known of B examples, in the model's units.

    Attributes:
        x: (B, *event), with any number where nothing is known.
        mask: (B, *event) bool.
    """

    x: Tensor
    mask: Tensor


class State(NamedTuple):
    """Codes of B chains.

    Attributes:
        code: (B, latent), with the class of a conditional model.
        log_target: (B,) log p(z) + log p(known numbers | z), up to a constant.
        mean: (B, numbers) of the proposal from this code.
        log_variance: (B, numbers) of the proposal.
    """

    code: Tensor
    log_target: Tensor
    mean: Tensor
    log_variance: Tensor


class Completion(CodingVAE):
    """A VAE that fills in missing parts."""

    @property
    def completion_passes(self) -> int:
        """Passes of the networks for one completion."""
        return 2 * STEPS + STARTS

    def complete(self, x: Numbers, known: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """Fill in missing numbers: independent draws from p(x | z), after a Markov chain of codes given the known numbers.

        For a Bernoulli likelihood they are the means of p(x | z), as in `sample`.

        Args:
            x: (N, *event) in the data's units; missing numbers may have any value.
            known: (N, *event) bool.
            generator: draws codes and numbers; None takes torch's global generator.

        Returns:
            (N, *event) in the data's units, equal to x where it is known.

        Raises:
            DataError: the model has two layers of codes.
            SettingError: an argument is invalid, or known holds for a part of the columns of one category.
        """
        require(self, Completes)
        x = check_completion(x, known, generator)
        self._check_groups(known)
        inputs = self.model_units(x)
        if self.settings.binarise == "stochastic":
            inputs = to_black_and_white(inputs, uniform_like(inputs, generator))
        mask = known.to(inputs.device)

        def fill(index: Tensor) -> Tensor:
            given = Known(inputs[index], mask[index])
            state = self._start(given, generator)
            for _ in range(STEPS):
                state = self._step(state, given, generator)
            return self.scaling.to_data(self._draw(state.code, generator))

        if not len(x):
            return self.scaling.to_data(inputs)
        with evaluating(self.player):
            made = in_chunks(fill, torch.arange(len(x), device=inputs.device))
        return torch.where(mask, x.to(made), made)

    def _start(self, given: Known, generator: torch.Generator | None) -> State:
        """One of `STARTS` codes of the prior for each example, drawn in proportion to p(known numbers | z)."""
        n = len(given.x)
        codes = self._draw_codes(STARTS * n, None, generator).to(given.x)
        fits = self._fit(self._output(codes), Known(*(repeat_draws(part, STARTS) for part in given))).view(STARTS, n)
        chosen = draw_index(fits.T.double().softmax(1).cpu(), generator).to(codes.device)
        return self._state(codes.view(STARTS, n, -1)[chosen, torch.arange(n, device=codes.device)], given)

    def _step(self, state: State, given: Known, generator: torch.Generator | None) -> State:
        """Propose and accept or reject a code, then draw the class of a conditional model given it."""
        z = state.mean + torch.exp(0.5 * state.log_variance) * normal_like(state.mean, generator)
        there = self._state(self.join_codes(z, self.split_codes(state.code)[1]), given)
        forth, back = _log_normal(z, state), _log_normal(self.split_codes(state.code)[0], there)
        log_ratio = there.log_target + back - state.log_target - forth
        accepted = uniform_like(log_ratio, generator).log() < log_ratio
        state = State(
            *(
                torch.where(accepted.view(-1, *[1] * (old.ndim - 1)), new, old)
                for old, new in zip(state, there, strict=True)
            )
        )
        return state if self.classes is None else self._redraw_class(state, given, generator)

    def _redraw_class(self, state: State, given: Known, generator: torch.Generator | None) -> State:
        """Draw the class from its distribution given the known numbers and the rest of the code."""
        classes = self.classes or 0
        n, every = len(given.x), torch.arange(classes, device=state.code.device)
        codes = self.with_labels(repeat_draws(state.code, classes), every.repeat_interleave(n))
        fits = self._fit(self._output(codes), Known(*(repeat_draws(part, classes) for part in given))).view(classes, n)
        labels = draw_labels_given(fits.T, self.event.shares, generator)
        return self._state(self.with_labels(state.code, labels.to(state.code.device)), given)

    def _state(self, code: Tensor, given: Known) -> State:
        output = self._output(code)
        z, weights = self.split_codes(code)
        components = self.player.components()
        log_prior = normal_log_prob(z) if components is None else mixture_log_prob(z, components)
        filled = torch.where(given.mask, given.x, self.likelihood.mean(output))
        mean, log_variance = self.player.heads(filled, *([] if weights is None else [weights]))
        return State(code, log_prior + self._fit(output, given), mean, log_variance)

    def _output(self, code: Tensor) -> Tensor:
        z, weights = self.split_codes(code)
        output: Tensor = self.player.decoder(z) if weights is None else self.player.decoder(z, weights)
        return output

    def _fit(self, output: Tensor, given: Known) -> Tensor:
        """log p(known numbers | z) (B,); numbers, or groups of them, are independent given z, so that the others are left out."""
        x, output, mask = (self.event.without_constants(part).flatten(1) for part in (given.x, output, given.mask))
        log_std, joint = self.player.log_std, self.likelihood.joint
        if joint is not None:
            return torch.where(mask, joint(x, output, log_std), 0.0).sum(1)
        each = self.likelihood.log_prob(x.reshape(-1, 1), output.reshape(-1, 1), log_std).view(x.shape)
        return torch.where(mask, each, 0.0).sum(1)

    def _check_groups(self, known: Tensor) -> None:
        """Refuse a mask (N, D) that knows a part of a group of one-hot columns: the rest would contradict it."""
        for start, stop in self.likelihood.groups:
            part = known[:, start:stop]
            if bool((part.any(1) != part.all(1)).any()):
                raise SettingError(
                    f"complete: columns {start} to {stop - 1} are the one-hot code of one value, and known holds for some of them alone: let "
                    "all of them be known in a row, or none."
                )


def _log_normal(z: Tensor, state: State) -> Tensor:
    """log q(z | ...) (B,) of the proposal from a state, up to a constant."""
    return -0.5 * ((z - state.mean).square() * torch.exp(-state.log_variance) + state.log_variance).sum(1)
