"""Samples of an autoregressive model that drift from the data as they get longer (AR503)."""

from __future__ import annotations

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

BEGUN = 0.3  # share of the run, in which ends may still be learnt after beginnings
# Nats of the Jensen-Shannon divergence, which is at most 0.69: 0.03 is that of samples of which one symbol in twelve does not occur in the
# data, and 0.1 that of one in four.
DRIFT, FAR = 0.03, 0.1
ERRORS = 4.0  # standard errors
TIMES = 1.5  # the divergence of the beginnings: where these are as bad, samples are bad rather than drifting
LOOKS = 2


@rule("AR503", traits={"autoregressive"}, opens=2, closes=2)
def samples_drift(
    quality_early_divergence: Series, quality_late_divergence: Series, quality_drift_error: Series, run: Facts
) -> Finding | None:
    """The ends of samples differ from those of held-out sequences by clearly more than their beginnings do.

    In training each symbol follows symbols of the data, in sampling the model's own, whose errors add up.

    Scheduled Sampling for Sequence Prediction with Recurrent Neural Networks (Samy Bengio, Oriol Vinyals, Navdeep Jaitly, Noam Shazeer,
    2015), https://arxiv.org/abs/1506.03099; Calibration, Entropy Rates, and Memory in Language Models (Mark Braverman et al., 2020),
    https://arxiv.org/abs/1906.05664
    """
    step = quality_late_divergence.step
    if run.progress(step) < BEGUN:
        return None
    early, late = quality_early_divergence.level(LOOKS), quality_late_divergence.level(LOOKS)
    drift = late - early
    if not drift > max(DRIFT, ERRORS * quality_drift_error.level(LOOKS)) or not late > TIMES * early:
        return None
    return Finding(
        "AR503",
        "failure" if drift > FAR else "warning",
        step,
        f"Samples drift from the data as they get longer: their divergence from it is {early:.2g} nats in the first quarter and "
        f"{late:.2g} in the last.",
        {"early_divergence": early, "late_divergence": late},
        "The model goes on badly from beginnings of its own, or its ends are not trained. "
        f"{run.advice('tell_places', 'cosine_schedule', 'average_weights', 'more_data', 'all_places')}",
        run.remedy("tell_places", "cosine_schedule", "average_weights"),
    )
