"""The formulation of a diffusion model from the names in its settings."""

from __future__ import annotations

from collections.abc import Callable

from saddlepoint.models.diffusion.settings import DiffusionSettings
from saddlepoint.objectives.denoising import LEVELS, Formulation
from saddlepoint.objectives.noise_paths import PATHS
from saddlepoint.objectives.preconditioning import EDM, Preconditioner, Velocity

PRECONDITIONERS: dict[str, Callable[[float], Preconditioner]] = {"edm": EDM, "velocity": lambda data_std: Velocity()}


def formulation(settings: DiffusionSettings) -> Formulation:
    """Return the path, the preconditioner and the noise levels that the settings name."""
    path, preconditioner, levels = settings.parts
    return Formulation(
        PATHS[path],
        PRECONDITIONERS[preconditioner](settings.data_std),
        LEVELS[levels](PATHS[path], settings.data_std),
    )
