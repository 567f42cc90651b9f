"""Small studies, and workers that misbehave."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from saddlepoint.recipe.studies import load_study, points, resolve_bases, study_text
from saddlepoint.studies.engine import Event, in_this_process
from saddlepoint.studies.folder import StudyFolder
from saddlepoint.studies.group import GroupResult, RunResult
from saddlepoint.studies.plan import Group, Plan
from saddlepoint.studies.study import StudyResult, run_study

NETWORK = {"network": "mlp", "hidden": [4], "activation": "tanh"}
TINY: dict[str, Any] = {
    "name": "tiny",
    "base": {
        "data": {"source": "gaussian", "points": 200},
        "model": {"family": "gan", "latent": 1, "generator": NETWORK, "discriminator": NETWORK, "output": "identity"},
        "training": {"steps": 30, "batch_size": 8, "optimiser": {"learning_rate": 0.01}},
    },
    "seeds": {"count": 3},
    "axes": {"training.optimiser.learning_rate": [0.01, 0.03]},
    "measure": {
        "outcomes": ["wasserstein", "modes_covered", "high_quality"],
        "samples": 200,
        "every": 10,
        "series": ["d/loss", "g/loss"],
        "scheduled": ["wasserstein"],
        "convergence": {"every": 5, "samples": 32},
    },
    "lanes": 3,
}


def tiny(**changes: Any) -> dict[str, Any]:
    return TINY | changes


def plan_of(content: Mapping[str, Any]) -> Plan:
    study = load_study(content)
    return Plan.of(study, points(study))


def run_content(
    content: Mapping[str, Any],
    folder: Path,
    engine: Callable[[Sequence[Group]], Iterator[Event]] = in_this_process,
) -> StudyResult:
    plan = plan_of(content)
    return run_study(plan, StudyFolder(folder), study_text(resolve_bases(plan.study)), engine)


def made_up(group: Group) -> GroupResult:
    """A result without any training, by the run's seed."""
    runs = [RunResult(run.key, "lanes", 30, None, None, {"wasserstein": float(run.seed)}) for run in group.runs]
    return GroupResult(group.key, tuple(runs), (), 0.0)


def quick(group: Group, tell: Callable[[float], None]) -> GroupResult:
    tell(0.5)
    return made_up(group)


def kill_worker(group: Group, tell: Callable[[float], None]) -> GroupResult:
    """Kills the worker of the first seed, always."""
    if group.runs[0].seed == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return made_up(group)


def kill_worker_once(group: Group, tell: Callable[[float], None]) -> GroupResult:
    """Kills the first worker that comes here; $SADDLEPOINT_TEST_FOLDER remembers that it did."""
    mark = Path(os.environ["SADDLEPOINT_TEST_FOLDER"]) / "killed"
    if group.runs[0].seed == 0 and not mark.exists():
        mark.write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)
    return made_up(group)


def waiting(group: Group, tell: Callable[[float], None]) -> GroupResult:
    """Writes its process ID to $SADDLEPOINT_TEST_FOLDER and, the first time, waits there to be killed."""
    folder = Path(os.environ["SADDLEPOINT_TEST_FOLDER"])
    mark = folder / "waited"
    if group.runs[0].seed == 0 and not mark.exists():
        mark.write_text("")
        (folder / "process.part").write_text(str(os.getpid()))
        (folder / "process.part").rename(folder / "process")
        time.sleep(120)
    return made_up(group)


def broken(group: Group, tell: Callable[[float], None]) -> GroupResult:
    """Fails at the first seed with an unexpected exception."""
    if group.runs[0].seed == 0:
        raise ZeroDivisionError("injected")
    return made_up(group)
