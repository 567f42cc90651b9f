"""Conditions without effect: ignored labels (GAN121), a collapsed class (GAN122), unused codes of an InfoGAN (GAN123)."""

from __future__ import annotations

import math

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding, Severity

PROBES = 3
# Shares of the run. Before the second the generator may not have learnt its classes yet, but after the first it has begun to: a
# condition that has had no effect at all by then is a warning.
EARLY, LATE = 0.2, 0.4
NOTHING = 0.05  # of the way from chance to real examples or certainty: chance alone, with 256 samples of ten classes
UNREAD = 0.2  # advantage of the right label, of the discriminator's scores of 128 real examples; by chance at most 0.18
RISING, BEFORE = 0.1, 5  # over five probes: the labels are being learnt
# Agreement of samples with their labels, relative to real examples: chance is 0. Ten classes of which two are mixed up
# leave 0.8.
IGNORED, HARDLY_USED = 0.15, 0.35
# Distance of two samples of a class over that of two real examples; healthy runs are above 0.6 in every class.
ALIKE, NARROW = 0.15, 0.3
TICKS = 10  # records of the discriminator's own series, whose batches are small
UNUSED = 0.1  # share of the way from chance to certainty, or R^2


@rule("GAN121", traits={"gan"}, opens=2, unless={"NUM304", "GAN103", "GAN106"})
def labels_ignored(
    g_label_use: Series, run: Facts, d_label_advantage: Series | None = None, d_class_accuracy: Series | None = None
) -> Finding | None:
    """Samples are not recognised as the classes that they were asked for, while real examples are.

    A generator that learns its labels late looks the same at first. But it learns them from a discriminator that has learnt them
    before: only where its scores do not depend on the labels either is the finding raised early. With an auxiliary classifier they
    never do.

    A classifier of real examples applied to conditional samples: How good is my GAN? (Konstantin Shmelkov, Cordelia Schmid,
    Karteek Alahari, 2018), https://arxiv.org/abs/1807.09499
    """
    use, step = g_label_use.level(PROBES), g_label_use.step
    unread = d_class_accuracy is None and d_label_advantage is not None and d_label_advantage.level(PROBES) < UNREAD
    most = _most(run, step, NOTHING if unread else math.nan, HARDLY_USED)
    if len(g_label_use) < PROBES or not use < most or _rises(g_label_use):
        return None
    severe = use < IGNORED
    return Finding(
        "GAN121",
        _severity(run, step, severe),
        step,
        f"Labels are {'ignored' if severe else 'hardly used'}: samples agree with their labels {max(use, 0):.0%} as well as real "
        "examples do (0% is chance).",
        {"label_use": round(use, 4)},
        "Asking for a class gives samples of any class. " + run.advice("projection", "auxiliary", "slower"),
        run.remedy("projection", "auxiliary", "slower"),
    )


@rule("GAN122", traits={"gan"}, opens=2, closes=4, unless={"NUM304", "GAN103", "GAN105", "GAN106"})
def class_collapse(
    g_class_diversity: Series, run: Facts, g_least_diverse_class: Series | None = None
) -> Finding | None:
    """The samples of one class lie much closer together than the real examples of this class do.

    The diversity of each class by itself: Conditional Image Synthesis With Auxiliary Classifier GANs (Augustus Odena,
    Christopher Olah, Jonathon Shlens, 2017), section 4.3, https://arxiv.org/abs/1610.09585
    """
    ratio, step = g_class_diversity.level(PROBES), g_class_diversity.step
    if len(g_class_diversity) < PROBES or not ratio < _most(run, step, ALIKE, NARROW) or _rises(g_class_diversity):
        return None
    evidence: dict[str, float] = {"class_diversity": round(ratio, 4)}
    which = "one class"
    if g_least_diverse_class is not None and math.isfinite(g_least_diverse_class.last):
        evidence["class"] = int(g_least_diverse_class.last)
        which = f"class number {evidence['class']}"
    return Finding(
        "GAN122",
        _severity(run, step, ratio < ALIKE),
        step,
        f"A class has collapsed: samples of {which} lie {ratio:.2f} times as far apart as its real examples do.",
        evidence,
        "Whatever the noise, samples of this class look alike. "
        + run.advice("r1_penalty", "balanced_classes", "slower"),
        run.remedy("r1_penalty", "balanced_classes", "slower"),
    )


@rule("GAN123", traits={"gan"}, opens=3, unless={"NUM304"})
def categories_unused(d_code_use: Series, run: Facts) -> Finding | None:
    """The categorical codes cannot be read from the samples.

    InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets (Xi Chen, Yan Duan,
    Rein Houthooft, John Schulman, Ilya Sutskever, Pieter Abbeel, 2016), https://arxiv.org/abs/1606.03657
    """
    return _unused(d_code_use, "categorical codes", "are recognised in samples hardly more often than by chance", run)


@rule("GAN123", traits={"gan"}, opens=3, unless={"NUM304"})
def continuous_codes_unused(d_code_fit: Series, run: Facts) -> Finding | None:
    """The continuous codes cannot be read from the samples.

    InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets (Xi Chen, Yan Duan,
    Rein Houthooft, John Schulman, Ilya Sutskever, Pieter Abbeel, 2016), https://arxiv.org/abs/1606.03657
    """
    return _unused(d_code_fit, "continuous codes", "explain hardly anything of the samples", run)


def _unused(series: Series, what: str, why: str, run: Facts) -> Finding | None:
    use, step = series.level(TICKS), series.step
    if len(series) < TICKS or not use < _most(run, step, NOTHING, UNUSED) or _rises(series):
        return None
    name = series.name.split("/")[-1]
    return Finding(
        "GAN123",
        "warning",
        step,
        f"The InfoGAN's {what} are unused: they {why} ({name} {use:.2f}, 1 is a code that is read exactly).",
        {name: round(use, 4)},
        "Changing a code then does not change the sample. " + run.advice("more_information", "slower_d"),
        run.remedy("more_information", "slower_d"),
    )


def _most(run: Facts, step: int, early: float, late: float) -> float:
    """Return the value below which a condition has too little effect at this step; NaN where it is too soon to judge."""
    if run.progress(step) < EARLY or not run.begun(step):
        return math.nan
    return late if run.progress(step) >= LATE else early


def _severity(run: Facts, step: int, severe: bool) -> Severity:
    return "failure" if severe and run.progress(step) >= LATE else "warning"


def _rises(series: Series) -> bool:
    """Whether the level of the newest values is clearly above that of the values before."""
    earlier = series.median_between(max(len(series) - 2 * BEFORE, 0), max(len(series) - BEFORE, 0), "earlier")
    return series.level(BEFORE) > earlier + RISING
