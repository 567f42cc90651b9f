"""Overfitting, seen from the same quantity of training and of held-out examples: NUM306, VAE206, VAE208, AR502, FLOW603, DIFF703, EM804.

Families differ in the series that they report, in the words for it and in the remedies. One function makes the rule of each from
one row.

References:
    Early Stopping - But When? (Lutz Prechelt, 1998), https://doi.org/10.1007/3-540-49430-8_3
    Noise Regularization for Conditional Density Estimation (Jonas Rothfuss, Fabio Ferreira, Simon Boehm, Simon Walther, Maxim Ulrich,
        Tamim Asfour, Andreas Krause, 2019), https://arxiv.org/abs/1907.08982 (noise on examples limits the density of a flow)
    On Memorization in Diffusion Models (Xiangming Gu, Chao Du, Tianyu Pang, Chongxuan Li, Min Lin, Ye Wang, 2023),
        https://arxiv.org/abs/2310.02664
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from saddlepoint.diagnosis.declaration import Rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

SHARE = 0.05  # of the held-out value's size; of a log density, of the entropy of a standard normal distribution:
NATS_OF_NORMAL = 1.42  # nats a number, 0.5 log(2 pi e)
NATS = 0.3  # at least, if the value is in nats
FAR_APART, ERRORS = 3.0, 3.0  # times that, and standard errors, from which on a held-out value need not become worse
BEST = "best_checkpoint"  # advice that needs a best step
SOURCE = "https://doi.org/10.1007/3-540-49430-8_3"


@dataclass(frozen=True)
class Gap:
    """How far training and held-out examples are apart.

    Attributes:
        trained: the value of training examples.
        held_out: the value of held-out examples.
        best: the best value of held-out examples so far.
        step: its step, if the value has become worse since; None if it still improves, far behind.
        severity: of the finding.
    """

    trained: float
    held_out: float
    best: float
    step: int | None
    severity: Literal["warning", "failure"]

    def evidence(self, of: str) -> dict[str, float | int]:
        """The numbers of a finding about values called `of`."""
        found: dict[str, float | int] = {f"train_{of}": self.trained, f"held_out_{of}": self.held_out}
        return found if self.step is None else found | {"best": self.best, "best_step": self.step}


@dataclass(frozen=True)
class Overfitting:
    """What the rule of a family does not share with the others.

    Its series are `PLAYER/train_QUANTITY`, `PLAYER/held_out_QUANTITY` and the standard error `PLAYER/held_out_QUANTITY_error`, and, of log
    densities alone, `PLAYER/density_numbers`.

    Attributes:
        code: of the finding.
        name: of the rule.
        trait: of the runs it applies to.
        player: that reports the series.
        quantity: the value, an average over examples.
        words: for the value, with its article.
        advice: names of remedies, in order of preference.
        remedies: names of those that may be applied, in order.
        in_nats: whether the value is a log probability or a log density in nats, or a bound on it; higher is better then. Otherwise it is
            a positive loss.
        measurements: finite ones that are needed.
        share: of the value's size that a gap is compared with.
        is_share: whether the value is a share itself, of which the size is 1; that of another loss is its best value.
        unless: see `Rule`.
    """

    code: str
    name: str
    trait: str
    player: str
    quantity: str
    words: str
    advice: tuple[str, ...] = (BEST, "more_data", "strong_weight_decay", "smaller_network")
    remedies: tuple[str, ...] = ("stop_at_best", "strong_weight_decay")
    in_nats: bool = True
    measurements: int = 4
    share: float = SHARE
    is_share: bool = False
    unless: frozenset[str] = frozenset()

    @property
    def series(self) -> tuple[str, str, str]:
        """The parameters of the series: of training examples, of held-out examples, and the error of these."""
        held_out = f"{self.player}_held_out_{self.quantity}"
        return f"{self.player}_train_{self.quantity}", held_out, f"{held_out}_error"

    def gap(self, train: Series, held_out: Series, error: Series, numbers: Series | None = None) -> Gap | None:
        """Compare training with held-out examples.

        A log density depends on the units of the data: other units add a constant to it. So its size means nothing, and gaps are compared
        with the entropy of a standard normal distribution, which grows with the numbers of an example. Log probabilities of discrete
        values, and losses, have no units.

        Args:
            train: of training examples.
            held_out: of as many held-out examples, the same ones every time.
            error: the standard error of `held_out`.
            numbers: of an example that a log density is of; None for values without units.

        Returns:
            The gap; None if it is too small to be overfitting, or there are too few measurements.
        """
        if held_out.finite < self.measurements:
            return None
        trained, now = train.level(2), held_out.level(2)
        best, place = held_out.highest if self.in_nats else held_out.lowest
        size = NATS_OF_NORMAL * numbers.last if numbers is not None else 1.0 if self.is_share else abs(best)
        scale = max(self.share * size, NATS) if self.in_nats else self.share * size
        sign = 1.0 if self.in_nats else -1.0
        gap, loss = sign * (trained - now), sign * (best - now)
        # The examples are the same every time, so the difference of two measurements has far less noise than one of them.
        noise = error.level(2)
        # A value whose best is among the newest two still improves, although their median is behind it. One that is worse for training
        # examples too has another cause, such as a long step.
        learns_on = sign * (trained - train.at(held_out.steps[place])) > 0
        worsens = (
            place < len(held_out) - 2 and gap > 1.2 * scale and loss > max(0.35 * scale, 0.5 * noise) and learns_on
        )
        # With few examples the held-out value may improve for ever, far behind that of the memorised ones.
        if not worsens and not gap > max(FAR_APART * scale, ERRORS * noise):
            return None
        severity: Literal["warning", "failure"] = (
            "failure" if worsens and gap > 2.5 * scale and loss > scale else "warning"
        )
        return Gap(trained, now, best, held_out.steps[place] if worsens else None, severity)

    def finding(self, gap: Gap, step: int, run: Facts) -> Finding:
        """The finding about a gap that was measured at `step`."""
        trained, held_out, best = (
            f"{value:.1f} nats" if self.in_nats else f"{value:.3g}" for value in (gap.trained, gap.held_out, gap.best)
        )
        since = "" if gap.step is None else f", where it was {best} at step {gap.step:,}"
        advice = (name for name in self.advice if name != BEST or gap.step is not None)
        return Finding(
            self.code,
            gap.severity,
            step,
            f"Overfitting: {self.words} is {trained} for training and {held_out} for held-out examples{since}.",
            gap.evidence(self.quantity),
            f"The model memorises its training examples. {run.advice(*advice)}",
            next(filter(None, (run.remedy(name, best_step=gap.step) for name in self.remedies)), None),
        )


def overfitting_rule(row: Overfitting) -> Rule:
    """Return the rule of a family."""
    numbers = f"{row.player}_density_numbers"

    def judge(run: Facts, **series: Series) -> Finding | None:
        train, held_out, error = (series[name] for name in row.series)
        gap = row.gap(train, held_out, error, series.get(numbers))
        return None if gap is None else row.finding(gap, held_out.step, run)

    judge.__name__ = row.name
    judge.__doc__ = (
        f"{row.words.capitalize()} of training examples is far better than that of held-out ones.\n\n"
        f"Early Stopping - But When? (Lutz Prechelt, 1998), {SOURCE}"
    )
    return Rule(
        row.code,
        judge,
        (*row.series, "run"),
        traits=frozenset({row.trait}),
        optional=(numbers,) if row.in_nats else (),
        opens=2,
        closes=2,
        unless=row.unless,
    )


bounds_part = overfitting_rule(
    Overfitting(
        "VAE206",
        "bounds_part",
        trait="vae",
        player="vae",
        quantity="bound",
        words="the evidence lower bound",
        advice=(BEST, "more_data", "smaller_network"),
        remedies=("stop_at_best",),
        unless=frozenset({"VAE202"}),
    )
)
quantised_bounds_part = overfitting_rule(
    Overfitting(
        "VAE208",
        "quantised_bounds_part",
        trait="vq-vae",
        player="vq",
        quantity="bound",
        words="the bound",
        unless=frozenset({"VAE207"}),
    )
)
log_probs_part = overfitting_rule(
    Overfitting(
        "AR502",
        "log_probs_part",
        trait="autoregressive",
        player="ar",
        quantity="log_prob",
        words="the log probability",
    )
)
# Noise on the training examples limits the density at each of them.
densities_part = overfitting_rule(
    Overfitting(
        "FLOW603",
        "densities_part",
        trait="flow",
        player="flow",
        quantity="log_prob",
        words="the log density",
        advice=("noisy_examples", BEST, "more_data", "strong_weight_decay", "fewer_layers"),
        remedies=("noisy_examples", "stop_at_best"),
    )
)
losses_part = overfitting_rule(
    Overfitting(
        "DIFF703", "losses_part", trait="diffusion", player="dm", quantity="loss", words="the loss", in_nats=False
    )
)
# Errors of reconstruction fall towards 0, of training examples faster: in long trainings of healthy autoencoders to two thirds of that of
# held-out ones. As a share of the variance of the data the difference is small: on the calibration half of other people's loops it stays
# below .03, and reaches .15 to .25 with 64 training examples.
_MISSED = 0.03
_UNEXPLAINED = "the share of the variance that reconstructions miss"
reconstructions_part = overfitting_rule(
    Overfitting(
        "NUM306",
        "reconstructions_part",
        trait="autoencoder",
        player="ae",
        quantity="unexplained",
        words=_UNEXPLAINED,
        in_nats=False,
        share=_MISSED,
        is_share=True,
    )
)
reconstructions_of_posteriors_part = overfitting_rule(
    Overfitting(
        "VAE206",
        "reconstructions_of_posteriors_part",
        trait="vae",
        player="vae",
        quantity="unexplained",
        words=_UNEXPLAINED,
        in_nats=False,
        share=_MISSED,
        is_share=True,
        unless=frozenset({"VAE202"}),
    )
)
# A model that is fitted in one step is measured only a few times.
fits_part = overfitting_rule(
    Overfitting(
        "EM804",
        "fits_part",
        trait="classical",
        player="em",
        quantity="log_prob",
        words="the log-likelihood of an example",
        advice=("half_components", "half_states", "diagonal_covariance", "more_reg_covar", "more_data"),
        remedies=("half_components", "half_states", "diagonal_covariance", "more_reg_covar"),
        measurements=2,
    )
)
