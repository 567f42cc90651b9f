"""Ask what is wrong with a training from the lines that its script printed.

python examples/diagnose_a_log.py

The log here is that of a discriminator whose labels are swapped, as a script would print it; put the path of yours in its place.
"""

from __future__ import annotations

import math
import random
from pathlib import Path

import saddlepoint as sp

LOG = Path("train.log")


def printed_lines(epochs: int = 60) -> str:
    """What a script with swapped labels prints: the generator's loss goes to 0, the discriminator's rises."""
    rng = random.Random(0)
    lines = []
    for epoch in range(epochs):
        g_loss = 2 * math.exp(-epoch / 6) + 1e-3 * rng.random()
        d_loss = 9 - 7 * math.exp(-epoch / 12) + rng.gauss(0, 0.3)
        lines.append(f"[Epoch {epoch}/{epochs}] [Dsc loss: {d_loss:.4f}] [Gen loss: {g_loss:.4f}]\n")
    return "".join(lines)


def main() -> None:
    """Write the log, and print the answer."""
    LOG.write_text(printed_lines())
    found = sp.diagnose(LOG)
    answer = found.answer
    assert answer is not None  # only the diagnosis of a run has none
    print(found.headline)
    print(*answer.columns)
    print(f"{answer.most_likely} ({answer.how_sure})")
    print("To try:", *answer.steps, sep="\n  ")
    print("To log next time:", *answer.numbers, sep="\n  ")
    print("In a PyTorch loop:", *answer.lines, sep="\n  ")


if __name__ == "__main__":
    main()
