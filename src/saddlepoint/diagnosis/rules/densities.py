"""Findings about normalising flows: FLOW601 an inverse that is inexact, FLOW602 a density with spikes or gaps."""

from __future__ import annotations

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

INEXACT, WRONG = (
    0.01,
    0.1,
)  # error of the inverse in standard deviations of the data; rounding in float32 gives about 1e-5
# Nats per number. A standard normal density has at most -0.9, and a mode with 1/50 of the data's deviation about 3. -10 is a code
# more than four standard deviations from 0 in every number.
SPIKE, TALLER, GAP = 4.0, 6.0, -10.0


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
def density_spikes(flow_highest_density: Series, flow_lowest_density: Series, run: Facts) -> Finding | None:
    """The density of a held-out example is extremely high, or extremely low.

    A continuous density of data that repeat values (whole numbers, rounded numbers) can grow without limit at these values, and
    the likelihood with it, while samples get worse.

    A Note on the Evaluation of Generative Models (Lucas Theis, Aaron van den Oord, Matthias Bethge, 2016), section 3.1,
    https://arxiv.org/abs/1511.01844
    """
    highest, lowest = flow_highest_density.level(2), flow_lowest_density.level(2)
    evidence = {"highest_density": highest, "lowest_density": lowest}
    if highest > SPIKE:
        return Finding(
            "FLOW602",
            "failure" if highest > TALLER else "warning",
            flow_highest_density.step,
            f"The density has spikes: {highest:.3g} nats per number at a held-out example, in units of the data's standard "
            "deviation. The likelihood says little then.",
            evidence,
            "Data with rounded or repeated values have no density; noise of about the rounding's width gives them one. "
            f"{run.advice('noisy_examples', 'slower_shared')}",
            run.remedy("noisy_examples", "slower_shared"),
        )
    if lowest < GAP:
        return Finding(
            "FLOW602",
            "warning",
            flow_lowest_density.step,
            f"The log-determinant explodes: a held-out example has the log density {lowest:.3g} nats per number.",
            evidence,
            f"The flow is far too steep between training examples. {run.advice('noisy_examples', 'clip', 'slower_shared')}",
            run.remedy("noisy_examples", "clip", "slower_shared"),
        )
    return None
