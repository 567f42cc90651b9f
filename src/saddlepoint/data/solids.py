"""Solids in small volumes: spheres, boxes and tori of random size, place and orientation.

A voxel holds the share of it that lies inside, from the signed distance to the surface: 1/2 on the surface, falling over one voxel.
The sum over all voxels is then the solid's volume, up to a few percent.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saddlepoint.data.capacity import require_memory
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import Part, assemble
from saddlepoint.errors import DataError

SIDE = 16  # voxels
SOLIDS = 3_000  # training examples where the settings do not say how many
NAMES = ("sphere", "box", "torus")
SMALLEST_SIDE, LARGEST_SIDE = 8, 128
BATCH = 256  # solids made together


def load(settings: DataSettings) -> Dataset:
    """(N, 1, 16, 16, 16) float32 in [0, 1], labelled by shape; `size` sets the side."""
    side = settings.size[0] if settings.size else SIDE
    if settings.size and (settings.size[0] != settings.size[1] or not SMALLEST_SIDE <= side <= LARGEST_SIDE):
        raise DataError(
            f"solids: data.size is {settings.size}; give one number of voxels from {SMALLEST_SIDE} to {LARGEST_SIDE}."
        )
    generator = torch.Generator().manual_seed(settings.split_seed)
    count = settings.points or SOLIDS
    require_memory(8 * count * side**3, f"solids: {count:,} volumes of {side}^3", "lower data.points or data.size")
    parts = []
    for number in (count, round(count * settings.held_out)):
        labels = (torch.arange(number) % len(NAMES))[torch.randperm(number, generator=generator)]
        made = [draw_solids(part, side, generator)[0] for part in torch.split(labels, BATCH)]
        parts.append(Part(torch.cat(made)[:, None], labels))
    event = Event((1, side, side, side), "volume", low=0.0, high=1.0, class_names=NAMES)
    return assemble("solids", event, parts[0], settings, test=parts[1])


def draw_solids(labels: Tensor, side: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Solids of classes (n,) in `NAMES`: occupancies (n, side, side, side), and exact volumes (n,) in voxels."""
    n = len(labels)
    share = torch.rand(n, 3, generator=generator)
    turn = _rotations(torch.randn(n, 4, generator=generator))
    unit = side / SIDE
    radius = unit * (3.0 + 3.0 * share[:, 0])
    half = unit * (2.0 + 2.0 * share)
    ring, tube = unit * (3.5 + 1.0 * share[:, 0]), unit * (1.25 + 0.75 * share[:, 1])
    reach = torch.stack([radius, half.norm(dim=1), ring + tube], 1)[torch.arange(n), labels]
    # Anywhere within the volume, with a margin of half a voxel.
    room = ((side - 1) / 2 - reach).clamp_min(0)
    centre = (side - 1) / 2 + room[:, None] * (2 * torch.rand(n, 3, generator=generator) - 1)
    axis = torch.arange(side, dtype=torch.float32)
    grid = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)
    points = (grid - centre[:, None]) @ turn
    sphere = points.norm(dim=2) - radius[:, None]
    outside = points.abs() - half[:, None]
    box = outside.clamp_min(0).norm(dim=2) + outside.amax(2).clamp_max(0)
    torus = torch.hypot(torch.hypot(points[..., 0], points[..., 1]) - ring[:, None], points[..., 2]) - tube[:, None]
    distance = torch.stack([sphere, box, torus], 1)[torch.arange(n), labels]
    volumes = torch.stack([4 / 3 * math.pi * radius**3, 8 * half.prod(1), 2 * math.pi**2 * ring * tube**2], 1)[
        torch.arange(n), labels
    ]
    return (0.5 - distance).clamp(0, 1).view(n, side, side, side), volumes


def _rotations(quaternions: Tensor) -> Tensor:
    """Rotations (n, 3, 3) from quaternions (n, 4) of any length; uniform if those are normally distributed."""
    w, x, y, z = (quaternions / quaternions.norm(dim=1, keepdim=True)).unbind(1)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return torch.stack([torch.stack(row, 1) for row in rows], 1)
