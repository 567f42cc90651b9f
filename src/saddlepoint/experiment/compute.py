"""In which arithmetic a run computes, kept from sitting to sitting: its device, its precision and its threads.

On another machine, or with other settings of torch, `auto` may mean something else, which would change the run's numbers.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from saddlepoint.experiment.listener import Listener
from saddlepoint.training import Devices
from saddlepoint.training.devices import computes_bf16


def told(devices: Devices, threads: int) -> dict[str, Any]:
    """As resolved here, in JSON values."""
    return {"device": devices.device.type, "precision": devices.precision, "threads": threads}


def continued(kept: Mapping[str, Any], devices: Devices, listener: Listener) -> tuple[Devices, int]:
    """What to go on with here: the precision and the threads of the run so far, whatever `auto` would choose.

    kept: what `told` said of the run. The listener is told what this machine cannot do as the one before did.
    """
    device, threads = devices.device, int(kept["threads"])
    if kept["device"] != device.type:
        listener.note(
            f"This run was trained on {kept['device']} and goes on on {device.type}: its numbers will not be, to the "
            f"last bit, those it would have had there."
        )
    if kept["precision"] == "bf16" and not computes_bf16(device):
        listener.note(
            "This run computes in bf16, which this machine can only imitate: it goes on more slowly, and its numbers may "
            "differ in the last bits."
        )
    if threads > (os.cpu_count() or threads):
        listener.note(
            f"This run computes on {threads} threads, more than this machine has processors: it goes on more slowly."
        )
    return replace(devices, precision=kept["precision"]), threads
