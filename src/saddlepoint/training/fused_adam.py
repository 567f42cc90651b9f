"""torch's fused Adam on the processor, without gathering its arguments anew at every step.

`torch.optim.Adam` looks up parameters, moments and counters at each call and counts steps once a parameter. In a small
game, whose step takes a millisecond, that is several per cent. Here they are looked up once, and one counter serves
all; the arithmetic is done by the same kernel, bit for bit.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

# Without the wrapper that torch puts around a class's step, which would call this object's hooks a second time.
_torchs_step = inspect.unwrap(torch.optim.Adam.step)
# By whether the weight decay is decoupled. They are private to torch: a version without them takes its own step.
_KERNELS = {False: getattr(torch, "_fused_adam_", None), True: getattr(torch, "_fused_adamw_", None)}


class _Arguments(NamedTuple):
    """What the kernel takes beside the gradients and the group's settings; `counter` () is the steps done."""

    kernel: Callable[..., None]
    parameters: list[Tensor]
    first_moments: list[Tensor]
    second_moments: list[Tensor]
    counter: Tensor


class Adam(torch.optim.Adam):
    """Takes torch's own step where the kept arguments do not fit: at first, on other devices, without a gradient.

    Adam: A Method for Stochastic Optimization (Kingma, Ba, 2014). https://arxiv.org/abs/1412.6980
    """

    _kept: _Arguments | None = None

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        kept = self._kept
        gradients = [p.grad for p in kept.parameters if p.grad is not None] if kept is not None else []
        if kept is None or closure is not None or len(gradients) < len(kept.parameters):
            self._forget()
            loss = _torchs_step(self, closure)
            self._kept = self._gathered()
            return loss
        group = self.param_groups[0]
        kept.counter.add_(1)
        kept.kernel(
            kept.parameters,
            gradients,
            kept.first_moments,
            kept.second_moments,
            [],
            [kept.counter] * len(gradients),
            lr=group["lr"],
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            amsgrad=False,
            maximize=False,
        )
        return None

    def state_dict(self) -> dict[str, Any]:
        self._settle()
        return super().state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._kept = None
        super().load_state_dict(state_dict)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        self._forget()
        super().add_param_group(param_group)

    def __getstate__(self) -> dict[str, Any]:
        """What copies and pickles hold."""
        self._settle()
        return super().__getstate__()

    def _gathered(self) -> _Arguments | None:
        """The arguments, where one kernel on one counter can serve all parameters."""
        group = self.param_groups[0]
        parameters: list[Tensor] = group["params"]
        # Looked up only where there is one: asking would make it, and torch has none for a parameter without gradients.
        states = [self.state[p] for p in parameters if p in self.state]
        kernel = _KERNELS[group["decoupled_weight_decay"]]
        if (
            kernel is None
            or len(self.param_groups) > 1
            or not group["fused"]
            or group["amsgrad"]
            or group["maximize"]
            or any(p.device.type != "cpu" for p in parameters)
            or len(states) < len(parameters)
            or len({p.dtype for p in parameters}) > 1
            or len({float(state["step"]) for state in states}) > 1
        ):
            return None
        first, second = ([state[name] for state in states] for name in ("exp_avg", "exp_avg_sq"))
        return _Arguments(kernel, parameters, first, second, states[0]["step"].clone())

    def _settle(self) -> None:
        """Write the one counter back to every parameter's own."""
        if self._kept is not None:
            for parameter in self._kept.parameters:
                self.state[parameter]["step"].copy_(self._kept.counter)

    def _forget(self) -> None:
        self._settle()
        self._kept = None


class AdamW(Adam, torch.optim.AdamW):
    """The same with the weight decay apart from the gradient.

    Decoupled Weight Decay Regularization (Loshchilov, Hutter, 2017). https://arxiv.org/abs/1711.05101
    """
