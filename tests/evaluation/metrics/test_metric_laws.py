"""Laws that hold for all metrics: each gets worse by injected damage or is known to be blind to it, sees no difference
where there is none, does not depend on the order of the points, and refuses broken input with one sentence.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import pytest
import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.bins import different_bins, fit_bins
from saddlepoint.evaluation.metrics.divergence import Grid, jensen_shannon
from saddlepoint.evaluation.metrics.diversity import birthday_test, mean_distance, vendi_score
from saddlepoint.evaluation.metrics.energy import energy_coefficient
from saddlepoint.evaluation.metrics.frechet import frechet_distance, frechet_infinity
from saddlepoint.evaluation.metrics.kernel import gaussian_kernel, kernel_distance, median_width
from saddlepoint.evaluation.metrics.memorisation import data_copying, find_copies
from saddlepoint.evaluation.metrics.modes import ModeReport, mode_report
from saddlepoint.evaluation.metrics.points import check_pair
from saddlepoint.evaluation.metrics.precision_recall import neighbourhoods
from saddlepoint.evaluation.metrics.transport import sliced_wasserstein, wasserstein
from saddlepoint.evaluation.metrics.two_sample import classifier_test

N, D, MODES = 400, 2, 5
STD = 0.3


@dataclass(frozen=True)
class Case:
    """Training points, held-out points, samples, a generator for the metric's own choices, and the true centres."""

    train: Tensor
    held_out: Tensor
    fake: Tensor
    generator: torch.Generator
    centres: Tensor


def centres() -> Tensor:
    angle = 2 * math.pi * torch.arange(MODES).double() / MODES
    return 3 * torch.stack([angle.cos(), angle.sin()], dim=1)


def mixture(n: int, generator: torch.Generator, modes: Tensor | None = None) -> Tensor:
    modes = centres() if modes is None else modes
    # Equally many a mode, in random order: chance in the shares would drown the small damages.
    mode = torch.randperm(n, generator=generator) % len(modes)
    return modes[mode] + STD * torch.randn(n, D, generator=generator, dtype=torch.float64)


def noisy(case: Case) -> Tensor:
    return case.fake + 0.9 * torch.randn(N, D, generator=case.generator, dtype=torch.float64)


def shifted(case: Case) -> Tensor:
    return case.fake + torch.tensor([1.0, 0.0])


def a_mode_dropped(case: Case) -> Tensor:
    return mixture(N, case.generator, centres()[1:])


def narrowed(case: Case) -> Tensor:
    modes = centres()[torch.cdist(case.fake, centres()).argmin(1)]
    return modes + 0.2 * (case.fake - modes)


def repeated(case: Case) -> Tensor:
    return case.fake[:40].repeat(N // 40, 1)


def copied(case: Case) -> Tensor:
    return case.train + 1e-4 * torch.randn(N, D, generator=case.generator, dtype=torch.float64)


DAMAGES = {f.__name__: f for f in (noisy, shifted, a_mode_dropped, narrowed, repeated, copied)}


@dataclass(frozen=True)
class Metric:
    """score: of a case. sign: +1 where a higher score is worse, -1 where a lower one is, 0 where one side of 1 is as bad
    as the other. blind: the damages that it does not react to, or takes for an improvement."""

    score: Callable[[Case], float]
    sign: int
    blind: frozenset[str]


def held_out_against_fake(score: Callable[[Tensor, Tensor], float]) -> Callable[[Case], float]:
    return lambda case: score(case.held_out, case.fake)


def on_a_grid(x: Tensor, y: Tensor) -> float:
    grid = Grid.around(x, 20)
    return jensen_shannon(grid.counts(x), grid.counts(y))


def own(score: Callable[[Tensor], float]) -> Callable[[Case], float]:
    return lambda case: score(case.fake)


def of_modes(score: Callable[[ModeReport], float]) -> Callable[[Case], float]:
    return lambda case: score(mode_report(case.fake, case.centres, STD))


def gaussian_distance(x: Tensor, y: Tensor) -> float:
    return kernel_distance(x, y, kernel=gaussian_kernel(median_width(x, x))).value


def insensitive_to(*damages: str) -> frozenset[str]:
    assert not set(damages) - set(DAMAGES)
    return frozenset(damages)


METRICS: dict[str, Metric] = {
    # Only means and covariances count: narrower modes around the same centres change neither by much.
    "frechet": Metric(held_out_against_fake(frechet_distance), 1, insensitive_to("narrowed", "copied")),
    "frechet infinity": Metric(
        lambda c: frechet_infinity(c.held_out, c.fake, generator=c.generator).value,
        1,
        insensitive_to("narrowed", "copied"),
    ),
    "kernel, cubic": Metric(
        held_out_against_fake(lambda x, y: kernel_distance(x, y).value), 1, insensitive_to("narrowed", "copied")
    ),
    # With the median width the kernel is as wide as the whole ring.
    "kernel, gaussian": Metric(held_out_against_fake(gaussian_distance), 1, insensitive_to("narrowed", "copied")),
    "energy": Metric(
        held_out_against_fake(lambda x, y: float(energy_coefficient(*check_pair(x, y)))), 1, insensitive_to("copied")
    ),
    # Precision and density ask of each sample alone; recall is content with samples strewn everywhere.
    "precision": Metric(
        held_out_against_fake(lambda x, y: neighbourhoods(x, y).precision),
        -1,
        insensitive_to("a_mode_dropped", "narrowed", "repeated", "copied"),
    ),
    "recall": Metric(
        held_out_against_fake(lambda x, y: neighbourhoods(x, y).recall), -1, insensitive_to("noisy", "copied")
    ),
    "density": Metric(
        held_out_against_fake(lambda x, y: neighbourhoods(x, y).density),
        -1,
        insensitive_to("a_mode_dropped", "narrowed", "repeated", "copied"),
    ),
    "coverage": Metric(held_out_against_fake(lambda x, y: neighbourhoods(x, y).coverage), -1, insensitive_to("copied")),
    # A linear classifier sees nothing but shifted means.
    "two-sample, logistic": Metric(
        held_out_against_fake(lambda x, y: classifier_test(x, y).accuracy.value),
        1,
        insensitive_to("noisy", "narrowed", "copied"),
    ),
    "two-sample, neighbours": Metric(
        held_out_against_fake(lambda x, y: classifier_test(x, y, classifier="neighbours").accuracy.value),
        1,
        insensitive_to("copied"),
    ),
    "sliced wasserstein": Metric(
        lambda c: sliced_wasserstein(c.held_out, c.fake, generator=c.generator, directions=50)[0],
        1,
        insensitive_to("copied"),
    ),
    "wasserstein": Metric(held_out_against_fake(lambda x, y: float(wasserstein(x, y)[0])), 1, insensitive_to("copied")),
    "jensen-shannon": Metric(held_out_against_fake(on_a_grid), 1, insensitive_to("copied")),
    "different bins": Metric(
        lambda c: different_bins(fit_bins(c.train, number=20), c.fake).different, 1, insensitive_to("copied")
    ),
    # The diversity of one set: noise is diverse, and so are copies of diverse points.
    "vendi": Metric(own(lambda x: vendi_score(x, width=0.5)), -1, insensitive_to("noisy", "shifted", "copied")),
    "mean distance": Metric(own(mean_distance), -1, insensitive_to("noisy", "shifted", "repeated", "copied")),
    "birthday": Metric(
        lambda c: birthday_test(c.fake, c.held_out, size=N // 2, generator=c.generator).collisions,
        1,
        insensitive_to("noisy", "shifted", "a_mode_dropped", "copied"),
    ),
    # Narrow modes lie where training points are dense, so nearer to one than held-out points do.
    "near copies": Metric(
        lambda c: find_copies(c.train, c.held_out, c.fake, level=0.05).near.value,
        1,
        insensitive_to("noisy", "shifted", "a_mode_dropped", "repeated"),
    ),
    "data copying": Metric(
        lambda c: data_copying(c.train, c.held_out, c.fake).statistic, 0, insensitive_to("a_mode_dropped", "repeated")
    ),
    "high quality": Metric(
        of_modes(lambda r: r.high_quality), -1, insensitive_to("a_mode_dropped", "narrowed", "repeated", "copied")
    ),
    "modes covered": Metric(
        of_modes(lambda r: r.covered), -1, insensitive_to("noisy", "shifted", "narrowed", "repeated", "copied")
    ),
    "mode width": Metric(
        of_modes(lambda r: float(r.width.nanmean())),
        0,
        insensitive_to("shifted", "a_mode_dropped", "repeated", "copied"),
    ),
    # Noise and shifts leave few samples of high quality, and unequally many a mode.
    "reverse KL over modes": Metric(of_modes(lambda r: r.reverse_kl), 1, insensitive_to("narrowed", "copied")),
}
ALONE = {"vendi", "mean distance"}  # use the samples only
DRAW = {"frechet infinity", "sliced wasserstein", "birthday", "two-sample, logistic", "two-sample, neighbours"}
REPEATS = 8
CLEAR = 3.0  # standard deviations of one clean score, by which the mean of REPEATS damaged ones must be worse


def case_of(seed: int) -> Case:
    generator = torch.Generator().manual_seed(seed)
    train, held_out, fake = (mixture(N, generator) for _ in range(3))
    return Case(train, held_out, fake, generator, centres())


@cache
def clean_scores(name: str) -> Tensor:
    return torch.tensor([METRICS[name].score(case_of(100 + seed)) for seed in range(REPEATS)], dtype=torch.float64)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", METRICS)
def test_damage_worsens_the_score_or_the_metric_is_known_to_be_insensitive(name: str, damage: str) -> None:
    metric, clean = METRICS[name], clean_scores(name)
    cases = [case_of(seed) for seed in range(REPEATS)]
    scores = [metric.score(replace(case, fake=DAMAGES[damage](case))) for case in cases]
    difference = float(torch.tensor(scores, dtype=torch.float64).mean() - clean.mean())
    worse = metric.sign * difference if metric.sign else abs(difference)
    assert (worse > CLEAR * float(clean.std()) + 1e-12) == (damage not in metric.blind)


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_sees_some_damage(name: str) -> None:
    assert len(METRICS[name].blind) < len(DAMAGES)


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_damage_is_detected_by_some_metric(damage: str) -> None:
    assert any(damage not in metric.blind for metric in METRICS.values())


@pytest.mark.parametrize("name", sorted(set(METRICS) - DRAW))
def test_the_order_of_the_samples_does_not_matter(name: str) -> None:
    case = case_of(0)
    turned = replace(case, fake=case.fake[torch.randperm(N, generator=torch.Generator().manual_seed(1))])
    assert METRICS[name].score(case) == pytest.approx(METRICS[name].score(turned), rel=1e-9, abs=1e-11)


@pytest.mark.parametrize("name", METRICS)
def test_an_input_is_not_changed(name: str) -> None:
    case = case_of(0)
    before = [x.clone() for x in (case.train, case.held_out, case.fake)]
    METRICS[name].score(case)
    assert all(torch.equal(a, b) for a, b in zip(before, (case.train, case.held_out, case.fake), strict=True))


def not_a_number(x: Tensor) -> Tensor:
    x = x.clone()
    x[3, 1] = torch.nan
    return x


BROKEN = {
    "NaN": not_a_number,
    "infinite": lambda x: x / torch.zeros(()),
    "no points": lambda x: x[:0],
    "one axis": lambda x: x[:, 0],
    "three axes": lambda x: x[:, :, None],
    "no features": lambda x: x[:, :0],
}


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("name", METRICS)
def test_broken_samples_are_refused_in_one_sentence(name: str, broken: str) -> None:
    case = case_of(0)
    with pytest.raises(DataError) as raised:
        METRICS[name].score(replace(case, fake=BROKEN[broken](case.fake)))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", sorted(set(METRICS) - ALONE))
def test_another_number_of_features_is_refused(name: str) -> None:
    case = case_of(0)
    with pytest.raises(DataError, match=r"features|axes"):
        METRICS[name].score(replace(case, fake=torch.cat([case.fake, case.fake], dim=1)))


POOR = {
    "one sample": lambda case: replace(case, fake=case.fake[:1]),
    "constant samples": lambda case: replace(case, fake=torch.ones_like(case.fake)),
    "constant everywhere": lambda case: replace(
        case, fake=torch.ones(N, D), held_out=torch.ones(N, D), train=torch.ones(N, D)
    ),
    "a constant feature": lambda case: replace(
        case, **{part: getattr(case, part) * torch.tensor([1.0, 0.0]) for part in ("train", "held_out", "fake")}
    ),
    "other types": lambda case: replace(case, fake=case.fake.half(), held_out=case.held_out.float()),
}


@pytest.mark.filterwarnings("ignore:Number of distinct clusters:sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("poor", POOR)
@pytest.mark.parametrize("name", METRICS)
def test_poor_samples_get_a_number_or_a_sentence(name: str, poor: str) -> None:
    case = POOR[poor](case_of(0))
    sentence = "a number."
    try:
        score = METRICS[name].score(case)
    except DataError as error:
        score, sentence = 0.0, str(error)
    assert sentence.endswith(".")
    # NaN stands for what there is nothing to say about: the spread of one sample, the modes of none near any.
    assert math.isfinite(score) or name in {"mode width", "reverse KL over modes"}
