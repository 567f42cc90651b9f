"""Samplers of diffusion models: solvers of the ordinary differential equation from noise to data, one algorithm a file.

Each is a function `(estimate, path, x, times) -> x`: the estimates of example and noise at (x, t), the path, the start (B, *event)
at the first time, and the times in the order in which they are visited, falling for samples and rising for codes. To add one: a
file with its function, one line in `SAMPLERS`, and its name in `SamplerName` (`models/diffusion/settings.py`).
"""

from __future__ import annotations

from saddlepoint.models.diffusion.samplers.ddim import ddim
from saddlepoint.models.diffusion.samplers.euler import euler
from saddlepoint.models.diffusion.samplers.heun import heun
from saddlepoint.models.diffusion.samplers.sampler import Sampler

__all__ = ["SAMPLERS", "Sampler", "ddim", "euler", "heun"]

SAMPLERS: dict[str, Sampler] = {"euler": euler, "heun": heun, "ddim": ddim}
