"""Device, precision and threads of a run, saved with every checkpoint so that all sessions compute the same numbers.

On another machine, or with other settings of torch, `auto` may have another meaning, which would change the run's numbers.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from saddlepoint.experiment.listener import Listener
from saddlepoint.training import Devices
from saddlepoint.training.devices import computes_bf16


def compute_to_json(devices: Devices, threads: int) -> dict[str, Any]:
    """Return device, precision and threads as JSON values."""
    return {"device": devices.device.type, "precision": devices.precision, "threads": threads}


def restore_compute(saved: Mapping[str, Any], devices: Devices, listener: Listener) -> tuple[Devices, int]:
    """Restore the precision and the threads of the earlier sessions, even if `auto` would choose others now.

    Args:
        saved: the result of `compute_to_json`.
        devices: device and precision that this machine would choose.
        listener: gets a note for each difference between this machine and the earlier one.

    Returns:
        The device of this machine with the saved precision, and the number of threads.
    """
    device, threads = devices.device, int(saved["threads"])
    if saved["device"] != device.type:
        listener.note(
            f"This run was trained on {saved['device']} and continues on {device.type}: its numbers will differ in the last "
            f"bits from those that it would have had there."
        )
    if saved["precision"] == "bf16" and not computes_bf16(device):
        listener.note(
            "This run computes in bf16, which this machine can only emulate: training is slower, and numbers may differ in "
            "the last bits."
        )
    if threads > (os.cpu_count() or threads):
        listener.note(f"This run uses {threads} threads, more than this machine has processors: training is slower.")
    return replace(devices, precision=saved["precision"]), threads
