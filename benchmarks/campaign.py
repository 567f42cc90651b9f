"""Hostile and damaged input against the command line: logs, recipes, data files, run folders, kills. The goal is no failure.

    python benchmarks/campaign.py                    every kind, minutes; writes its section of RESULTS.md
    python benchmarks/campaign.py --only idx,html    these kinds alone; writes nothing
    python benchmarks/campaign.py --most 10          at most ten attempts of every kind, chosen by --seed; writes nothing
    python benchmarks/campaign.py --only idx --match gzip --keep    attempts whose name contains a text; their folders stay

An attempt prepares files, runs commands, and fails if one of them ends with a traceback or another exit code than 0, 2, 3
(or 130 after an interrupt), takes too much time or memory, leaves something half-written, touches a file outside of its
folder, prints control characters, or executes what was injected (attacks/laws.py).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import results
from attacks import KINDS, kind
from attacks.attempt import Attempt, Box, Kind
from attacks.execution import Result, remove, run, set_up, warm

SECTION = "Hostile input"
GOAL = 1_500
SHOWN = 10  # failures of a kind that are printed in full
# Before the interpreter starts: one thread, few arenas (they take address space), no display, nothing from the network.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "MPLBACKEND": "Agg",
    "NO_COLOR": "1",
    "PYTHONWARNINGS": "default",
    "LC_ALL": "C.UTF-8",
}


def main(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    names = arguments.only.split(",") if arguments.only else list(KINDS)
    if unknown := set(names) - KINDS.keys():
        print(f"no kind named {', '.join(sorted(unknown))}; there are: {', '.join(KINDS)}", file=sys.stderr)
        return 2
    whole = not (arguments.only or arguments.most or arguments.match)
    load = os.getloadavg()[0]
    warm()
    rows, failures, tries = [], [], 0
    parent = Path(arguments.keep or tempfile.mkdtemp(prefix="campaign-"))
    parent.mkdir(parents=True, exist_ok=True)
    try:
        for name in names:
            started = time.monotonic()
            found = _tried(kind(name), parent, arguments)
            failed = [result for result in found if result.failure is not None]
            print(f"{name}: {len(found)} tries, {len(failed)} failures", file=sys.stderr, flush=True)
            for result in failed[:SHOWN]:
                print(_in_full(name, result), file=sys.stderr, flush=True)
            rows.append((name, len(found), len(failed), f"{time.monotonic() - started:.0f} s"))
            failures += [f"{name}/{result.name}: {result.failure}" for result in failed]
            tries += len(found)
    finally:
        if not arguments.keep:
            shutil.rmtree(parent, ignore_errors=True)
    rows.append(("all", tries, len(failures), ""))
    goal = results.goal(f"no failure in {GOAL:,} tries", not failures and tries >= GOAL)
    table = results.table(["kind", "tries", "failures", "time"], rows)
    body = f"Seed {arguments.seed}. {goal}\n\n{table}\n"
    body += "".join(f"\n- {failure}" for failure in failures)
    print(f"## {SECTION}\n\n{body}", flush=True)
    if whole:
        results.write(SECTION, body, load=load)
    return int(bool(failures))


def _tried(attacks: Kind, parent: Path, arguments: argparse.Namespace) -> list[Result]:
    """Run all chosen attempts of a kind, in order."""
    place = parent / attacks.name
    place.mkdir(exist_ok=True)
    shared = set_up(attacks.setup, place) if attacks.setup is not None else place
    attempts = list(attacks.attempts(shared, random.Random(f"{arguments.seed} {attacks.name}")))
    assert len({attempt.name for attempt in attempts}) == len(attempts), "names of attempts must differ"
    attempts = [attempt for attempt in attempts if arguments.match in attempt.name]
    if arguments.most and len(attempts) > arguments.most:
        chosen = random.Random(f"{arguments.seed} choice {attacks.name}").sample(range(len(attempts)), arguments.most)
        attempts = [attempts[i] for i in sorted(chosen)]
    keep = bool(arguments.keep) or attacks.review is not None
    done = _in_parallel(attempts, place, shared, arguments.jobs, keep=keep)
    if attacks.review is not None:
        boxes = {name: box for name, (result, box) in done.items() if result.failure is None}
        for name, failure in attacks.review(boxes).items():
            old = done[name][0]
            done[name] = Result(old.name, failure, old.commands, old.printed), done[name][1]
        if not arguments.keep:
            for _, box in done.values():
                remove(box)
    return [done[attempt.name][0] for attempt in attempts]


def _in_parallel(
    attempts: Sequence[Attempt], place: Path, shared: Path, jobs: int, *, keep: bool
) -> dict[str, tuple[Result, Box]]:
    """Deal the attempts to forks of this process; each writes its failures into a file."""
    workers = []
    for number in range(min(jobs, len(attempts))):
        file = place / f"worker-{number}.jsonl"
        process = os.fork()
        if process == 0:
            status = 1
            try:
                _work(attempts[number::jobs], place, shared, file, keep=keep)
                status = 0
            except BaseException:
                traceback.print_exc()  # os._exit prints nothing
            finally:
                os._exit(status)
        workers.append((process, file))
    found: dict[str, tuple[Result, Box]] = {}
    for process, file in workers:
        _, status = os.waitpid(process, 0)
        if status != 0:
            raise RuntimeError("a worker of the campaign ended early; its message is above")
        for line in file.read_text("utf-8").splitlines():
            entry = json.loads(line)
            paths = {name: Path(path) for name, path in entry["box"].items()}
            result = Result(**entry["result"])
            found[result.name] = result, Box(**paths)
    return found


def _work(attempts: Sequence[Attempt], place: Path, shared: Path, file: Path, *, keep: bool) -> None:
    with file.open("w", encoding="utf-8", buffering=1) as out:
        for attempt in attempts:
            result, box = run(attempt, place, shared)
            paths = {name: str(path) for name, path in asdict(box).items()}
            out.write(json.dumps({"result": asdict(result), "box": paths}) + "\n")
            if not keep:
                remove(box)


def _in_full(name: str, result: Result) -> str:
    printed = "\n".join(f"    {line}" for line in repr_lines(result.printed)[-25:])
    return f"  {name}/{result.name}: {result.failure}\n    {'; '.join(result.commands)[:500]}\n{printed}"


def repr_lines(text: str) -> list[str]:
    """Lines that a terminal can show, whatever they contain."""
    return [ascii(line)[1:-1][:400] for line in text.splitlines()]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="KIND,...", help=f"these kinds alone: {', '.join(KINDS)}")
    parser.add_argument("--match", metavar="TEXT", default="", help="attempts whose name contains this")
    parser.add_argument("--most", type=int, metavar="N", help="at most so many attempts of a kind")
    parser.add_argument("--seed", type=int, default=0, help="of everything random (0)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="attempts at once")
    parser.add_argument("--keep", metavar="DIR", help="leave the attempts' folders there")
    return parser


if __name__ == "__main__":
    if any(os.environ.get(name) != value for name, value in ENVIRONMENT.items()):
        os.environ.update(ENVIRONMENT)
        os.execv(sys.executable, [sys.executable, *sys.argv])  # the variables count at the interpreter's start
    sys.exit(main(sys.argv[1:]))
