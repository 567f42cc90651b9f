"""Findings about normalising flows: FLOW601 an inverse that is inexact, FLOW602 a density with spikes or gaps."""

from __future__ import annotations

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

# Error of the inverse in standard deviations of the data; rounding in float32 gives about 1e-5.
INEXACT, WRONG = 0.01, 0.1
# Nats per number. A standard normal density has at most -0.9, and a mode with 1/50 of the data's deviation about 3.
SPIKE, TALLER = 4.0, 6.0
# Whole numbers that are spread evenly over their unit have at most 0 nats per unit. A normal density as wide as a unit has 0.3 at its
# peak, and one with half of its width 1.
UNIT_SPIKE, UNIT_TALLER = 1.0, 3.0
# Below a normal density: a code more than three standard deviations out, in every number, of an example near 0.
GAP = 5.0
BEGUN = 0.1  # share of the run, before which densities may be anywhere


@rule("FLOW601", traits={"flow"}, opens=2, closes=2)
def inverse_inexact(flow_inverse_error: Series, run: Facts) -> Finding | None:
    """Codes of examples do not lead back to them, or examples of codes not to these.

    Layers that stretch some directions and shrink others by large factors amplify rounding errors; an inverse of one's own may
    be wrong.

    Understanding and Mitigating Exploding Inverses in Invertible Neural Networks (Jens Behrmann, Paul Vicol, Kuan-Chieh Wang,
    Roger Grosse, Jörn-Henrik Jacobsen, 2020), https://arxiv.org/abs/2006.09347
    """
    error = flow_inverse_error.level(2)
    if not error > INEXACT:
        return None
    return Finding(
        "FLOW601",
        "failure" if error > WRONG else "warning",
        flow_inverse_error.step,
        f"The inverse of the flow is inexact: from examples to codes and back, numbers change by up to {error:.2g} standard "
        "deviations.",
        {"inverse_error": error},
        f"Samples do not follow the density that is reported. {run.advice('slower_shared', 'clip', 'fewer_layers', 'full_precision')}",
        run.remedy("slower_shared", "clip", "fewer_layers"),
    )


@rule("FLOW602", traits={"flow"}, opens=2, closes=2, unless={"FLOW601"})
def density_spikes(
    flow_highest_density: Series,
    flow_below_normal: Series,
    run: Facts,
    flow_highest_density_per_unit: Series | None = None,
) -> Finding | None:
    """The density of a held-out example is extremely high, or that of a training example is far below a normal distribution's.

    A continuous density of data that repeat values (rounded numbers) can grow without limit at these values, and the likelihood with
    it, while samples get worse. Whole numbers that are spread over their unit have a density of at most 1 per unit. A new flow is a
    normal distribution, and training raises the density of its examples; a flow that is too steep sends some of them to codes far out,
    which have nearly no density. Held-out examples alone without density are FLOW603, overfitting.

    A Note on the Evaluation of Generative Models (Lucas Theis, Aaron van den Oord, Matthias Bethge, 2016), section 3.1,
    https://arxiv.org/abs/1511.01844
    """
    if run.progress(flow_highest_density.step) < BEGUN:
        return None
    if flow_highest_density_per_unit is not None:
        highest, spike, taller = flow_highest_density_per_unit.level(2), UNIT_SPIKE, UNIT_TALLER
        units = "in units of the data, where whole numbers that are spread over their unit have at most 0."
        cause = "The flow is steeper than the data within a unit."
        names: tuple[str, ...] = ("slower_shared", "clip", "noisy_examples")
    else:
        highest, spike, taller = flow_highest_density.level(2), SPIKE, TALLER
        units = "in units of the data's standard deviation. The likelihood says little then."
        cause = (
            "Data with rounded or repeated values have no density; noise of about the rounding's width gives them one."
        )
        names = ("noisy_examples", "slower_shared")
    below = flow_below_normal.level(2)
    evidence = {"highest_density": highest, "below_normal": below}
    if highest > spike:
        return Finding(
            "FLOW602",
            "failure" if highest > taller else "warning",
            flow_highest_density.step,
            f"The density has spikes: {highest:.3g} nats per number at a held-out example, {units}",
            evidence,
            f"{cause} {run.advice(*names)}",
            run.remedy(*names),
        )
    if below > GAP:
        return Finding(
            "FLOW602",
            "warning",
            flow_below_normal.step,
            f"The density has gaps: that of a training example is {below:.3g} nats per number below a normal distribution's.",
            evidence,
            f"The flow is far too steep. {run.advice('slower_shared', 'clip', 'noisy_examples')}",
            run.remedy("slower_shared", "clip", "noisy_examples"),
        )
    return None
