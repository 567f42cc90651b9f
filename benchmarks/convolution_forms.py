"""Which form of a DCGAN's layers is fastest: the convolution itself, or another computation of the same numbers.

The layers are those of the 28x28 DCGAN (base 64, batch 64) whose time dominates a step. Each form runs forward and backward, in
bfloat16 and channels-last as training does, in turn with the others; a figure is the median ratio of its time to that of torch's
own layer in the same round. Every form is first held against torch's own in double precision.

python benchmarks/convolution_forms.py [--rounds N]
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from torch import Tensor

import results
from sides.forms import BATCH, LAYERS, Form, Layer, check
from sides.quiet import awaited_quiet

REPEATS = 20  # passes a round, so that a clock's tick does not count
SECTION = "Equivalent forms of the DCGAN's layers"


def seconds(form: Form, x: Tensor, kernel: Tensor, gradient: Tensor) -> float:
    started = time.perf_counter()
    for _ in range(REPEATS):
        with torch.autocast("cpu", torch.bfloat16):
            made = form(x, kernel)
        torch.autograd.grad(made, (x, kernel), gradient.to(made.dtype))
    return (time.perf_counter() - started) / REPEATS


def measured(layer: Layer, rounds: int) -> list[list[str]]:
    """A row a form: layer, form, milliseconds, ratio to torch's own with quartiles."""
    last = torch.channels_last
    x = torch.randn(layer.inputs).bfloat16().contiguous(memory_format=last).requires_grad_()
    kernel = (0.02 * torch.randn(layer.kernel)).contiguous(memory_format=last).requires_grad_()
    own, *_ = layer.forms.values()
    gradient = torch.randn_like(own(x.float(), kernel)).contiguous(memory_format=last)
    times: dict[str, list[float]] = {name: [] for name in layer.forms}
    for number in range(rounds + 2):
        for name, form in layer.forms.items():
            taken = seconds(form, x, kernel, gradient)
            if number >= 2:  # the first two warm up
                times[name].append(taken)
    first = next(iter(times.values()))
    rows = []
    for name, taken in times.items():
        low, middle, high = statistics.quantiles([t / f for t, f in zip(taken, first, strict=True)], n=4)
        ratio = "1" if taken is first else f"{middle:.2f} ({low:.2f} to {high:.2f})"
        rows.append([layer.name, name, f"{1e3 * statistics.median(taken):.2f}", ratio])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    torch.manual_seed(0)
    load = awaited_quiet()
    for layer in LAYERS:
        check(layer)
    rows = [row for layer in LAYERS for row in measured(layer, rounds)]
    text = results.table(["layer", "form", "ms, forward and backward", "of torch's own layer's time (quartiles)"], rows)
    print(text)
    said = (
        f"28x28 DCGAN, base 64, batch {BATCH}, bfloat16, channels-last; {rounds} rounds, the forms in turn.\n\n{text}"
    )
    results.write(SECTION, said, load=load)


if __name__ == "__main__":
    main()
