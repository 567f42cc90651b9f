"""The runs of benchmarks/foreign.py: scripts with and without mistakes over seeds, and how their logs are judged.

Outcomes hold the printed logs, which are judged again whenever the page is written, so that a changed rule needs no training.
"""

from __future__ import annotations

import base64
import itertools
import math
import tempfile
import time
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from loops import NO_MISTAKE, SCRIPTS
from tables.outcomes import hashed_key

CALIBRATION, REPORT = HALVES = ("calibration", "report")
FIRST_SEED = {CALIBRATION: 0, REPORT: 1_000}  # the halves share neither scripts nor seeds
CONTROLS = 4  # controls for one run of each mistake


@dataclass(frozen=True)
class Trial:
    """A run of a script.

    Attributes:
        script: its name.
        mistake: that is injected; "none" for a control.
        seed: of the run.
        quick: least work, to see that it runs.
        watched: whether the loop is watched; else its log is read.
    """

    script: str
    mistake: str
    seed: int
    quick: bool = False
    watched: bool = False

    @property
    def key(self) -> str:
        """The key of its outcome."""
        # Outcomes of logs were kept before loops were watched.
        decisive = {name: value for name, value in asdict(self).items() if name != "watched" or value}
        return hashed_key(f"{'watched-' * self.watched}{self.script}-{self.mistake}-{self.seed}", decisive)

    @property
    def codes(self) -> frozenset[str]:
        """The codes that name its mistake."""
        script = SCRIPTS[self.script]
        return (script.watched_mistakes if self.watched else script.mistakes)[self.mistake]

    @property
    def half(self) -> str:
        """The half that it belongs to."""
        return CALIBRATION if SCRIPTS[self.script].calibrates else REPORT

    @property
    def is_control(self) -> bool:
        """Whether nothing is wrong."""
        return self.mistake == NO_MISTAKE


@dataclass(frozen=True)
class Outcome:
    """What a run printed.

    Attributes:
        packed: the text, compressed, in base 64.
        seconds: of CPU time.
    """

    packed: str
    seconds: float

    @classmethod
    def of(cls, log: str, seconds: float) -> Outcome:
        """Make an outcome of a log's text."""
        return cls(base64.b64encode(zlib.compress(log.encode(), 9)).decode(), seconds)

    @property
    def log(self) -> str:
        """The text."""
        return zlib.decompress(base64.b64decode(self.packed)).decode()


@dataclass(frozen=True)
class WatchedOutcome:
    """What was said about a watched loop.

    Attributes:
        active: codes of the warnings and failures that are active at the end, in the order of the verdict: causes first.
        opened: codes of all that ever opened.
        seconds: of CPU time.
    """

    active: Sequence[str]
    opened: Sequence[str]
    seconds: float


@dataclass(frozen=True)
class Verdict:
    """What diagnose says about a log, or a watch at the end of its loop.

    Attributes:
        named: codes of warnings and failures that hold whatever the objective.
        possible: codes that hold under one of the possible objectives.
    """

    named: tuple[str, ...]
    possible: tuple[str, ...]

    def finds(self, codes: frozenset[str]) -> str:
        """Return "named" if the first code is one of these, "one of two" if one is among the first two or the possible ones; else ""."""
        if self.named and self.named[0] in codes:
            return "named"
        return "one of two" if codes & {*self.named[:2], *self.possible} else ""


def trials(halves: Sequence[str], seeds: int, quick: bool, *, watched: bool = False) -> list[Trial]:
    """The runs in rounds of one run of each script, mistakes and controls mixed, so that what is there at any time is comparable."""
    columns = []
    for name, script in SCRIPTS.items():
        half = CALIBRATION if script.calibrates else REPORT
        if half not in halves:
            continue
        column = []
        for place in range(1 if quick else seeds):
            known = script.watched_mistakes if watched else script.mistakes
            mistakes = [Trial(name, mistake, FIRST_SEED[half] + place, quick, watched) for mistake in known]
            controls = [
                Trial(name, NO_MISTAKE, FIRST_SEED[half] + CONTROLS * place + i, quick, watched)
                for i in range(1 if quick else CONTROLS)
            ]
            every = math.ceil(len(mistakes) / len(controls))
            for i, control in enumerate(controls):
                column += [*mistakes[i * every : (i + 1) * every], control]
        columns.append(column)
    return [trial for row in itertools.zip_longest(*columns) for trial in row if trial is not None]


def run(trial: Trial) -> Outcome:
    """Train the script and return its log."""
    import torch

    torch.set_num_threads(1)
    began = time.process_time()
    script = SCRIPTS[trial.script]
    log = script.print_rows(script.train(trial.mistake, trial.seed, trial.quick))
    return Outcome.of(log, time.process_time() - began)


def run_watched(trial: Trial) -> WatchedOutcome:
    """Train the script with `sp.watch` in its loop, and return what it says."""
    import torch

    import saddlepoint as sp
    from saddlepoint.diagnosis import causes_first

    torch.set_num_threads(1)
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "run"
        watching = partial(sp.watch, place, pictures=False, listener=sp.Listener())
        SCRIPTS[trial.script].train(trial.mistake, trial.seed, trial.quick, watching)
        run = sp.Run(place)
        counted = [finding for finding in run.findings if finding.severity != "info"]
        opened = [finding.code for finding in counted if finding.state == "open"]
        active = [finding.code for finding in causes_first(run.findings) if finding.severity != "info"]
    return WatchedOutcome(active, tuple(dict.fromkeys(opened)), time.process_time() - began)


def judge_watched(outcome: WatchedOutcome) -> Verdict:
    """The verdict at the end of a watched loop."""
    return Verdict(tuple(outcome.active), ())


def judge(log: str) -> Verdict:
    """Diagnose a log without flags."""
    import saddlepoint as sp

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.log"
        path.write_text(log)
        found = sp.diagnose(path)
    counted = [finding for finding in found.findings if finding.severity != "info"]
    named = tuple(finding.code for finding in counted if "if" not in finding.evidence)
    return Verdict(named, tuple(finding.code for finding in counted if "if" in finding.evidence))
