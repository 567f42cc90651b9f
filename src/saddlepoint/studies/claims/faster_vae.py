"""C2: whether a VAE learns faster than a simple autoencoder, in steps and in seconds, and whether its prior is the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from saddlepoint.evaluation.statistics.intervals import Interval, exponential, mean_interval
from saddlepoint.figures.bands import bands_figure
from saddlepoint.figures.survival import survival_figure
from saddlepoint.studies.claims.autoencoders import (
    LATENT,
    MATCHED,
    MOST,
    QUICK_MOST,
    SIMPLE,
    SOURCE,
    VARIATIONAL,
    matched,
    simple,
    variational,
)
from saddlepoint.studies.claims.code_models import CodeModel, CodeOutcome
from saddlepoint.studies.claims.contract import Claim, Measured, Picture, Quantity, Verdict, verdict
from saddlepoint.studies.claims.principal import Components, pixels
from saddlepoint.studies.claims.quantities import (
    FEWEST_DECIDED,
    NONE_DECIDED,
    Arrivals,
    Race,
    curves,
    median_interval,
    median_steps,
    race,
    seed_band,
    share_converged,
    steps_text,
)
from saddlepoint.studies.claims.step_times import StepTimes

NAMES = (SIMPLE, MATCHED, VARIATIONAL)
OTHERS = (SIMPLE, MATCHED)
TIMES = "times of steps"
TIMED, QUICK_TIMED, WARM_UP = 300, 4, 30
GOALS = (LATENT, LATENT + 1, LATENT + 2)  # principal components whose error is to be reached; the first decides
SHARES = (0.1, 0.3, 1.0)  # of the steps, at which errors are compared
UNITS = {"steps": "steps", "seconds": "s"}


def setups(quick: bool) -> dict[str, CodeModel | StepTimes]:
    """The models from the same seeds and splits, and the times of their steps, in turn."""
    models: dict[str, CodeModel] = {SIMPLE: simple(quick), MATCHED: matched(quick), VARIATIONAL: variational(quick)}
    timed, warm_up = (QUICK_TIMED, 1) if quick else (TIMED, WARM_UP)
    return {**models, TIMES: StepTimes(tuple(models.values()), timed, warm_up, QUICK_MOST if quick else MOST)}


def measure(outcomes: Mapping[str, Any], quick: bool) -> Measured:
    """Measure when each model comes below the error of principal components, and the errors at equal steps."""
    models: dict[str, CodeOutcome] = {name: outcomes[name] for name in NAMES}
    seconds = dict(zip(NAMES, outcomes[TIMES].seconds, strict=True))
    goals = component_errors(models[SIMPLE])
    arrivals = {
        units: {name: arrive(own, goal, seconds[name]) for name, own in models.items()} for units, goal in goals.items()
    }
    deciding = arrivals[LATENT]
    races = {
        (unit, other): race(deciding[VARIATIONAL][unit], deciding[other][unit]) for unit in UNITS for other in OTHERS
    }
    said = ", ".join(
        _median_text(name, median_steps(own["steps"]), median_steps(own["seconds"])) for name, own in deciding.items()
    )
    because = (
        f"Medians to the test error of {LATENT} principal components are {said}. Against the {SIMPLE}, the VAE is first in steps "
        f"{races['steps', SIMPLE]}, and in seconds {races['seconds', SIMPLE]}; against the {MATCHED}, in steps {races['steps', MATCHED]}."
    )
    return Measured(
        decide(races),
        because,
        (
            *_arrival_quantities(arrivals),
            *_race_quantities(races, deciding),
            *_error_quantities(models),
            *(
                Quantity(f"processor time of a step, {name}", mean_interval(1e3 * own), "ms")
                for name, own in seconds.items()
            ),
        ),
        (
            Picture(
                "steps",
                f"Share of seeds whose test error is still above that of {LATENT} principal components, with 95 % intervals.",
                survival_figure(
                    curves({name: own["steps"] for name, own in deciding.items()}),
                    title=f"Steps to the test error of {LATENT} principal components",
                    y="share not there yet",
                ),
            ),
            Picture(
                "error",
                "Mean squared error of reconstructions of held-out digits over training, VAEs by their posterior means: the middle seed, "
                "and the band of the middle 80 %. Lower is better.",
                bands_figure(
                    {
                        "Test error at equal steps": {
                            name: seed_band(own.measured_at[1:], own.series["error"][1:])
                            for name, own in models.items()
                        }
                    },
                    y="squared error a digit",
                    lines={f"{units} components": float(goal.mean()) for units, goal in goals.items()},
                ),
            ),
        ),
    )


def component_errors(outcome: CodeOutcome) -> dict[int, Tensor]:
    """By number of principal components of the training digits, (S,) errors of held-out digits, for each seed's split."""
    parts = [pixels(outcome.setup.dataset(seed)) for seed in range(outcome.seeds)]
    fitted = [(Components.fit(train), test) for train, test in parts]
    return {
        units: torch.tensor([own.error(test, units) for own, test in fitted], dtype=torch.float64) for units in GOALS
    }


def first_below(outcome: CodeOutcome, goals: Tensor) -> Tensor:
    """(S,) float64, the first measured step at which the error is at most the seed's goal (S,); NaN if there is none."""
    reached = outcome.series["error"] <= goals
    steps = outcome.measured_at.double()[reached.to(torch.uint8).argmax(0)]
    return torch.where(reached.any(0), steps, torch.nan)


def arrive(outcome: CodeOutcome, goals: Tensor, step_seconds: Tensor) -> dict[str, Arrivals]:
    """When each seed comes below its goal, in steps and in seconds.

    Args:
        outcome: of a model.
        goals: (S,) errors.
        step_seconds: (S,) time of a step.
    """
    steps, last = first_below(outcome, goals), torch.full_like(goals, float(outcome.measured_at[-1]))
    return {"steps": Arrivals(steps, last), "seconds": Arrivals(steps * step_seconds, last * step_seconds)}


def decide(races: Mapping[tuple[str, str], Race]) -> Verdict:
    """The verdict of the claim.

    Args:
        races: of the VAE, by the unit ("steps", "seconds") and the name of the model that it is compared with.
    """
    first = {key: one.share.low > 0.5 for key, one in races.items()}
    simple = [first[unit, SIMPLE] for unit in UNITS]
    decided = all(races[unit, SIMPLE].decided for unit in UNITS)
    return verdict(all(simple) and first["steps", MATCHED], any(simple), decided)


def _arrival_quantities(arrivals: Mapping[int, Mapping[str, Mapping[str, Arrivals]]]) -> list[Quantity]:
    """Medians and shares of seeds that arrive, for each goal and model."""
    found = []
    for units, own in arrivals.items():
        goal = f"error of {units} principal components"
        for unit, short in UNITS.items():
            found += [
                Quantity(f"median {unit} to the {goal}, {name}", median_steps(one[unit]), short)
                for name, one in own.items()
            ]
        found += [
            Quantity(f"share of seeds that reach the {goal}, {name}", share_converged(one["steps"]))
            for name, one in own.items()
        ]
    return found


def _race_quantities(
    races: Mapping[tuple[str, str], Race], arrivals: Mapping[str, Mapping[str, Arrivals]]
) -> list[Quantity]:
    """How often the VAE is first, and how its steps and seconds compare."""
    found = []
    for (unit, other), one in races.items():
        ratio = arrivals[VARIATIONAL][unit].steps / arrivals[other][unit].steps
        found += [
            Quantity(
                f"share of decided seeds in which the VAE is first in {unit}, against the {other}",
                one.share,
                without=NONE_DECIDED,
            ),
            Quantity(
                f"{unit} of the VAE over those of the {other}, same seed, where both arrive, median",
                median_interval(ratio),
            ),
        ]
    return found


def _error_quantities(models: Mapping[str, CodeOutcome]) -> list[Quantity]:
    """The VAE's error relative to that of the others at equal steps."""
    found = []
    steps = models[VARIATIONAL].measured_at
    for share in SHARES:
        row = round(share * (len(steps) - 1))
        for other in OTHERS:
            logarithm = (models[VARIATIONAL].series["error"][row] / models[other].series["error"][row]).log()
            name = f"error of the VAE over that of the {other} at step {int(steps[row]):,}, same seed"
            found.append(Quantity(name, exponential(mean_interval(logarithm))))
    return found


def _median_text(name: str, steps: Interval, seconds: Interval) -> str:
    """Format the median steps and seconds of one model, which may not have been reached."""
    taken = f"{steps_text(steps)} steps and {seconds.value:.2f} s" if seconds.value < torch.inf else "not reached"
    return f"{taken} with the {name}"


CLAIM = Claim(
    "C2",
    "A variational autoencoder is significantly faster than a simple autoencoder.",
    SOURCE,
    "Holds if, from the same seeds and splits of the 8x8 digits, the VAE reaches the goal before the simple autoencoder more often, in "
    "steps and in seconds (95 % intervals of the share of seeds), and in steps also before an autoencoder with the VAE's own layers and "
    "loss, so that noise and prior are the reason and not the layers; in part if it arrives before the simple autoencoder in steps or in "
    f"seconds. Where fewer than {FEWEST_DECIDED} seeds say which arrives first, it is not decided. The goal is the reconstruction error of "
    f"held-out digits that {LATENT} principal components of the same training digits have: the best linear code of the same size, which "
    "depends on neither model. The VAE reconstructs from the posterior mean. Seconds are the steps of a seed times the processor time "
    "of a step of a single run, for which the models take turns.",
    setups,
    measure,
)
