"""C6: a KL divergence is never negative; which mistakes make the KL term negative, and which the diagnosis finds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval, wilson_interval
from saddlepoint.figures.style import INK, MUTED, colours, figure, legend, style_axes
from saddlepoint.objectives.divergence import kl_standard_normal
from saddlepoint.objectives.likelihood import standard_normal_log_prob
from saddlepoint.studies.claims.clamped_heads import digits_vae
from saddlepoint.studies.claims.contract import Claim, Measured, Picture, Quantity, verdict
from saddlepoint.studies.claims.mistakes import WRONG_KL
from saddlepoint.studies.claims.watched import Watched, WatchedOutcome

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RIGHT, HEAVIER = "the right KL", "the right KL, weight 4"
CODE = "VAE202"
SOURCE = (
    "unpublished notes on generative models, whose training at times ended with a negative KL; "
    "closed form: Auto-Encoding Variational Bayes (Kingma, Welling, 2013), appendix B, https://arxiv.org/abs/1312.6114"
)
STEPS, QUICK_STEPS, MOST = 1_000, 40, 32
HEADS, QUICK_HEADS = 200_000, 5_000  # random heads whose KL is tested for its sign
COMPARED, QUICK_COMPARED, DRAWS = 1_000, 100, 2_000  # random heads whose KL is compared with draws, and draws of each
WIDEST = 16  # units
SHOWN = 1e3  # nats either way


def setups(quick: bool) -> dict[str, Watched]:
    """The correct objective with two weights, and every injected mistake."""
    steps = QUICK_STEPS if quick else STEPS
    base = digits_vae(steps, latent=4)
    right = {RIGHT: Watched(*base, most=MOST), HEAVIER: Watched(*digits_vae(steps, latent=4, beta=4.0), most=MOST)}
    return right | {name: Watched(*base, mistake=name, most=MOST) for name in WRONG_KL}


def random_heads(n: int, units: int, generator: torch.Generator, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Draw random means and log-variances at any distance from the prior.

    The scale of a row is drawn first, log-uniformly from 1e-6 to 30 (10 for the log-variance), so that KLs near 0 are
    included.

    Args:
        n: number of rows.
        units: dimension of the code.
        generator: source of the random numbers.
        dtype: type of the tensors.

    Returns:
        Mean and log-variance, each (n, units).
    """
    sizes = torch.rand(2, n, 1, generator=generator, dtype=torch.float64)
    mean_size, log_variance_size = 10 ** (sizes[0] * 7.5 - 6), 10 ** (sizes[1] * 7 - 6)
    mean, log_variance = torch.randn(2, n, units, generator=generator, dtype=torch.float64)
    return (mean_size * mean).to(dtype), (log_variance_size * log_variance).clamp(-80, 80).to(dtype)


def log_ratio_draws(mean: Tensor, log_variance: Tensor, draws: int, generator: torch.Generator) -> Tensor:
    """Monte Carlo draws of log q(z) - log p(z) in nats at z from q. Their mean is the KL.

    Args:
        mean: (B, D) means of q.
        log_variance: (B, D) log-variances of q.
        draws: number of draws.
        generator: source of the random numbers.

    Returns:
        (draws, B) log ratios.
    """
    epsilon = torch.randn(draws, *mean.shape, generator=generator, dtype=mean.dtype)
    z = mean + torch.exp(0.5 * log_variance) * epsilon
    flat = (-1, mean.shape[1])
    log_q = standard_normal_log_prob(epsilon.reshape(flat)).view(draws, -1) - 0.5 * log_variance.sum(1)
    return log_q - standard_normal_log_prob(z.reshape(flat)).view(draws, -1)


def measure(outcomes: Mapping[str, WatchedOutcome], quick: bool) -> Measured:
    """Measure the closed form over random heads, then training with correct and with incorrect objectives."""
    generator = torch.Generator().manual_seed(0)
    n = QUICK_HEADS if quick else HEADS
    least, negative, plain = torch.inf, 0, torch.inf
    for dtype in (torch.float32, torch.float64):
        mean, log_variance = random_heads(n, WIDEST, generator, dtype)
        kl = kl_standard_normal(mean, log_variance)
        least, negative = min(least, float(kl.min())), negative + int((kl < 0).sum())
        if dtype == torch.float32:  # the formula of papers: rounding makes it negative
            plain = float((0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(1)).min())
    closed, estimate, error, below = _compared(QUICK_COMPARED if quick else COMPARED, generator)
    inside = ((estimate - closed).abs() <= 1.96 * error).double()
    coverage = wilson_interval(float(inside.sum()), len(inside))
    z = mean_interval((estimate - closed) / error)
    quantities = [
        Quantity(
            "share of random heads whose KL in closed form is negative", wilson_interval(negative, 2 * n), claimed="0"
        ),
        Quantity("least KL in closed form over random heads", Interval(least, least, least), "nats", "0 or more"),
        Quantity("least of the same as papers write it, in single precision", Interval(plain, plain, plain), "nats"),
        Quantity("share of heads whose closed form lies in Monte Carlo's 95 % interval", coverage),
        Quantity("Monte Carlo less the closed form, in standard errors, mean over heads", z),
        Quantity("share of estimates from a single draw that are negative, mean over heads", mean_interval(below)),
    ]
    lowest = {name: _lowest(outcome) for name, outcome in outcomes.items()}
    for name, outcome in outcomes.items():
        quantities.append(
            Quantity(
                f"share of seeds in which {CODE} opens, {name}", wilson_interval(outcome.with_any(CODE), outcome.seeds)
            )
        )
    for name, outcome in outcomes.items():
        count = float((lowest[name] < 0).sum())
        quantities.append(
            Quantity(f"share of seeds whose KL term goes negative, {name}", wilson_interval(count, outcome.seeds))
        )
    quantities += [
        Quantity(f"steps until {CODE} opens, median, {name}", _median_step_opened(outcomes[name]), "steps")
        for name in WRONG_KL
    ]
    holds = negative == 0 and abs(coverage.value - 0.95) < 0.03
    right = outcomes[RIGHT].with_any(CODE) + outcomes[HEAVIER].with_any(CODE)
    with_finding = {name: outcomes[name].with_any(CODE) for name in WRONG_KL}
    everywhere = all(count == outcomes[name].seeds for name, count in with_finding.items())
    goes = [name for name in WRONG_KL if bool((lowest[name] < 0).any())]
    missed = [
        f"{name} in {count} of {outcomes[name].seeds}"
        for name, count in with_finding.items()
        if count < outcomes[name].seeds
    ]
    because = (
        f"The closed form is negative for {negative} of {2 * n:,} random heads and lies in Monte Carlo's 95 % interval for "
        f"{coverage.value:.1%} of them; a single draw's estimate is negative {below.mean():.0%} of the time, which is no mistake. "
        f"{CODE} opens in {right} of {outcomes[RIGHT].seeds + outcomes[HEAVIER].seeds} runs with the right KL and, of "
        f"{len(WRONG_KL)} injected mistakes, in every seed of {sum(c == outcomes[n].seeds for n, c in with_finding.items())}"
        + (f" (but {', '.join(missed)})" if missed else "")
        + f"; of these mistakes {len(goes)} ever make the term negative."
    )
    return Measured(
        verdict(holds and right == 0 and everywhere, holds),
        because,
        tuple(quantities),
        (
            Picture(
                "closed-form",
                f"Left: the KL of random heads in closed form against the mean of {DRAWS:,} draws. Right: the term that the loss "
                "calls KL over training, the middle seed: a negative one is a mistake, but not every mistake is negative.",
                _drawn(closed, estimate, outcomes),
            ),
        ),
    )


def _compared(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Compare the closed form of n random heads with Monte Carlo.

    Returns:
        Each (n,): closed form, mean and standard error of Monte Carlo, and share of draws that are negative.
    """
    parts = []
    for units in (1, 2, 4, 8):
        # Scales at which the estimate is nearly normal, so that its interval is valid.
        mean = 2 * torch.randn(n // 4, units, generator=generator, dtype=torch.float64)
        log_variance = torch.randn(n // 4, units, generator=generator, dtype=torch.float64)
        drawn = log_ratio_draws(mean, log_variance, DRAWS, generator)
        parts.append(
            torch.stack(
                [
                    kl_standard_normal(mean, log_variance),
                    drawn.mean(0),
                    drawn.std(0) / DRAWS**0.5,
                    (drawn < 0).double().mean(0),
                ]
            )
        )
    closed, estimate, error, below = torch.cat(parts, 1)
    return closed, estimate, error, below


def _lowest(outcome: WatchedOutcome) -> Tensor:
    """(S,) smallest mean KL term at any tick; rounding errors count as 0."""
    least: Tensor = outcome.series["vae/kl"].nan_to_num(torch.inf, posinf=torch.inf, neginf=-torch.inf).amin(0)
    return torch.where(least > -1e-3, least.clamp_min(0.0), least)


def _median_step_opened(outcome: WatchedOutcome) -> Interval:
    from saddlepoint.studies.claims.quantities import median_interval

    steps = [float(own[CODE].step) if CODE in own else torch.nan for own in outcome.findings]
    return median_interval(torch.tensor(steps, dtype=torch.float64))


def _drawn(closed: Tensor, estimate: Tensor, outcomes: Mapping[str, WatchedOutcome]) -> Figure:
    drawing, grid = figure(1, 2, width=11.0, height=4.6)
    left, right = grid[0]
    style_axes(left, title="Random heads", x="closed form / nats", y="Monte Carlo / nats")
    left.scatter(closed, estimate, s=4, color=MUTED, linewidths=0)
    left.axline((1.0, 1.0), slope=1.0, color=INK, linewidth=1.0)
    left.set_xscale("log")
    left.set_yscale("log")
    style_axes(right, title="The KL term while training", x="training step", y="nats")
    for tint, (name, outcome) in zip(colours(len(outcomes)), outcomes.items(), strict=True):
        values = outcome.series["vae/kl"].nanmedian(1).values
        shown = values.isfinite()
        right.plot(outcome.measured_at[shown], values[shown], color=tint, linewidth=1.6, label=name)
    right.axhline(0.0, color=INK, linewidth=1.0, linestyle=":")
    right.set_yscale("symlog", linthresh=1.0)
    right.set_ylim(-SHOWN, SHOWN)
    legend(right, loc="upper left", bbox_to_anchor=(1.01, 1.0))
    return drawing


CLAIM = Claim(
    "C6",
    "The KL term of a variational autoencoder is never negative; a negative value means a mistake in the objective.",
    SOURCE,
    "Holds if the closed form is negative for no random head and lies in Monte Carlo's 95 % intervals as often as it should "
    f"(within 3 points), and the finding {CODE} opens in all seeds of every injected mistake and in none of the right objective; "
    "in part if only the first is so.",
    setups,
    measure,
)
