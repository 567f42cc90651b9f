"""Settings as one types them on a command line: a finding's remedy, help, and whatever else shows how to change one."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any


def options(overrides: Mapping[str, Any]) -> str:
    """Overrides as a shell takes them: `--model.beta 4 --training.optimiser.betas 0.5,0.9`."""
    return " ".join(f"--{name} {argument(value)}" for name, value in overrides.items())


def argument(value: Any) -> str:
    """One value as it is typed behind its setting's name; JSON values, and tuples as lists."""
    if isinstance(value, list | tuple):
        return ",".join(map(argument, value)) or "''"
    if value is None:
        return "none"
    return shlex.quote(value if isinstance(value, str) else json.dumps(value))
