"""Findings as alerts of the experiment tracker that is in use: Weights & Biases, MLflow or Trackio.

A tracker is in use if the program has imported its library and begun a run; nothing is imported here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from saddlepoint.experiment.watching.live import LoggedFindings
from saddlepoint.records import Finding

LEVELS = {"failure": "ERROR", "warning": "WARN", "info": "INFO"}
LONGEST_TITLE = 63  # of an alert of Weights & Biases
LONGEST_TAG = 5_000  # of MLflow
VERDICT = "verdict"


@dataclass(frozen=True)
class Alert:
    """What a tracker is told.

    Attributes:
        key: the code of a finding, or "verdict".
        title: the beginning of the text.
        text: the finding or the verdict in words.
        level: "ERROR", "WARN" or "INFO".
        history: all texts of this key, the oldest first.
    """

    key: str
    title: str
    text: str
    level: str
    history: tuple[str, ...]


class TrackerAlerts(LoggedFindings):
    """A listener that sends findings and the final verdict to the tracker in use, and logs them.

    Weights & Biases and Trackio show them as alerts; in MLflow they are tags of the run, `saddlepoint.GAN103` and
    `saddlepoint.verdict`. Give it to `sp.watch` or `sp.train` as `listener=`.

    References:
        Weights & Biases, "Send alerts" (2026). https://docs.wandb.ai/guides/runs/alert/
        MLflow, "MLflow Tracking" (2026). https://mlflow.org/docs/latest/ml/tracking/
        Hugging Face, "Trackio" (2026). https://huggingface.co/docs/trackio/
    """

    def __init__(self) -> None:
        """Prepare; trackers are looked for whenever there is something to send."""
        self._history: dict[str, tuple[str, ...]] = {}
        self._failed: set[str] = set()

    def finding(self, finding: Finding) -> None:
        super().finding(finding)
        self._send(finding.code, str(finding), LEVELS[finding.severity] if finding.state == "open" else "INFO")

    def finished(self, summary: Mapping[str, Any]) -> None:
        super().finished(summary)
        self._send(VERDICT, f"{summary['headline']}. {summary['verdict']}", "INFO")

    def _send(self, key: str, text: str, level: str) -> None:
        """Send a text to every tracker in use; a tracker that fails is reported once, and training goes on."""
        self._history[key] = (*self._history.get(key, ()), text)
        alert = Alert(key, text[:LONGEST_TITLE], text, level, self._history[key])
        for library, send in TRACKERS.items():
            if sys.modules.get(library) is None:  # not imported, or blocked by an entry of None
                continue
            try:
                send(alert)
            except Exception as error:
                if library not in self._failed:
                    self._failed.add(library)
                    self.note(f"Findings could not be sent to {library} ({type(error).__name__}: {error}).")


def _to_wandb(alert: Alert) -> None:
    run = sys.modules["wandb"].run
    if run is not None:
        # Without a wait of its own, an alert that begins like the one before it is dropped for a minute.
        run.alert(title=alert.title, text=alert.text, level=alert.level, wait_duration=0.001)


def _to_mlflow(alert: Alert) -> None:
    mlflow = sys.modules["mlflow"]
    if mlflow.active_run() is not None:
        mlflow.set_tag(f"saddlepoint.{alert.key}", "\n".join(alert.history)[-LONGEST_TAG:])


def _to_trackio(alert: Alert) -> None:
    trackio = sys.modules["trackio"]
    if trackio.context_vars.current_run.get() is not None:
        trackio.alert(title=alert.title, text=alert.text, level=trackio.AlertLevel[alert.level])


TRACKERS: Mapping[str, Callable[[Alert], None]] = {"wandb": _to_wandb, "mlflow": _to_mlflow, "trackio": _to_trackio}
