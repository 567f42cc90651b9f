"""How far samples have moved towards augmented examples: a coordinate that is linear in mixtures."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.data.arrays import from_array
from saddlepoint.evaluation.monitors.leaks import leak_series
from saddlepoint.evaluation.monitors.monitor import Monitor
from saddlepoint.models import build
from saddlepoint.models.gan.settings import GANSettings

N, D = 600, 3


def points(shift: float, seed: int) -> torch.Tensor:
    return shift + torch.randn(N, D, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_mixture_has_leaked_by_its_share(share: float) -> None:
    """In the Hilbert space of the energy distance, a mixture is a point on the line between its parts."""
    n = round(share * N)
    samples = torch.cat([points(2.0, 1)[:n], points(0.0, 2)[n:]])
    series = leak_series(samples, points(0.0, 3), points(2.0, 4))
    assert abs(float(series["leak"]) - share) < 0.1  # the standard error is about 1 / sqrt(N)
    if share:
        assert float(series["leak_cosine"]) > 0.95


def test_samples_that_differ_in_another_direction_have_not_leaked() -> None:
    samples = points(0.0, 1) + torch.tensor([0.0, 3.0, 0.0])
    changed = points(0.0, 2) + torch.tensor([2.0, 0.0, 0.0])
    series = leak_series(samples, points(0.0, 3), changed)
    assert abs(float(series["leak_cosine"])) < 0.5


def test_without_a_change_nothing_leaks() -> None:
    series = leak_series(points(5.0, 1), points(0.0, 2), points(0.0, 3))
    assert [float(value) for value in series.values()] == [0.0, 0.0]


def test_points_on_one_place_are_finite() -> None:
    series = leak_series(torch.zeros(N, D), torch.zeros(N, D), torch.zeros(N, D))
    assert all(bool(value.isfinite()) for value in series.values())


def test_the_clipped_share_and_the_leak_are_probed() -> None:
    x = torch.rand(300, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    dataset = from_array(x)
    small = {"network": "mlp", "hidden": [8]}
    settings = GANSettings.model_validate(
        {
            "latent": 3,
            "objective": "wasserstein",
            "generator": small,
            "discriminator": small,
            "constraints": {"discriminator": {"name": "clip", "limit": 1e-6}},
            "views": {"diffaugment": 1.0},
        }
    )
    model = build(settings, dataset.event, seed=0)
    monitor = Monitor(dataset, model, lambda points: points.flatten(1).float(), 0, torch.device("cpu"))
    assert monitor.probe({})["d/clipped_weights"] > 0.95  # the first weights are larger than the limit
    assert {"g/leak", "g/leak_cosine"} <= monitor.measure().keys()


def test_views_that_are_switched_off_during_training_do_not_leak() -> None:
    dataset = from_array(torch.randn(300, 2, generator=torch.Generator().manual_seed(0)))
    views = {"instance_noise": {"strength": 1.0, "steps": 10}}
    model = build(GANSettings.model_validate({"latent": 3, "views": views}), dataset.event, seed=0)
    monitor = Monitor(dataset, model, lambda points: points.float(), 0, torch.device("cpu"))
    assert "g/leak" not in monitor.measure()
