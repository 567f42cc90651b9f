"""The model's units: how data are scaled for its networks."""

from __future__ import annotations

from saddlepoint.data.event import Event, Scaling, ScalingKind
from saddlepoint.errors import SettingError

UNIT = (0.0, 1.0)
SYMMETRIC = (-1.0, 1.0)


def scaling(event: Event, kind: ScalingKind, output_range: tuple[float, float] | None, wants: str) -> Scaling:
    """Return a scaling of the data, after checking that the scaled data have the output range of the networks.

    Args:
        event: what one example is.
        kind: of scaling.
        output_range: lowest and highest value of the networks' output; None if it is unbounded or unknown.
        wants: what has this output range, for the error message ("the output tanh", "bernoulli").

    Raises:
        SettingError: the scaled data have another range.
    """
    result = event.scaling(kind)
    if output_range is None:
        return result
    if event.low is not None and event.high is not None:
        scaled = (event.low * result.scale[0] + result.offset[0], event.high * result.scale[0] + result.offset[0])
        fits = len(result.scale) == 1 and all(abs(a - b) < 1e-4 for a, b in zip(scaled, output_range, strict=True))
    else:
        # Without a known range, the scaling of this kind maps four standard deviations each way to the range.
        fits = (kind, output_range) in (("unit", UNIT), ("symmetric", SYMMETRIC))
    if not fits:
        better = "unit" if output_range == UNIT else "symmetric"
        raise SettingError(
            f"model.scaling: {wants} has the range {output_range[0]:g} to {output_range[1]:g}, which does not fit data scaled "
            f'by "{kind}": set model.scaling to "{better}" or "auto".'
        )
    return result


def with_exact_groups(units: Scaling) -> Scaling:
    """Return the scaling for a model with distributions of categories: groups of columns are exactly one-hot, without noise.

    A group with a constant column remains as it is. Without groups, the scaling itself is returned.
    """
    event = units.event
    constant = {position for position, _ in event.constants}
    groups = tuple((start, stop) for start, stop in event.groups if constant.isdisjoint(range(start, stop)))
    if not groups:
        return units
    scale, offset = (list(part if len(part) > 1 else part * event.size) for part in (units.scale, units.offset))
    for start, stop in groups:
        scale[start:stop], offset[start:stop] = [1.0] * (stop - start), [0.0] * (stop - start)
    return Scaling(event, tuple(scale), tuple(offset), groups)
