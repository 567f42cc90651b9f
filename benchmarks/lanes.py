"""Many small GANs at once against the same GANs one by one: the cost of a seed.

    python benchmarks/lanes.py              writes its section of RESULTS.md
    python benchmarks/lanes.py --quick      small and once: shows that everything runs, not how fast; writes nothing

The game is the 1-D GAN of S6: N(4, 0.5), batch 8, noise of one number, a generator with one hidden layer of 4, a
discriminator with three tanh layers of 8, plain gradient descent with exponential decay. Steps of single runs a second are counted.

- one by one: our own training loop, one process a core, all at once
- replicas: S of them, including everything that a run needs (batches, noise, records), each size in a process of its own; the
  compiler's time is reported separately and not counted. One process on one thread, and where there are many
  replicas also one process a core, each with its part of them
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from typing import Any

import results

SECTION = "Lanes: a seed is an axis"
SIZES = (1, 16, 256, 1024, 4096)
DIVIDED = 256  # from so many replicas on, a process a core is tried too, each with its part of the replicas
GOALS = {256: 100.0, 1024: 200.0}
JAX = 1.5  # ms a step of 256 such games by JAX's scan and vmap on a machine of this size
TICK = 50  # the settings' own


def settings(steps: int, tick: int = TICK) -> Any:
    from saddlepoint.data.mixtures import gaussian
    from saddlepoint.data.settings import DataSettings
    from saddlepoint.models.gan.settings import GANSettings
    from saddlepoint.networks.settings import NetworkSettings
    from saddlepoint.training.settings import OptimiserSettings, TrainingSettings

    model = GANSettings(
        latent=1,
        generator=NetworkSettings(hidden=(4,), activation="softplus"),
        discriminator=NetworkSettings(hidden=(8, 8, 8), activation="tanh"),
        objective="minimax",
    )
    optimiser = OptimiserSettings(name="sgd", learning_rate=0.03, schedule="exponential", decay_steps=150)
    training = TrainingSettings(steps=steps, batch_size=8, optimiser=optimiser, tick=tick, threads=1)
    return model, training, gaussian(DataSettings())


def one_by_one(seconds: float) -> dict[str, float]:
    """Steps a second of one single run after its warm-up."""
    import torch

    from saddlepoint.data.batches import Batches
    from saddlepoint.models import build
    from saddlepoint.training import Devices, TrainingState, play

    torch.set_num_threads(1)
    model_settings, training, dataset = settings(steps=10**7)
    model = build(model_settings, dataset.event, seed=0)
    state = TrainingState.start(model, training, Devices(torch.device("cpu"), "fp32"))
    batches = Batches(dataset, training.batch_size, 0, "cpu", model.scaling)
    rates: list[float] = []
    started = time.perf_counter()
    for record in play(model, batches, training, state):
        assert record is not None
        rates.append(record.values["time/steps_per_second"])
        if len(rates) > 2 and time.perf_counter() - started > seconds:
            break
    return {"rate": statistics.median(rates[1:])}


def together(size: int, compiled: bool, seconds: float, device: str = "cpu") -> dict[str, Any]:
    """The same for `size` replicas. A record is on the host, so that its time is that of work that is done."""
    from saddlepoint.lanes import Replica, Replicas

    model, training, dataset = settings(steps=10**7)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    replicas = Replicas(Replica.over_seeds(model, training, dataset, size), device=device, compiled=compiled)
    built = time.perf_counter() - started
    times: list[float] = []
    first = 0.0
    for record in replicas.play():
        if not first:
            first = time.perf_counter() - started - built
            started = time.perf_counter()
            continue
        times.append(1e3 / record.values["time/steps_per_second"][0].item())
        if time.perf_counter() - started > seconds:
            break
    return {
        "size": size, "compiled": compiled and not replicas.why_not, "why_not": replicas.why_not, "ms": statistics.median(times),
        "built": built, "first": first, "grown": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024,
    }  # fmt: skip


def asked(**arguments: Any) -> subprocess.Popen[str]:
    """One of the two above in a process of its own."""
    return subprocess.Popen(
        [sys.executable, __file__, "--side", json.dumps(arguments)], stdout=subprocess.PIPE, text=True
    )


def answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"a side of the benchmark ended with {process.returncode}")
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


def divided(size: int, processes: int, compiled: bool, seconds: float) -> dict[str, Any]:
    """`size` replicas in so many processes at once: times are those of the slowest, memory is the sum."""
    parts = [asked(size=size // processes, compiled=compiled, seconds=seconds) for _ in range(processes)]
    found = [answer(part) for part in parts]
    slowest = {name: max(part[name] for part in found) for name in ("ms", "built", "first", "why_not")}
    return found[0] | slowest | {"size": size, "processes": processes, "grown": sum(part["grown"] for part in found)}


def body(single: float, cores: int, rows: list[dict[str, Any]]) -> str:
    fastest: dict[int, float] = {}
    lines = []
    for row in rows:
        size, rate = row["size"], row["size"] * 1e3 / row["ms"]
        fastest[size] = min(fastest.get(size, row["ms"]), row["ms"])
        lines.append(
            [
                f"{size:,}", "compiled" if row["compiled"] else "as it is", row["processes"], f"{row['ms']:.3g}",
                f"{rate:,.0f}", f"{rate / single:,.1f}", f"{row['built']:.1f}", f"{row['first']:.1f}", f"{row['grown']:,.0f}",
            ]
        )  # fmt: skip
    columns = [
        "replicas", "step", "processes", "ms a step", "replica steps/s", "x one by one", "s to build", "s to the first record",
        "MiB more at the peak",
    ]  # fmt: skip
    goals = [
        f"{size:,} replicas: {size * 1e3 / fastest[size] / single:,.0f} times the throughput of single runs; "
        + results.goal(f"at least {wanted:g}", size * 1e3 / fastest[size] / single >= wanted)
        for size, wanted in GOALS.items()
        if size in fastest
    ]
    alone = [row["ms"] for row in rows if row["size"] == 256 and row["processes"] == 1]
    jax = f"\n- 256 replicas in one process: {min(alone):.3g} ms a step, where JAX needs {JAX:g} ms" if alone else ""
    return (
        f"One by one, {cores} processes at once: {single:,.0f} steps/s in all ({1e3 * cores / single:.3g} ms a step each).\n"
        "The first record comes after tracing and compiling, where the compiler may have kept its results from before.\n\n"
        + results.table(columns, lines)
        + "".join(f"\n- {line}" if i else f"\n\n- {line}" for i, line in enumerate(goals))
        + jax
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small and once, nothing written")
    parser.add_argument("--force", action="store_true", help="measure and write though the machine is busy")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=list(SIZES), help="numbers of replicas; all are needed to write"
    )
    parser.add_argument("--seconds", type=float, default=1.5, help="of each measurement")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.side:
        wanted = json.loads(chosen.side)
        print(json.dumps(together(**wanted) if "size" in wanted else one_by_one(**wanted)))
        return 0

    from sides.quiet import measurable

    sizes = [1, 8] if chosen.quick else chosen.sizes
    seconds = 0.5 if chosen.quick else chosen.seconds
    busy = measurable(anyway=chosen.quick or chosen.force)
    if busy is None:
        return 1
    cores = os.cpu_count() or 1
    single = sum(answer(process)["rate"] for process in [asked(seconds=seconds) for _ in range(cores)])
    rows = []
    for size in sizes:
        for compiled, processes in ((False, 1), (True, 1), (True, cores)):
            if not (chosen.quick and compiled) and (processes == 1 or size >= DIVIDED):
                rows.append(divided(size, processes, compiled, seconds))
                print(rows[-1], file=sys.stderr, flush=True)
    text = body(single, cores, rows)
    print(text)
    if chosen.quick or set(sizes) < set(SIZES):
        return 0
    results.write(SECTION, text, load=busy)
    return 0


if __name__ == "__main__":
    sys.exit(main())
