"""Importing the package and printing help load nothing heavy.

The contract is half a second for `--help`. A timed test would fail on a busy machine and pass on a fast one, so what is
held here is the cause: which modules are loaded. `benchmarks/startup.py` measures the time.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.architecture.imports import ROOT, modules

HEAVY = {
    "torch", "numpy", "scipy", "sklearn", "matplotlib", "plotly", "PIL", "tensorboard", "pydantic",
}  # fmt: skip
SETTINGS = [name for name in modules() if name.endswith(".settings")]
LIST_LOADED = "import sys, json; print('\\n' + json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"


def loaded_by(statements: str) -> set[str]:
    """The top-level packages in `sys.modules` after a fresh interpreter has run `statements`."""
    answer = subprocess.run(
        [sys.executable, "-c", f"{statements}\n{LIST_LOADED}"], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return set(json.loads(answer.stdout.splitlines()[-1]))


def test_the_probe_sees_what_is_loaded() -> None:
    assert "wave" in loaded_by("import wave")
    assert "wave" not in loaded_by("pass")


def test_importing_the_package_is_light() -> None:
    assert not loaded_by(f"import {ROOT}") & HEAVY


def test_settings_load_no_torch() -> None:
    """All settings files in one interpreter: nothing heavy after the last means nothing heavy after any."""
    assert len(SETTINGS) > 10
    loaded = loaded_by(f"import {', '.join(SETTINGS)}") & (HEAVY - {"pydantic"})
    assert not loaded, f"a settings file loads {loaded}: `python -X importtime -c 'import ...'` shows which"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_is_light(arguments: list[str]) -> None:
    call = (
        "import sys\n"
        f"sys.argv = ['saddlepoint', *{arguments}]\n"
        "from saddlepoint.cli.main import main\n"
        "try:\n"
        "    status = main()\n"
        "except SystemExit as done:\n"
        "    status = done.code\n"
        "assert not status, status"
    )
    assert not loaded_by(call) & HEAVY


def test_an_optimiser_does_not_load_the_compiler() -> None:
    call = (
        "import sys, torch\n"
        "from saddlepoint.training.fused_adam import Adam\n"
        "adam = Adam([torch.nn.Parameter(torch.zeros(2))])\n"
        "adam.load_state_dict(adam.state_dict())\n"
        "assert 'torch._dynamo' not in sys.modules"
    )
    assert "torch" in loaded_by(call)


def test_the_measurement_of_quality_loads_neither_scikit_learn_nor_pandas() -> None:
    """Two seconds that a run would wait for before its first step."""
    call = (
        "import torch\n"
        "from saddlepoint.data import load\n"
        "from saddlepoint.evaluation.monitors import quality\n"
        "from saddlepoint.evaluation.settings import EvaluationSettings\n"
        "quality.Quality(load('ring'), EvaluationSettings())"
    )
    assert not loaded_by(call) & {"sklearn", "pandas", "matplotlib"}
