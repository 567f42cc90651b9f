"""torch's fused Adam on the CPU, without collecting its arguments again at every step.

`torch.optim.Adam` looks up parameters, moments and counters at each call, and counts the steps of each parameter
separately. In a small game, whose step takes a millisecond, this is several per cent of the time. Here the arguments are
cached and one counter is shared; the same kernel computes the update, with bit-equal results.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

# Without the wrapper that torch adds to the step of a class, which would call the hooks of this object a second time.
_torchs_step = inspect.unwrap(torch.optim.Adam.step)
# Without the wrappers that import torch's compiler, which takes two seconds and is not used here.
_add_param_group, _state_dict, _load_state_dict = (
    inspect.unwrap(method)
    for method in (
        torch.optim.Optimizer.add_param_group,
        torch.optim.Optimizer.state_dict,
        torch.optim.Optimizer.load_state_dict,
    )
)
# By whether the weight decay is decoupled. The kernels are private to torch; without them torch's own step is used.
_KERNELS = {False: getattr(torch, "_fused_adam_", None), True: getattr(torch, "_fused_adamw_", None)}


class _Arguments(NamedTuple):
    """The cached arguments of the kernel; `counter` () is the number of completed steps."""

    kernel: Callable[..., None]
    parameters: list[Tensor]
    first_moments: list[Tensor]
    second_moments: list[Tensor]
    counter: Tensor


class Adam(torch.optim.Adam):
    """Adam with cached arguments.

    torch's own step is used if the cached arguments are not valid: at the first step, on other devices, and if a parameter has
    no gradient.

    References:
        Adam: A Method for Stochastic Optimization (Diederik Kingma, Jimmy Ba, 2014), https://arxiv.org/abs/1412.6980
    """

    _cached: _Arguments | None = None

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        cached = self._cached
        gradients = [p.grad for p in cached.parameters if p.grad is not None] if cached is not None else []
        if cached is None or closure is not None or len(gradients) < len(cached.parameters):
            self._clear_cache()
            loss = _torchs_step(self, closure)
            self._cached = self._collect_arguments()
            return loss
        group = self.param_groups[0]
        cached.counter.add_(1)
        cached.kernel(
            cached.parameters,
            gradients,
            cached.first_moments,
            cached.second_moments,
            [],
            [cached.counter] * len(gradients),
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
        self._write_counters()
        return _state_dict(self)  # type: ignore[no-any-return]

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._cached = None
        _load_state_dict(self, state_dict)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        self._clear_cache()
        _add_param_group(self, param_group)

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for copies and pickles."""
        self._write_counters()
        return super().__getstate__()

    def _collect_arguments(self) -> _Arguments | None:
        """The arguments of the kernel; None if one call with one counter cannot update all parameters."""
        group = self.param_groups[0]
        parameters: list[Tensor] = group["params"]
        # `self.state` is a defaultdict: a look-up would create an entry for a parameter that never had a gradient.
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

    def _write_counters(self) -> None:
        """Copy the shared counter to the counter of every parameter."""
        if self._cached is not None:
            for parameter in self._cached.parameters:
                self.state[parameter]["step"].copy_(self._cached.counter)

    def _clear_cache(self) -> None:
        self._write_counters()
        self._cached = None


class AdamW(Adam, torch.optim.AdamW):
    """AdamW with cached arguments.

    References:
        Decoupled Weight Decay Regularization (Ilya Loshchilov, Frank Hutter, 2017), https://arxiv.org/abs/1711.05101
    """
