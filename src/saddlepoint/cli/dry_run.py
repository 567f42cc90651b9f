"""`--dry-run`: the resolved recipe, the players, and an estimate of the time and memory that training would take.

The estimate comes from a few steps, one measurement, one picture and one checkpoint with the real model and data, in a
temporary folder that is removed again. Nothing else is written.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from saddlepoint.cli import ending
from saddlepoint.cli.console import Output, print_json
from saddlepoint.experiment import prepare
from saddlepoint.experiment.pictures import time_lapse
from saddlepoint.experiment.session import Session
from saddlepoint.progress import clock
from saddlepoint.recipe import Recipe
from saddlepoint.records import JsonLines, Record, RunFolder
from saddlepoint.report import write_report
from saddlepoint.training import checkpoint
from saddlepoint.training.loop import play
from saddlepoint.training.threads import using_threads

BUDGET = 3.0  # seconds of warming up, and again of trial steps
WARM_UP_STEPS, TRIAL_TICKS = 10, 20


@dataclass(frozen=True)
class Estimate:
    """Time in seconds and memory in bytes that training would take on this machine.

    Attributes:
        seconds: for everything.
        seconds_of_pictures: for the last pictures, the film and the report; 0 where they are left out.
        peak_memory: measured over the trial steps; None where the system does not report it. `parameters`, `optimiser` and `data` are
            computed; activations, gradients and libraries are the rest.
    """

    device: str
    precision: str
    trial_steps: int
    seconds_per_step: float
    seconds_per_measurement: float
    seconds_per_picture: float
    seconds_per_checkpoint: float
    seconds_of_training: float
    seconds_of_pictures: float
    seconds: float
    peak_memory: int | None
    parameters: int
    optimiser: int
    data: int


def dry_run(recipe: Recipe, output: Output, *, as_json: bool, pictures: bool = True) -> int:
    """Print the recipe in short form, then the players and the estimate; nothing is trained or kept."""
    if not as_json:
        output.say(recipe.to_yaml(whole=False).rstrip())
        output.say(
            "# Other settings have their defaults: --help instead of --dry-run lists them, --json gives the whole recipe."
        )
        output.say()
    output.say("Trying a few steps; no file is kept ...")
    with tempfile.TemporaryDirectory(prefix="saddlepoint-") as folder:
        session = prepare(recipe, RunFolder(Path(folder)), pictures=pictures)
        findings = session.first_findings()
        estimate = estimate_cost(session)
    players = session.model.parameter_counts()
    if as_json:
        content = recipe.model_dump(mode="json")
        document = {"recipe": content, "data": repr(session.dataset), "players": players, "estimate": asdict(estimate)}
        print_json({**document, "findings": [finding.to_json() for finding in findings]})
        return ending.DONE
    output.say(f"  data           {session.dataset!r}")
    for role, count in players.items():
        output.say(f"  {role:<14} {count:,} parameters")
    output.say(f"  device         {estimate.device}, {estimate.precision}")
    output.say(
        f"  time           about {clock(max(estimate.seconds, 1.0))}: {_parts_in_words(estimate, recipe.training.steps)}. "
        f"Estimated from {estimate.trial_steps} steps here and now "
        f"({estimate.seconds_per_step * 1e3:.3g} ms each), one measurement ({estimate.seconds_per_measurement:.2g} s), "
        f"one picture ({estimate.seconds_per_picture:.2g} s) and one checkpoint "
        f"({estimate.seconds_per_checkpoint:.2g} s); what else the machine does will show."
    )
    output.say(f"  memory         {_memory_sentence(estimate)}")
    for note in session.notes:
        output.say(f"Note: {note}")
    for finding in findings:
        output.say_finding(finding)
    return ending.DONE


def _parts_in_words(estimate: Estimate, steps: int) -> str:
    training = f"training {steps:,} steps {clock(max(estimate.seconds_of_training, 1.0))}"
    if estimate.seconds_of_pictures == 0:
        return f"{training}, without the last pictures and the report"
    return f"{training}, the last pictures and the report {clock(max(estimate.seconds_of_pictures, 1.0))}"


def estimate_cost(session: Session) -> Estimate:
    """Measure a few steps, one measurement, one picture and one checkpoint with a clock."""
    with using_threads(session.threads):
        return _estimate_cost(session)


def _estimate_cost(session: Session) -> Estimate:
    recipe, training = session.recipe, session.recipe.training
    steps, seconds_per_step = _trial_steps(session)
    measurement = _timed(lambda: session.measurement.measure(session.state.step))
    picture = _timed(lambda: session.pictures.sample_grid(session.state.step))
    saving = _timed(lambda: checkpoint.save(session.folder, session.model, session.state))
    pictures = _pictures(session, training.steps // training.sample_every + 1) if session.end.with_pictures else 0.0
    seconds = (
        training.steps * seconds_per_step
        + (training.steps // recipe.evaluation.every + 1) * measurement
        + (training.steps // training.sample_every + 1) * picture
        + (training.steps // training.checkpoint_every + 1) * saving
    )
    weights = [tensor for player in session.model.players.values() for tensor in player.state_dict().values()]
    data = [part.x for part in (session.dataset, session.dataset.held_out) if part is not None]
    return Estimate(
        str(session.state.devices.device),
        session.state.devices.precision,
        steps,
        seconds_per_step,
        measurement,
        picture,
        saving,
        seconds,
        pictures,
        seconds + pictures,
        _peak_memory(session.state.devices.device),
        _bytes(weights),
        _bytes(session.state.optimiser_tensors().values()),
        _bytes(data),
    )


def _pictures(session: Session, frames: int) -> float:
    """Seconds for everything that is drawn and written at the end; only the film's share grows with the number of frames."""
    step = session.state.step
    session.pictures.sample_grid(step + 1)
    with JsonLines(session.folder.records) as records:
        for later in (0, 1):
            values = {**session.measurement.probe(), **session.measurement.measure(step)}
            records.append(Record(step + later, 0.0, values).to_json())
    still = _timed(lambda: session.pictures.final(session.context.best_effort))
    film = _timed(lambda: time_lapse(session.folder)) / 2  # of two frames
    return still + film * frames + _timed(lambda: write_report(session.folder))


def _trial_steps(session: Session) -> tuple[int, float]:
    """The number of steps timed after warming up, and their median duration in seconds."""
    # A recipe of two steps is tried with more, so that there are enough to measure.
    settings = session.recipe.training.model_copy(update={"steps": 1_000_000, "tick": 1})
    # Libraries choose and compile their kernels in the first steps.
    warming = play(session.model, session.batches, settings, session.state)
    started = time.perf_counter()
    for _ in range(WARM_UP_STEPS):
        last = _timed(lambda: next(warming))
        if time.perf_counter() - started > BUDGET:
            break
    # Whole rounds of `observe_every`, so that steps that observe have their true share; slow models do with less.
    tick = settings.observe_every if last * settings.observe_every < BUDGET else 1
    records = play(session.model, session.batches, settings.model_copy(update={"tick": tick}), session.state)
    next(records)  # ends where a round begins
    times: list[float] = []
    started = time.perf_counter()
    while len(times) < TRIAL_TICKS and (not times or time.perf_counter() - started < BUDGET):
        times.append(_timed(lambda: next(records)))
    return tick * len(times), statistics.median(times) / tick


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _bytes(tensors: Iterable[torch.Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def _peak_memory(device: torch.device) -> int | None:
    """The largest memory of this process so far; on a GPU, the largest that torch allocated."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _memory_sentence(estimate: Estimate) -> str:
    """The measured peak of memory, and the parts that can be computed."""
    parts = (
        f"parameters {_size(estimate.parameters)}, optimiser {_size(estimate.optimiser)}, data {_size(estimate.data)}"
    )
    if estimate.peak_memory is None:
        return f"{parts}; activations, gradients and libraries come on top."
    return (
        f"about {_size(estimate.peak_memory)}: the peak measured over the trial on {estimate.device}. Of it {parts}; "
        "the rest are gradients, activations and the libraries."
    )


def _size(count: int) -> str:
    return (
        f"{count / 1e9:.2f} GB"
        if count >= 1e9
        else f"{count / 1e6:,.0f} MB"
        if count >= 1e7
        else f"{count / 1e3:,.0f} kB"
    )
