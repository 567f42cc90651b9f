from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from saddlepoint.figures.panels import FIRST, SECTIONS, Panel, error_band, panel_scale, panels
from saddlepoint.figures.scales import running_mean, smoothing_window, symlog, symlog_ticks

NAMES = [
    "d/loss",
    "g/loss",
    "d/real_score",
    "d/fake_score",
    "d/grad_norm",
    "g/grad_norm",
    "vae/kl",
    "vae/reconstruction",
    "vae/active_units",
    "vae/bound",
    "vae/held_out_bound",
    "vae/held_out_bound_error",
    "g/copies_error",
    "g/nearest_ratio",
    "quality/frechet",
    "time/steps_per_second",
    "time/waiting",
    "odd",
    "x/loss/deep",
]


@given(st.sets(st.sampled_from(NAMES)))
def test_every_series_has_exactly_one_panel(names: set[str]) -> None:
    found = panels(sorted(names))
    shown = [name for panel in found for name in (*panel.names, *panel.bands.values())]
    assert sorted(shown) == sorted(names)
    assert [SECTIONS.index(panel.section) for panel in found] == sorted(
        SECTIONS.index(panel.section) for panel in found
    )


def test_quality_and_losses_come_first_and_everything_else_is_folded() -> None:
    open_ones = [panel for panel in panels(NAMES) if panel.section in FIRST]
    assert {name for panel in open_ones for name in panel.names} == {
        "quality/frechet", "d/loss", "g/loss", "x/loss/deep", "vae/kl", "vae/reconstruction", "vae/bound", "vae/held_out_bound",
    }  # fmt: skip


def test_a_standard_error_is_a_band_around_its_series_and_alone_a_line() -> None:
    (both,) = panels(["vae/held_out_bound", "vae/held_out_bound_error"])
    assert (both.names, both.bands) == (("vae/held_out_bound",), {"vae/held_out_bound": "vae/held_out_bound_error"})
    (alone,) = panels(["vae/held_out_bound_error"])
    assert (alone.names, alone.bands) == (("vae/held_out_bound_error",), {})


# Half of the smallest subnormal number is 0, which no logarithmic axis shows.
@given(st.booleans(), hnp.arrays(np.float64, 20, elements=st.floats(-10, 10, allow_subnormal=False)), st.floats(0, 5))
def test_a_band_holds_its_line_and_is_as_wide_as_its_errors(positive: bool, values: np.ndarray, error: float) -> None:
    series = {"g/copies": (np.arange(20), values), "g/copies_error": (np.arange(5, 25), np.full(20, error))}
    (panel,) = panels(series)
    band = error_band(panel, "g/copies", series, positive=positive)
    assert band is not None
    steps, low, high = band
    assert list(steps) == list(range(5, 20))
    drawn = values[5:] > 0 if positive else np.ones(15, bool)
    assert (np.isfinite(low) == drawn).all()
    assert (low[drawn] <= values[5:][drawn]).all()
    assert high[drawn] == pytest.approx(values[5:][drawn] + 2 * error)
    if positive:
        assert (low[drawn] > 0).all()
    else:
        assert low == pytest.approx(values[5:] - 2 * error)


def test_losses_are_grouped_by_player_and_scores_together() -> None:
    found = {panel.names: panel for panel in panels(NAMES)}
    assert found["d/loss",].title == "Discriminator: loss"
    assert found["vae/kl", "vae/reconstruction"].title == "VAE: loss"
    assert found["vae/bound", "vae/held_out_bound"].title == "Lower bound of the log-likelihood"
    assert found["d/real_score", "d/fake_score"].limits == (0.0, 1.0)
    assert found["d/grad_norm", "g/grad_norm"].scale == "log"


@pytest.mark.parametrize(
    ("values", "scale"),
    [([1.0, 2.0, -3.0], "linear"), ([1.0] * 20 + [1e9], "symlog"), ([np.nan], "linear"), ([], "linear")],
)
def test_a_divergence_changes_the_scale(values: list[float], scale: str) -> None:
    assert panel_scale(Panel("p", "y", ("a",)), [np.array(values)]) == scale


@given(hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e300, 1e300)), st.integers(1, 9))
def test_a_running_mean_stays_between_the_extremes(values: np.ndarray, window: int) -> None:
    mean = running_mean(values, window)
    tolerance = 1e-9 * np.abs(values).max()
    assert len(mean) == len(values)
    assert (mean >= values.min() - tolerance).all()
    assert (mean <= values.max() + tolerance).all()


def test_the_running_mean_is_the_mean_of_its_window() -> None:
    values = np.random.default_rng(0).normal(size=50)
    mean = running_mean(values, 5)
    assert mean[20] == pytest.approx(values[18:23].mean())
    assert mean[0] == pytest.approx(values[:3].mean())


def test_a_window_without_a_finite_value_stays_empty() -> None:
    values = np.array([1.0] * 5 + [np.nan] * 5 + [3.0] * 5)
    mean = running_mean(values, 3)
    assert np.isnan(mean[6:9]).all()
    assert mean[5] == pytest.approx(1.0)
    assert mean[9] == pytest.approx(3.0)


@given(st.integers(0, 10_000))
def test_windows_are_odd_and_short(n: int) -> None:
    window = smoothing_window(n)
    assert window % 2 == 1
    assert window <= max(3, n // 25 + 1)


def test_a_steep_fall_does_not_flatten_a_quality() -> None:
    fallen = np.array([0.44, 0.01, 0.0008, -0.0001, 0.0005, 0.0006])
    assert panel_scale(panels(["quality/energy_distance"])[0], [fallen]) == "symlog"
    assert panel_scale(panels(["quality/energy_distance"])[0], [fallen[2:]]) == "linear"
    assert panel_scale(panels(["d/loss"])[0], [fallen]) == "linear"


@given(st.floats(1e-6, 1e6), st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_a_symlog_axis_keeps_order_and_sign_and_has_a_decade_a_unit(threshold: float, a: float, b: float) -> None:
    low, high, mirrored = symlog(np.array([min(a, b), max(a, b), -max(a, b)]), threshold)
    assert low <= high
    assert mirrored == -high
    decades = symlog(threshold * np.array([-1, 0, 0.5, 1, 10, 100]), threshold)
    assert decades == pytest.approx([-1, 0, 0.5, 1, 2, 3])


@given(st.lists(st.floats(-1e12, 1e12), min_size=1), st.floats(1e-6, 1e3))
def test_symlog_ticks_lie_among_the_values(values: list[float], threshold: float) -> None:
    ticks = symlog_ticks(np.array(values), threshold)
    assert 0.0 in ticks
    assert len(ticks) <= 15
    assert ticks == sorted(set(ticks))
    assert max(ticks) <= max([*values, 0.0]) * (1 + 1e-9)
    assert min(ticks) >= min([*values, 0.0]) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("series", "title", "y"),
    [
        ("flow/inverse_error", "Error of the inverse", "largest change, model's units"),
        ("quality/drift_error", "Standard error of the difference of both divergences", "nats"),
        ("dm/sampler_error", "Error of the sampler's steps", "distance, model's units"),
        ("em/log_likelihood", "Log-likelihood", "nats an example"),
        ("vq/held_out_perplexity", "Codes in use (perplexity)", "codes"),
    ],
)
def test_measurements_of_a_family_have_a_title_and_units(series: str, title: str, y: str) -> None:
    (panel,) = panels([series])
    assert (panel.title, panel.y) == (title, y)


def test_log_likelihoods_share_a_panel() -> None:
    (panel,) = panels(["em/log_likelihood", "em/held_out_log_prob", "em/train_log_prob"])
    assert len(panel.names) == 3
