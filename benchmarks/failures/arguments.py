"""The options that benchmarks/diagnosis.py and benchmarks/cures.py share, and which kinds of runs can be trained on this machine."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from failures.base_recipes import BASES
from failures.kinds import KINDS


def argument_parser(description: str) -> argparse.ArgumentParser:
    """A parser with the shared options; each program may add its own.

    Args:
        description: one sentence for `--help`.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--keep", metavar="DIR", help="where runs are kept; without it they are thrown away")
    parser.add_argument("--quick", action="store_true", help="a few kinds and seeds; writes no results")
    parser.add_argument("--only", nargs="*", default=[], metavar="KIND", help="these kinds alone; writes no results")
    parser.add_argument("--seeds", type=int, help="at most so many seeds of a kind")
    parser.add_argument("--part", default="0/1", metavar="I/N", help="train every Nth run from the Ith on")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no run after so many minutes")
    parser.add_argument("--train", action="store_true", help="only train")
    parser.add_argument("--judge", action="store_true", help="only judge what is kept")
    return parser


def available_kinds() -> list[str]:
    """All kinds, without those whose data are missing on this machine."""
    folder = os.environ.get("SADDLEPOINT_DATA", "")
    there = {"mnist": Path(folder, "mnist").is_dir(), "cifar10": Path(folder, "cifar10-folder").is_dir()}
    missing = [name for name, is_there in there.items() if not folder or not is_there]
    if missing:
        print(f"left out what needs $SADDLEPOINT_DATA/{', '.join(missing)}", file=sys.stderr)
    sources = {name: BASES[kind.base].settings().data.source for name, kind in KINDS.items()}
    return [name for name, source in sources.items() if not any(part in source for part in missing)]
