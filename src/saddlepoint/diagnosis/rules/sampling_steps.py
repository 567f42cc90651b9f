"""DIFF702: a sampler of a diffusion model takes too few steps."""

from __future__ import annotations

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

# Standard deviations of the data by which twice as many steps move the median sample.
ROUGH, COARSE = 0.1, 0.2


@rule("DIFF702", traits={"diffusion"}, opens=2, closes=2)
def too_few_steps(dm_sampler_error: Series, run: Facts) -> Finding | None:
    """Samples from the same noise with twice as many steps are clearly different, whatever the loss.

    Elucidating the Design Space of Diffusion-Based Generative Models (Tero Karras, Miika Aittala, Timo Aila, Samuli Laine, 2022),
    section 3, https://arxiv.org/abs/2206.00364
    """
    error = dm_sampler_error.level(2)
    if not error > ROUGH:
        return None
    steps = run.settings.get("model.sampler.steps")
    with_steps = f" with {steps} steps" if steps else ""
    return Finding(
        "DIFF702",
        "failure" if error > COARSE else "warning",
        dm_sampler_error.step,
        f"Too few sampler steps: samples{with_steps} differ by {error:.2g} standard deviations from those of twice as many.",
        {"sampler_error": error},
        f"The loss does not show this error. {run.advice('second_order', 'more_sampler_steps')}",
        run.remedy("second_order", "more_sampler_steps"),
    )
