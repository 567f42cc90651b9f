"""Real processes, killed at any moment: the resumed run equals an uninterrupted one."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from saddlepoint.errors import RunError
from saddlepoint.experiment import resume
from saddlepoint.records import RunFolder
from tests import processes
from tests.experiment.runs import comparable_state, recipe
from tests.processes import Started, start

pytestmark = pytest.mark.slow

# The comparison of a finished run with its data takes more time than its training: here one family keeps it (in LIVES).
WITHOUT_RESULT = """
from saddlepoint.experiment import measurement
from saddlepoint.records import Result
measurement.assess_result = lambda *_, **__: Result.not_measured("tests leave it out")
"""
TRAIN = f"""
{WITHOUT_RESULT}
import sys, warnings
warnings.simplefilter("error")
from pathlib import Path
from saddlepoint import experiment
run, source = Path(sys.argv[1]), sys.argv[2]
if (run / "recipe.yaml").is_file():
    done = experiment.resume(run, pictures=False)
else:
    done = experiment.train(source, run=run, pictures=False)
print(done.summary["state"])
"""
# Forks a child a life: a life then takes as long as training does, and most kills fall into training.
LIVES = f"""
import os, random, signal, sys, time
from pathlib import Path
from saddlepoint import experiment
from saddlepoint.experiment import run, session, start

folder, source, moments = Path(sys.argv[1]), sys.argv[2], random.Random(sys.argv[3])
pictures = sys.argv[3] == "vae"  # of one family, so that kills fall into drawing too
if not pictures:
    exec({WITHOUT_RESULT!r})

def life(run):
    pid = os.fork()
    if pid:
        return pid
    try:
        if (run / "recipe.yaml").is_file():
            experiment.resume(run, pictures=pictures)
        else:
            experiment.train(source, run=run, pictures=pictures)
    except BaseException as error:
        print(repr(error), flush=True)
        os._exit(1)
    os._exit(0)

started = time.monotonic()
assert os.waitpid(life(folder / "whole"), 0)[1] == 0
longest = time.monotonic() - started
run, killed = folder / "run", 0
for kill in range(7):
    pid = life(run)
    if kill < 2:  # before the first checkpoint; while it is written
        awaited = "records.jsonl" if kill == 0 else "checkpoints/*step-*"
        while not any(run.glob(awaited)):
            time.sleep(0.0005)
    else:
        time.sleep(moments.random() * longest / 3)
    if os.waitpid(pid, os.WNOHANG)[0] == 0:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        killed += 1
    else:
        break
status = os.waitpid(life(run), 0)[1] if killed == kill + 1 else 0
print("killed", killed)
sys.exit(status)
"""


def content(family: str, folder: Path) -> Path:
    """A recipe long enough to be killed in, with a checkpoint at every tick.

    Kills fall at shares of a whole run's time: their number, and what they may hit, do not depend on the number of steps."""
    chosen = recipe(family, steps=60, checkpoint_every=5, sample_every=30).override({"evaluation.every": 30})
    path = folder / f"{family}.yaml"
    path.write_text(chosen.to_yaml())
    return path


def wide(folder: Path) -> Path:
    """Layers wide enough for torch to split over two threads, whose sums then come in another order than on one."""
    changes = {"training.threads": 2, "training.precision": "fp32", "training.batch_size": 256}
    changes |= {"model.encoder.hidden": (512, 512), "model.decoder.hidden": (512, 512), "data.limit": None}
    chosen = recipe("vae", steps=12, checkpoint_every=5).override(changes)
    path = folder / "wide.yaml"
    path.write_text(chosen.to_yaml())
    return path


def test_killed_while_two_threads_share_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, run = wide(tmp_path), tmp_path / "run"
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    first = process(tmp_path / "whole", source)
    first.communicate(timeout=300)
    assert first.returncode == 0
    running = process(run, source)
    assert wait_for(run, running, "checkpoints/step-00000005")
    running.kill()
    running.communicate(timeout=60)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # the checkpoint says how many threads the run has
    again = process(run, source)
    _, err = again.communicate(timeout=300)
    assert again.returncode == 0, err
    assert comparable_state(run) == comparable_state(tmp_path / "whole")


def process(run: Path, source: Path) -> Started:
    return start("-c", TRAIN, run, source)


def wait_for(path: Path, running: Started, pattern: str) -> bool:
    """Whether a file of this pattern appears before the process ends."""
    while running.poll() is None:
        if any(path.glob(pattern)):
            return True
        time.sleep(0.002)
    return False


# With pictures and a schedule; with averaged weights, convolutions and two players; with labels, random orders and no codes.
# That every family resumes exactly from any step is tested in one process, in test_resumption.py.
@pytest.mark.parametrize("family", ["vae", "dcgan", "autoregressive"])
def test_killed_at_any_moment(family: str, tmp_path: Path) -> None:
    source = content(family, tmp_path)
    done = processes.run("-c", LIVES, tmp_path, source, family)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.splitlines()[-1].split()[1]) >= 3
    run = tmp_path / "run"
    assert comparable_state(run) == comparable_state(tmp_path / "whole")
    assert not list(run.glob("checkpoints/.*"))
    assert not list(tmp_path.glob(".run*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stop_signals_end_training(number: signal.Signals, tmp_path: Path) -> None:
    source = content("vae", tmp_path)
    source.write_text(source.read_text().replace("steps: 60", "steps: 1000000"))
    run = tmp_path / "run"
    running = process(run, source)
    assert wait_for(run, running, "checkpoints/step-*")
    with pytest.raises(RunError, match="another process"):
        resume(run)
    running.send_signal(number)
    out, err = running.communicate(timeout=120)
    assert running.returncode == 0, err
    assert out.strip() == "interrupted"
    summary: dict[str, Any] = RunFolder(run).read_summary()
    assert RunFolder(run).checkpoint(summary["step"]).is_dir()


def test_a_kill_before_completion_leaves_the_old_run(tmp_path: Path) -> None:
    source = content("gan", tmp_path)
    run = tmp_path / "run"
    process(run, source).communicate(timeout=300)
    before = comparable_state(run)
    slow = (
        "import sys, os, signal\n"
        "from saddlepoint import data, experiment\n"
        "data.load = lambda settings: os.kill(os.getpid(), signal.SIGKILL)\n"
        "experiment.train(sys.argv[2], run=sys.argv[1], overwrite=True, pictures=False)\n"
    )
    killed = processes.run("-c", slow, run, source)
    assert killed.returncode == -signal.SIGKILL
    assert comparable_state(run) == before
    assert resume(run, steps=70).summary["step"] == 70
