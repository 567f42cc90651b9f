"""The next step reuses memory that a step freed, without system calls."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

GLIBC = platform.libc_ver()[0] == "glibc"
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_TUNABLES"))}

PROGRAM = """
import resource, sys
import torch
from saddlepoint.training.memory import keep_freed_memory

kept = keep_freed_memory()
assert keep_freed_memory() is kept
blocks = [1 << 17, 1 << 22, 1 << 25]  # around each of glibc's own thresholds, in float32 numbers

def step():
    for numbers in blocks:
        torch.ones(numbers)

for _ in range(20):  # until the heap has found its shape
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    step()
print(kept, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(environment: dict[str, str]) -> tuple[str, int]:
    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    ).stdout.split()
    return answer[0], int(answer[1])


@pytest.mark.slow
@pytest.mark.skipif(not GLIBC, reason="only glibc can be configured")
def test_freed_blocks_are_used_again():
    kept, count = faults(CLEAN)
    pages_of_one_step = sum((1 << 17, 1 << 22, 1 << 25)) * 4 // 4096
    assert kept == "True"
    assert count < pages_of_one_step / 100


@pytest.mark.slow
def test_explicit_user_settings_are_not_overridden():
    assert faults(CLEAN | {"MALLOC_ARENA_MAX": "2"})[0] == "False"
