"""Rendered views of volumes: what lies above a threshold, seen from a direction, lit from the viewer's side.

Each ray ends at the first voxel above the threshold. Its brightness is that of a matte surface (Lambert), from the gradient of the
volume there, and falls with depth, so that near parts stand out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 48  # samples along each axis of the viewer's box
VIEWS = ((35.0, 25.0), (125.0, 25.0))  # degrees of azimuth and elevation
AMBIENT, FAR_SHARE = 0.25, 0.55  # light of a surface seen edge-on, and of the farthest one
LIGHT = np.array([0.75, -0.45, -0.5])  # towards the light: depth (away from the viewer is positive), height, width


def rendered_view(
    volume: NDArray[Any], azimuth: float, elevation: float, *, threshold: float, side: int = SIDE
) -> NDArray[Any]:
    """The brightness (side, side) in [0, 1] of a volume seen from a direction; 1 is background.

    Args:
        volume: (D, H, W).
        azimuth: degrees by which the viewer goes around the height axis.
        elevation: degrees by which the viewer rises.
        threshold: what lies above is solid.
        side: of the picture, and the number of samples along a ray.
    """
    from scipy.ndimage import gaussian_filter, map_coordinates

    values = np.nan_to_num(volume.astype(np.float64), nan=threshold, posinf=threshold, neginf=threshold)
    turn = _rotation(azimuth, elevation)
    # The smallest box along the viewer's axes that holds the volume, around its centre, in voxels.
    far = np.abs(turn.T) @ (np.array(values.shape) / 2)
    plane = np.linspace(-far[1:].max(), far[1:].max(), side)
    depth, height, width = np.meshgrid(np.linspace(-far[0], far[0], side), plane, plane, indexing="ij")
    points = np.tensordot(turn, np.stack([depth, height, width]), 1)
    centre = (np.array(values.shape) - 1) / 2
    seen = map_coordinates(
        values, points + centre[:, None, None, None], order=1, mode="constant", cval=float(values.min())
    )
    solid = seen > threshold
    hit = solid.any(0)
    first = solid.argmax(0)
    smooth = gaussian_filter(seen, 0.02 * side)
    rows, columns = np.indices(first.shape)
    normal = -np.stack([np.gradient(smooth, axis=n)[first, rows, columns] for n in range(3)])
    normal /= np.maximum(np.linalg.norm(normal, axis=0), 1e-12)
    light = LIGHT * np.array([-1.0, 1.0, 1.0])
    lambert = np.clip(np.tensordot(light / np.linalg.norm(light), normal, 1), 0.0, 1.0)
    near = 1 - (1 - FAR_SHARE) * first / max(side - 1, 1)
    shaded: NDArray[Any] = np.where(hit, 0.95 * near * (AMBIENT + (1 - AMBIENT) * lambert), 1.0)
    return shaded


def _rotation(azimuth: float, elevation: float) -> NDArray[Any]:
    """From the viewer's axes (depth, height, width) to those of the volume."""
    a, e = np.deg2rad([azimuth, elevation])
    around = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    above = np.array([[np.cos(e), -np.sin(e), 0], [np.sin(e), np.cos(e), 0], [0, 0, 1]])
    turn: NDArray[Any] = around @ above
    return turn
