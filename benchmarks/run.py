"""Runs all benchmarks, one after the other, each in a process of its own: `make bench`.

python benchmarks/run.py [NAME ...]     those alone, without .py; tables that take hours run only by name
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
NO_BENCHMARKS = {"run", "results"}  # how the others are run, and where they write
# They train for hours, where their outcomes are missing: only by name.
LONG = {"densities", "few_data", "gan_recipes", "label", "likelihood", "predict", "stacked_mnist", "zoo"}
ON_A_GPU = {"gpu"}  # skipped without one, unless they are named


def main(names: list[str]) -> int:
    known = sorted({path.stem for path in HERE.glob("*.py")} - NO_BENCHMARKS)
    if unknown := set(names) - set(known):
        print(f"no benchmark named {', '.join(sorted(unknown))}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    status = 0
    for name in names or [name for name in known if name not in LONG]:
        print(f"== {name}", flush=True)
        if not names and name in ON_A_GPU and not finds_gpu():
            print("skipped: it needs an NVIDIA GPU, and torch finds none.", flush=True)
            continue
        status |= subprocess.run([sys.executable, HERE / f"{name}.py"], check=False).returncode
    return int(status != 0)


def finds_gpu() -> bool:
    """Whether torch finds an NVIDIA GPU."""
    import torch

    return torch.cuda.is_available()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
