"""The units in which a model's networks see the data."""

from __future__ import annotations

from saddlepoint.data.dataset import Event, Scaling, ScalingKind
from saddlepoint.errors import SettingError

UNIT = (0.0, 1.0)
SYMMETRIC = (-1.0, 1.0)


def scaling(event: Event, kind: ScalingKind, output_range: tuple[float, float] | None, wants: str) -> Scaling:
    """The event's scaling of this kind, if the data's range in the model's units is what the output can reach.

    Args:
        wants: what has this output range, for the message ("the output tanh", "bernoulli").

    Raises:
        SettingError: the two do not fit.
    """
    found = event.scaling(kind)
    if output_range is None:
        return found
    if event.low is not None and event.high is not None:
        reached = (event.low * found.scale[0] + found.offset[0], event.high * found.scale[0] + found.offset[0])
        fits = len(found.scale) == 1 and all(abs(a - b) < 1e-4 for a, b in zip(reached, output_range, strict=True))
    else:
        # Data without a known range fit by the convention of four standard deviations each way, or not at all.
        fits = (kind, output_range) in (("unit", UNIT), ("symmetric", SYMMETRIC))
    if not fits:
        better = "unit" if output_range == UNIT else "symmetric"
        raise SettingError(
            f"model.scaling: {wants} reaches {output_range[0]:g} to {output_range[1]:g}, which does not fit data scaled by "
            f'"{kind}": set model.scaling to "{better}" or "auto".'
        )
    return found
