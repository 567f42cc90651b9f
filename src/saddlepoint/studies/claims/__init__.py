"""Claims of the literature, each with a program that tests it.

Importing this package imports no torch; `claim` imports the module of one claim.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from saddlepoint.errors import SettingError, suggestion

if TYPE_CHECKING:
    from saddlepoint.studies.claims.contract import Claim

# Identifier: the module that defines the claim as CLAIM.
CLAIMS: dict[str, str] = {
    "C1": "separated_digits",
    "C2": "faster_vae",
    "C3": "loss_terms",
    "C4": "log_variances",
    "C5": "clamped_heads",
    "C6": "never_negative",
    "C7": "saturation",
    "C8": "steps_to_convergence",
    "C9": "fewer_layers",
    "C10": "narrowed_layers",
    "C11": "width_and_modes",
    "C12": "seeds",
    "C13": "weak_generator",
    "C14": "narrow_densities",
    "C15": "guidelines",
    "C16": "strengths",
    "C17": "next_frames",
    "C18": "generated_data",
    "C19": "sample_sizes",
    "C20": "game_optimisers",
}


def claim(identifier: str) -> Claim:
    """Return the claim with this identifier.

    Args:
        identifier: such as "C8" or "c8".

    Raises:
        SettingError: there is no such claim.
    """
    name = identifier.upper()
    if name not in CLAIMS:
        raise SettingError(
            f'there is no claim "{identifier}".{suggestion(name, CLAIMS)} There are {", ".join(CLAIMS)}; `all` takes all of them.'
        )
    found: Claim = importlib.import_module(f"{__name__}.{CLAIMS[name]}").CLAIM
    return found
