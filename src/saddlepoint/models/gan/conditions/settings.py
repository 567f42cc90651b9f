"""The conditions by name (torch-free): one line for each.

A recipe names a condition by its key here, or by the import path `module:Name` of the user's own.
"""

from __future__ import annotations

_HERE = "saddlepoint.models.gan.conditions"

CONDITIONS: dict[str, str] = {
    "concatenate": f"{_HERE}.concatenate:Concatenate",
    "batch_norm": f"{_HERE}.batch_norm:BatchNorm",
    "projection": f"{_HERE}.projection:Projection",
    "auxiliary": f"{_HERE}.auxiliary:Auxiliary",
    "info": f"{_HERE}.info:Info",
    "classes": f"{_HERE}.classes:Classes",
}
# The conditions of each player, for help and messages.
CONDITIONS_OF: dict[str, tuple[str, ...]] = {
    "generator": ("concatenate", "batch_norm"),
    "discriminator": ("concatenate", "projection", "auxiliary", "info", "classes"),
}
