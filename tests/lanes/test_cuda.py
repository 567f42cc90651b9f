"""Replicas on an NVIDIA GPU are the single runs on the processor, because all noise is drawn on the host."""

from __future__ import annotations

import pytest

from saddlepoint.lanes import Replica
from tests.studies.runs import GAN, LINE, PLAYED, assert_replicas_are_single_runs, training

pytestmark = pytest.mark.cuda
TOLERANCE = 1e-3  # sums in another order, grown over a dozen steps


@pytest.mark.parametrize("name", PLAYED)
def test_a_replica_on_cuda_is_the_single_run_on_the_processor(name):
    replicas = Replica.over_seeds(PLAYED[name], training(), LINE, 3, first=7)
    assert_replicas_are_single_runs(replicas, tolerance=TOLERANCE, device="cuda")


@pytest.mark.slow
def test_a_compiled_one_too():
    replicas = Replica.over_seeds(GAN, training(), LINE, 3, first=7)
    together = assert_replicas_are_single_runs(replicas, tolerance=TOLERANCE, device="cuda", compiled=True)
    assert together.why_not == ""
