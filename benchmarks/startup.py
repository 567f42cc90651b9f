"""How long a short command takes: `saddlepoint --help` should answer within half a second.

Prints the median and the slowest of the runs in seconds, beside the start of the interpreter itself, which is a lower bound.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 15
SADDLEPOINT = str(Path(sys.executable).with_name("saddlepoint"))
QUESTIONS = {
    "python, nothing more": [sys.executable, "-c", "pass"],
    "import saddlepoint": [sys.executable, "-c", "import saddlepoint"],
    "saddlepoint --help": [SADDLEPOINT, "--help"],
    "saddlepoint train --help": [SADDLEPOINT, "train", "--help"],
    "saddlepoint recipes": [SADDLEPOINT, "recipes"],
}


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    for command in QUESTIONS.values():
        seconds(command)  # files into the disk cache, bytecode written
    print(f"{'':26} median  slowest  (seconds, {RUNS} runs)")
    for name, command in QUESTIONS.items():
        taken = [seconds(command) for _ in range(RUNS)]
        print(f"{name:26} {statistics.median(taken):6.3f}  {max(taken):7.3f}")


if __name__ == "__main__":
    main()
