"""Find mistakes of the user's loop in its first steps: what cannot be seen before a loss was computed and an optimiser moved."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy, softplus

from saddlepoint.diagnosis.traits import traits_of
from saddlepoint.experiment.objective_checks.adversarial import MODES
from saddlepoint.experiment.watching import findings
from saddlepoint.experiment.watching.gradients import GradientWatch, smallest_weight, weights_reached
from saddlepoint.experiment.watching.judgements import Judgements
from saddlepoint.experiment.watching.scalars import number_of
from saddlepoint.models.watched.critic import Critic
from saddlepoint.models.watched.settings import WatchedSettings
from saddlepoint.records import Finding

LAST = 120  # steps that are watched; a Wasserstein GAN may first train its critic for a hundred
FEWEST = 25  # steps after which the end of the loop also ends the watch
UPDATES = 6  # of a player, after which its gradients and its mode are judged
JUDGED = 10  # steps in which the loss is compared with the outputs
AGREE = 2  # of these that must agree
SAME = 1e-3  # relative difference of two losses that are equal up to rounding


class FirstSteps:
    """Watches the first steps of a loop.

    Attributes:
        active: whether it still watches.
    """

    def __init__(
        self,
        settings: WatchedSettings,
        players: Mapping[str, nn.Module],
        roles: Mapping[str, str],
        judgements: Judgements | None,
        critic: Critic | None,
    ) -> None:
        """Begin to watch.

        Args:
            settings: kind and objective.
            players: the user's networks by short name.
            roles: short names to the user's names.
            judgements: observes the discriminator; None where there is none.
            critic: the discriminator; None where there is none.
        """
        self.active = True
        self._settings, self._players, self._roles = settings, players, roles
        self._judgements, self._critic = judgements, critic
        self._gradients = {name: GradientWatch(player) for name, player in players.items()}
        self._moved: dict[str, set[int]] = {name: set() for name in players}
        self._strangers: dict[int, int] = {}
        self._evaluated = dict.fromkeys(players, 0)
        self._passes_of_generator = -1  # when the discriminator last moved
        self._adds_up: bool | None = None  # whether the generator moved with gradients of the discriminator's loss
        self._shared = False
        self._found: set[tuple[str, str]] = set()
        self._agree = {"probabilities": 0, "logits": 0}
        self._start = {
            name: (weight, weight.detach().clone())
            for name, player in players.items()
            if (weight := smallest_weight(player)) is not None
        }

    def detach(self) -> None:
        """Stop watching."""
        self.active = False
        for watch in self._gradients.values():
            watch.detach()

    def compares_losses(self, step: int) -> bool:
        """Whether the discriminator's outputs of a step are compared with its loss."""
        return self.active and step <= JUDGED and max(self._agree.values()) < AGREE and self._judgements is not None

    def before_step(self, optimiser: Any, held: Mapping[str, list[Tensor]]) -> None:
        """Note which weights an optimiser is going to move."""
        self._strangers |= {id(weight): weight.numel() for weight in held.get("", ())}
        self._shared = self._shared or {"d", "g"} <= held.keys()
        for name, weights in held.items():
            if name not in self._players:
                continue
            self._moved[name] |= {id(weight) for weight in weights}
            self._gradients[name].update()
            layers = _switched(self._players[name])
            is_evaluated = bool(layers) and not any(layer.training for layer in layers)
            # Once in training mode is enough.
            self._evaluated[name] = self._evaluated[name] + 1 if is_evaluated else -LAST
        generator = self._gradients.get("g")
        if generator is None:
            return
        if "d" in held:
            self._passes_of_generator = generator.passes
        elif "g" in held and self._passes_of_generator >= 0:
            last = generator.cleared_at
            self._adds_up = last <= self._passes_of_generator and generator.passes > last

    def check(self, step: int, scalars: Mapping[str, Any], *, ends: bool = False) -> Iterator[Finding]:
        """Return what was found after a step; each mistake once.

        Args:
            step: number of the step.
            scalars: that the user passed, by name.
            ends: whether this is the last step.
        """
        for key, finding in self._mistakes(step, scalars, ends=ends):
            if finding is not None and key not in self._found:
                self._found.add(key)
                yield finding
        if step >= LAST or ends:
            self.detach()

    def _mistakes(
        self, step: int, scalars: Mapping[str, Any], *, ends: bool
    ) -> Iterator[tuple[tuple[str, str], Finding | None]]:
        if self._settings.kind == "gan":
            yield ("LOOP901", ""), self._reach(step, scalars.get("d_loss"))
            if self._shared:
                yield ("LOOP903", ""), findings.one_for_both(step, (self._roles["d"], self._roles["g"]))
            if self.compares_losses(step):
                yield ("LOOP907", ""), self._sigmoid(step, scalars.get("d_loss"))
        for name, watch in self._gradients.items():
            role = self._roles[name]
            if watch.never_cleared >= UPDATES - 1:
                yield ("LOOP904", name), findings.never_cleared(step, role, watch.updates)
            if self._evaluated[name] >= UPDATES:
                layers = _switched(self._players[name])
                yield ("LOOP905", name), findings.evaluation_mode(step, role, type(layers[0]).__name__, len(layers))
            if step == LAST or (ends and FEWEST <= step < LAST):
                yield ("LOOP902", name), self._unmoved(step, name)

    def _reach(self, step: int, loss: Any) -> Finding | None:
        """The discriminator's loss has a gradient at weights of the generator alone."""
        if not {"d", "g"} <= self._players.keys() or self._adds_up is None or ("LOOP901", "") in self._found:
            return None
        if not isinstance(loss, Tensor) or loss.grad_fn is None or step > JUDGED:
            return None
        own = {id(p) for p in self._players["g"].parameters() if p.requires_grad}
        own -= {id(p) for p in self._players["d"].parameters()}
        return findings.not_detached(step, harmful=self._adds_up) if own & weights_reached(loss) else None

    def _unmoved(self, step: int, name: str) -> Finding | None:
        """Trainable weights of a player that no optimiser held."""
        weights = {id(p): p.numel() for p in self._players[name].parameters() if p.requires_grad}
        total = sum(weights.values())
        held = sum(count for key, count in weights.items() if key in self._moved[name])
        if not total or held == total or (not held and name in self._start and _changed(*self._start[name])):
            return None  # other code than an optimiser of torch may move it
        strangers = sum(self._strangers.values())
        return findings.not_moved(step, self._roles[name], held, total, strangers)

    def _sigmoid(self, step: int, loss: Any) -> Finding | None:
        """Whether the loss is that of the discriminator's outputs as logits, although they are probabilities."""
        assert self._judgements is not None
        assert self._critic is not None
        names = self._settings.objective
        if not self._judgements.ends_with_sigmoid or (
            names and not {"cross_entropy", "unpaired"} <= traits_of([names])
        ):
            return None
        value = number_of(loss)
        if not math.isfinite(value):
            return None
        right = math.nan
        for outputs in self._judgements.candidates():
            right, wrong = _cross_entropies(*outputs)
            sums = (("probabilities", right), ("logits", wrong))
            equal = [name for name, expected in sums if _is_mean_or_sum(value, expected)]
            if equal:
                self._agree[equal[0]] += 1
                break
        self._critic.sigmoid = self._agree["logits"] <= self._agree["probabilities"]
        return findings.sigmoid_twice(step, value, right) if self._agree["logits"] >= AGREE else None


def _is_mean_or_sum(value: float, expected: float) -> bool:
    """Whether a loss is the sum of two terms or their mean, up to rounding."""
    return any(abs(value - share * expected) <= SAME * share * expected for share in (1.0, 0.5))


def _cross_entropies(real: list[Tensor], fake: list[Tensor]) -> tuple[float, float]:
    """The discriminator's cross-entropy of its outputs as probabilities, and as logits."""
    with torch.no_grad():
        ones, zeros = (
            torch.cat([part.float().flatten() for part in real]),
            torch.cat([part.float().flatten() for part in fake]),
        )
        right = binary_cross_entropy(ones, torch.ones_like(ones)) + binary_cross_entropy(zeros, torch.zeros_like(zeros))
        return float(right), float(softplus(-ones).mean() + softplus(zeros).mean())


def _switched(player: nn.Module) -> list[nn.Module]:
    """The layers that differ between training and evaluation."""
    return [layer for layer in player.modules() if isinstance(layer, MODES)]


def _changed(weight: Tensor, before: Tensor) -> bool:
    return not torch.equal(weight.detach(), before)
