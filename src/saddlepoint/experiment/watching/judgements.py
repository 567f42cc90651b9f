"""The discriminator's outputs in the user's own forward passes, told apart as of real or of generated examples.

An input is generated if it has a graph (the generator's step), or shares its memory with an output of the generator of the same step
(`detach()` and views do). An input that requires a gradient but has no graph is that of a gradient penalty, and is left out. If one of
a step's inputs was recognised as generated, those that were not are real. If none was, for example because the samples were
augmented, nothing is known, and the step is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint.evaluation.monitors.adversarial import advantage
from saddlepoint.experiment.last_activation import last_operation
from saddlepoint.experiment.watching.harmless import harmless
from saddlepoint.models.watched.critic import Critic
from saddlepoint.models.watched.functions import first_of
from saddlepoint.networks.activity import memory

MOST_KEPT = 16  # forward passes of a step


@dataclass(frozen=True)
class Seen:
    """One forward pass of the discriminator.

    Attributes:
        output: the network's, without its graph.
        pushed: whether the input required a gradient, so that the pass is one of the generator's step.
        generated: whether the input was recognised as generated.
    """

    output: Tensor
    pushed: bool
    generated: bool


class Judgements:
    """Observes forward passes of the discriminator in the steps that are observed.

    Attributes:
        observe: whether the passes of the current step are kept.
        ends_with_sigmoid: whether the last operation of the network was a sigmoid; None before the first pass with a graph.
        failed: see `harmless`.
    """

    def __init__(self, critic: Critic, discriminator: nn.Module, generator: nn.Module | None) -> None:
        """Prepare; `attach` begins.

        Args:
            critic: around the user's discriminator.
            discriminator: the user's, as the loop calls it.
            generator: the user's; None where it was not given.
        """
        self._critic, self._discriminator, self._generator = critic, discriminator, generator
        self._handles: list[Any] = []
        self._seen: list[Seen] = []
        self._made: list[Tensor] = []  # kept until the end of the step, so that no other tensor gets their memory
        self.observe = False
        self.ends_with_sigmoid: bool | None = None
        self.failed: Exception | None = None

    def attach(self) -> None:
        """Register the hooks."""
        self._handles = [self._discriminator.register_forward_hook(self._judged)]
        if self._generator is not None:
            self._handles.append(self._generator.register_forward_hook(self._generated))

    def detach(self) -> None:
        """Remove the hooks."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self.forget()

    def forget(self) -> None:
        """Forget the passes of a step."""
        self._seen.clear()
        self._made.clear()

    @harmless
    def _generated(self, network: nn.Module, inputs: Any, output: Any) -> None:
        if self.observe and len(self._made) < MOST_KEPT:
            first = first_of(output)
            if isinstance(first, Tensor):
                self._made.append(first.detach())

    @harmless
    def _judged(self, network: nn.Module, inputs: Any, output: Any) -> None:
        if not self.observe or len(self._seen) >= MOST_KEPT or not inputs or not isinstance(inputs[0], Tensor):
            return
        x = inputs[0]
        if x.is_leaf and x.requires_grad:
            return
        first = first_of(output)
        if not isinstance(first, Tensor) or not first.ndim or len(first) != len(x):
            return
        if self._critic.takes is None:
            self._critic.takes = tuple(x.shape[1:])
        if first.grad_fn is not None and self.ends_with_sigmoid is None:
            self.ends_with_sigmoid = last_operation(first) == "Sigmoid"
        made = {memory(tensor) for tensor in self._made}
        self._seen.append(Seen(first.detach(), x.requires_grad, x.requires_grad or memory(x) in made))

    def of_step(self) -> tuple[list[Tensor], list[Tensor]] | None:
        """Return the outputs of real and of generated examples in the discriminator's own passes of this step.

        Returns:
            The outputs, each (B, ...); None where real and generated could not be told apart.
        """
        own = [seen for seen in self._seen if not seen.pushed]
        if not any(seen.generated for seen in self._seen):
            return None
        real = [seen.output for seen in own if not seen.generated]
        fake = [seen.output for seen in own if seen.generated]
        if not fake and len(real) > 1:  # of changed samples nothing is known but that a pass is of one kind
            return None
        fake = fake or [seen.output for seen in self._seen if seen.pushed]
        return (real, fake) if real and fake else None

    def candidates(self) -> list[tuple[list[Tensor], list[Tensor]]]:
        """Return what the outputs of real and of generated examples may be.

        Where no input was recognised as generated, because labels were concatenated with the samples, for example, two passes of the
        discriminator's own step may be of either kind.
        """
        known = self.of_step()
        if known is not None:
            return [known]
        own = [seen.output for seen in self._seen if not seen.pushed]
        if len(own) != 2 or any(seen.generated for seen in self._seen if not seen.pushed):
            return []
        first, second = own
        return [([first], [second]), ([second], [first])]

    def logits(self) -> tuple[Tensor, Tensor] | None:
        """Return the logits (N,) of real and (M,) of generated examples of this step; None where they could not be told apart."""
        outputs = self.of_step()
        if outputs is None:
            return None
        real, fake = ([self._critic.logits_of(output) for output in kind] for kind in outputs)
        return (real[0] if len(real) == 1 else torch.cat(real)), (fake[0] if len(fake) == 1 else torch.cat(fake))


def logit_series(real: Tensor, fake: Tensor) -> dict[str, Tensor]:
    """Return the series of logits (N,) of real and (M,) of generated examples that the user's own loop computed."""
    real, fake = real.detach().float().flatten(), fake.detach().float().flatten()
    return {
        "d/real_logit": real.mean(),
        "d/fake_logit": fake.mean(),
        "d/real_logit_spread": real.std(correction=0),
        "d/fake_logit_spread": fake.std(correction=0),
        "d/advantage": advantage(real, fake),
    }
