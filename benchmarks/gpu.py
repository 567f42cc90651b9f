"""On a machine with an NVIDIA GPU, in less than 10 minutes: our loop and lanes on CUDA, what graphs could gain, the tests for CUDA.

    python benchmarks/gpu.py            writes its section of RESULTS.md; without CUDA it ends with 2
    python benchmarks/gpu.py --quick    small and once, on any device: shows that everything runs, not how fast; writes nothing

- a step of our loop on the DCGAN 64x64, its records and diagnosis included, and the same step by hand in plain PyTorch
- by hand: the step as it is, compiled, and as CUDA graphs
- lanes: the game of lanes.py with many replicas
- the tests with the mark `cuda`

Each part has a process and a time limit of its own. What fails, or takes too long, is a sentence in its table; the others go on.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import torch

import results
from sides import gpu_parts, gpu_tables
from sides.dcgan64 import GOAL
from sides.gpu_parts import QUICK, Effort, Row
from sides.networks import LATENT
from sides.quiet import measurable

SECTION = "On a GPU"
ROOT = Path(__file__).resolve().parents[1]
# Seconds of each part, after which it is stopped; together less than 10 minutes.
LIMITS = {"loops bf16": 60, "loops fp32": 40, "attempts bf16": 115, "attempts fp32": 115, "lanes": 100, "tests": 115}
LONGEST = 240  # characters of a line about a failed test
OF_LIMIT = 0.85  # share of its limit after which a part begins nothing new


def measure(name: str, device: torch.device, effort: Effort, seconds: float) -> Iterator[Row]:
    """The rows of a part other than the tests, up to the first error, and a row with its reason.

    Args:
        name: of the part, "KIND" or "KIND PRECISION".
        device: that it runs on.
        effort: of the measurement.
        seconds: after which it is stopped.
    """
    kind, _, precision = name.partition(" ")
    deadline = time.monotonic() + OF_LIMIT * seconds
    try:
        if kind == "lanes":
            yield from gpu_parts.lanes(device, effort, deadline)
        else:
            of_kind = {"loops": gpu_parts.loops, "attempts": gpu_parts.attempts}[kind]
            yield from of_kind(precision, device, effort, deadline)
    except Exception as error:
        yield unfinished(name, gpu_parts.reason(error))


def unfinished(name: str, problem: str) -> Row:
    """The last row of a part that has ended early."""
    return {"problem": problem, "precision": name.partition(" ")[2]}


def measure_apart(name: str, seconds: float) -> list[Row]:
    """The rows of a part on CUDA, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        path.touch()
        request = json.dumps({"name": name, "seconds": seconds, "path": str(path)})
        problem = run([sys.executable, __file__, "--part", request], seconds, sys.stderr)
        lines = path.read_text("utf-8").splitlines(keepends=True)
    rows: list[Row] = [json.loads(line) for line in lines if line.endswith("\n")]
    return [*rows, unfinished(name, problem)] if problem else rows


def write_rows(name: str, seconds: float, path: str) -> None:
    """What the process does: append each row to a file as soon as it is there."""
    with Path(path).open("a", encoding="utf-8") as file:
        for row in measure(name, torch.device("cuda"), Effort(), seconds):
            print(json.dumps(row), file=file, flush=True)


def run(command: Sequence[str], seconds: float, output: IO[Any]) -> str:
    """Run a command for at most `seconds`; then stop it and all that it has started.

    Args:
        command: with its arguments.
        seconds: that it may take.
        output: where it writes.

    Returns:
        Why it did not end well; empty if it did.
    """
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        code = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return f"stopped after {seconds:.0f} s"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return f"its process ended with {code}" if code else ""


def run_tests(seconds: float) -> Row:
    """How the tests for CUDA end. Files without such a test are left out, because importing them takes longer than the tests."""
    files = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if "pytest.mark.cuda" in path.read_text("utf-8")
    ]
    gpu_parts.report("the tests for CUDA")
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        command = [sys.executable, "-m", "pytest", "-m", "cuda", "-v", "-p", "no:cacheprovider", *files]
        problem = run(command, seconds, output)
        output.seek(0)
        said = output.read()
    row = read_tests(said)
    if problem or not row:
        print(said, file=sys.stderr, flush=True)
    if not row:
        return {"problem": problem or "pytest has counted nothing"}
    return row | ({"stopped": problem} if problem.startswith("stopped") else {})


def read_tests(said: str) -> Row:
    """The counts in the last line of pytest -v, or of its lines so far, and the tests that failed; empty if there is none."""
    last = said.rstrip().rpartition("\n")[2]
    counts = {kind: int(number) for number, kind in re.findall(r"(\d+) (passed|failed|error|skipped)", last)}
    broken = re.findall(r"^(?:FAILED|ERROR) .*$", said, re.MULTILINE)
    if not counts:
        ended = re.findall(r"^(\S+::.*) (PASSED|FAILED|ERROR|SKIPPED)\b", said, re.MULTILINE)
        counts = Counter(kind.lower() for _, kind in ended)
        broken = [f"{kind} {name}" for name, kind in ended if kind in ("FAILED", "ERROR")]
    if not counts:
        return {}
    return {
        "passed": counts.get("passed", 0),
        "failed": counts.get("failed", 0),
        "errors": counts.get("error", 0),
        "skipped": counts.get("skipped", 0),
        "broken": [line[:LONGEST] for line in broken],
    }


def describe(device: torch.device) -> str:
    """The device, its driver, and the arithmetic of fp32."""
    if device.type != "cuda":
        return "No GPU: the processor."
    convolutions, products = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    return (
        f"{torch.cuda.get_device_name(device)}, driver {driver()}, CUDA {torch.version.cuda}, cuDNN "
        f"{torch.backends.cudnn.version()}.\nfp32 is as torch sets it: TF32 is {'on' if convolutions else 'off'} in convolutions "
        f"and {'on' if products else 'off'} in matrix products."
    )


def driver() -> str:
    """The version of the driver, or "unknown"."""
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip().partition("\n")[0] or "unknown"


def body(device: str, effort: Effort, rows: dict[str, list[Row]]) -> str:
    """The section.

    Args:
        device: its description.
        effort: of the measurement.
        rows: of each part.
    """

    def of(kind: str) -> list[Row]:
        return [row for name, found in rows.items() if name.partition(" ")[0] == kind for row in found]

    return (
        f"{device}\nDCGAN 64x64, 3 channels, latent {LATENT}, width {effort.width}, batch {effort.batch}; {effort.images:,} random "
        f"images, on the device. Medians (quartiles) of at most {effort.rounds} rounds,\nin each of which every side trains for a "
        f"block of {effort.seconds:g} s; the device is waited for before a clock is read.\n\n"
        "### A step of our loop and the step by hand\n\n"
        "Ours writes records and is diagnosed, and takes kernels of cuDNN that give the same result each time. By hand, cuDNN takes "
        "the fastest\nkernels, or those of ours.\n\n"
        f"{gpu_tables.loops(of('loops'), effort.batch, GOAL)}\n\n"
        "### What compiling and CUDA graphs gain\n\n"
        "By hand, each form in turn with the eager step, with the fastest kernels. With reduce-overhead the generator makes its "
        "examples twice\na step, once for each loss.\n\n"
        f"{gpu_tables.attempts(of('attempts'), effort.batch)}\n\n"
        "### Lanes\n\n"
        'The game of "Lanes: a seed is an axis"; noise is drawn on the host.\n\n'
        f"{gpu_tables.lanes(of('lanes'))}\n\n"
        "### Tests\n\n"
        f"{gpu_tables.tests(of('tests')[0])}"
    )


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small and once, on any device; writes nothing")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.part:
        write_rows(**json.loads(arguments.part))
        return 0
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type != "cuda" and not arguments.quick:
        print(
            f"gpu: torch {torch.__version__} finds no NVIDIA GPU, which this benchmark measures; --quick shows on any device that "
            "it runs.",
            file=sys.stderr,
        )
        return 2
    load = measurable(anyway=True)
    effort = QUICK if arguments.quick else Effort()
    rows: dict[str, list[Row]] = {}
    for name, seconds in LIMITS.items():
        if name == "tests":
            rows[name] = [run_tests(seconds)]
        elif arguments.quick:
            rows[name] = list(measure(name, device, effort, seconds))
        else:
            rows[name] = measure_apart(name, seconds)
    text = body(describe(device), effort, rows)
    print(text)
    if not arguments.quick:
        results.write(SECTION, text, load=load)
    return int(any(row.get("failed") or row.get("errors") for row in rows["tests"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
