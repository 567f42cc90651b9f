"""The part of C7 on images: both generator losses from the same state of a GAN whose discriminator is ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from saddlepoint.data.settings import DataSettings
from saddlepoint.evaluation.statistics.intervals import Interval, exponential, mean_interval
from saddlepoint.figures.style import MUTED, TICK_SIZE, colours, figure, legend, style_axes
from saddlepoint.models.gan.settings import DiscriminatorSettings, GANSettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.studies.claims.contract import Quantity
from saddlepoint.studies.claims.discriminator_ahead import LOSSES, AheadOutcome, DiscriminatorAhead
from saddlepoint.studies.claims.image_games import WORST, ratio_interval
from saddlepoint.training.settings import OptimiserSettings, PlayerSettings, TrainingSettings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The rate of plain gradient descent was chosen on seeds 1000 and 1001, among .003, .01, .02 and .1: with it log(1 - D)
# came nearest to the data without a lead.
OPTIMISERS = {"Adam": PlayerSettings(), "gradient descent": PlayerSettings(name="sgd", learning_rate=0.01)}
LEADS, QUICK_LEADS = (0, 50, 200, 600), (0, 1, 2, 3)
FIRST_STEPS, STEPS, QUICK_STEPS, CHECKS = 100, 400, 2, 8
MOST, QUICK_MOST = 8, 2
BAD = 0.01  # D(G(z)) of bad samples
LEVEL = 1 - 0.05 / (len(OPTIMISERS) * len(LEADS))  # of each comparison of both losses
SETUPS = {name: f"digits, discriminator ahead, {name}" for name in OPTIMISERS}


def setups(quick: bool) -> dict[str, DiscriminatorAhead]:
    """A small DCGAN on 8x8 digits, with both optimisers of the generator."""
    steps = QUICK_STEPS if quick else STEPS
    network = {"network": "dcgan", "width": 4 if quick else 16}
    return {
        SETUPS[name]: DiscriminatorAhead(
            GANSettings(latent=64, generator=NetworkSettings(**network), discriminator=DiscriminatorSettings(**network)),
            TrainingSettings(
                steps=steps,
                batch_size=32,
                tick=max(1, steps // CHECKS),
                optimiser=OptimiserSettings(learning_rate=2e-4, betas=(0.5, 0.999)),
            ),
            DataSettings(source="digits"),
            first_steps=2 if quick else FIRST_STEPS,
            leads=QUICK_LEADS if quick else LEADS,
            generator=own,
            most=QUICK_MOST if quick else MOST,
        )
        for name, own in OPTIMISERS.items()
    }  # fmt: skip


@dataclass(frozen=True)
class State:
    """The comparison of both losses from the states of all seeds after one lead.

    Attributes:
        optimiser: name of the generator's optimiser.
        place: index of the lead.
        lead: steps of the discriminator alone.
        score: median over seeds of D(G(z)).
        gradient: norm of the gradient of log(1 - D(G(z))) over that of -log D(G(z)).
        distance: energy distance with log(1 - D(G(z))) at the end over that with -log D(G(z)).
    """

    optimiser: str
    place: int
    lead: int
    score: float
    gradient: Interval
    distance: Interval

    @property
    def bad(self) -> bool:
        """Whether the discriminator takes nearly all samples for generated."""
        return self.score <= BAD

    @property
    def better(self) -> bool:
        """Whether -log D(G(z)) comes nearer to the data."""
        return self.distance.low > 1

    @property
    def worse(self) -> bool:
        """Whether log(1 - D(G(z))) does."""
        return self.distance.high < 1


def compare_losses(outcomes: Mapping[str, AheadOutcome]) -> list[State]:
    """The comparison in every state, by optimiser and lead."""
    found = []
    for optimiser, name in SETUPS.items():
        outcome = outcomes[name]
        for place, lead in enumerate(outcome.setup.leads):
            minimax, other = (outcome.after[loss, place, -1] for loss in range(len(LOSSES)))
            gradients = outcome.gradients[:, place].clamp_min(1e-30)
            found.append(
                State(
                    optimiser,
                    place,
                    lead,
                    float(outcome.scores[place].quantile(0.5)),
                    exponential(mean_interval((gradients[0] / gradients[1]).log())),
                    ratio_interval(minimax, other, LEVEL),
                )
            )
    return found


def quantities(outcomes: Mapping[str, AheadOutcome], states: Sequence[State]) -> list[Quantity]:
    """D(G(z)), the gradients, and the progress of both losses, in each of these states."""
    found = []
    for state in states:
        outcome = outcomes[SETUPS[state.optimiser]]
        of = f"digits, lead of {state.lead} ({outcome.seeds} seeds)"
        if state.optimiser == next(iter(OPTIMISERS)):  # the states are the same with every optimiser
            found.append(Quantity(f"mean D(G(z)), {of}", mean_interval(outcome.scores[state.place])))
            found += [
                Quantity(f"norm of the generator's gradient, {LOSSES[loss]}, {of}", _mean(own), "nats")
                for loss, own in zip(LOSSES, outcome.gradients[:, state.place], strict=True)
            ]
            found.append(Quantity(f"the first gradient over the second, {of}", state.gradient))
        found += [
            Quantity(f"energy distance {outcome.setup.training.steps} steps later, {LOSSES[loss]}, {state.optimiser}, {of}", _mean(own[state.place, -1]))
            for loss, own in zip(LOSSES, outcome.after, strict=True)
        ]  # fmt: skip
        found.append(
            Quantity(
                f"distance with {LOSSES['minimax']} over that with {LOSSES['non-saturating']}, same state, {state.optimiser}, {of} (level {LEVEL:.2%})",
                state.distance,
            )
        )
    return found


def conditions_text(found: list[State]) -> str:
    """With which optimiser, and at which D(G(z)), -log D(G(z)) comes nearer to the data, as a sentence."""
    parts = []
    own: list[State] = []
    for optimiser in OPTIMISERS:
        own = [state for state in found if state.optimiser == optimiser]
        better, worse = [s for s in own if s.better], [s for s in own if s.worse]
        others = [s for s in own if not s.better and not s.worse]
        words = [
            f"{said} at D(G(z)) = {', '.join(f'{s.score:.2g} ({s.distance.value:.2f} times)' for s in some)}"
            for said, some in (
                ("nearer to the data", better),
                ("less near", worse),
                ("not measurably different", others),
            )
            if some
        ]
        parts.append(f"with {optimiser}, {', '.join(words)}")
    first, last = own[0], own[-1]
    return (
        f"On digits, {last.lead} steps of the discriminator alone take D(G(z)) from {first.score:.2g} to {last.score:.2g}, and the "
        f"gradient of log(1 - D(G(z))) from {first.gradient.value:.2g} to {last.gradient.value:.2g} times that of -log D(G(z)). "
        f"Trained on from the same state, -log D(G(z)) ends: {'; '.join(parts)}"
    )


def draw(outcomes: Mapping[str, AheadOutcome]) -> Figure:
    """Gradients and D(G(z)) against the lead, and the distance after the longest lead against steps."""
    drawing, grid = figure(1, 2 + len(SETUPS), width=15.0, height=4.4)
    tints = dict(zip(LOSSES, colours(len(LOSSES)), strict=True))
    first = outcomes[next(iter(SETUPS.values()))]
    leads = first.setup.leads
    style_axes(
        grid[0, 0], title="The discriminator alone moves on", x="steps of the discriminator alone", y="mean D(G(z))"
    )
    _line(grid[0, 0], torch.tensor(leads), first.scores, MUTED, "")
    grid[0, 0].axhline(BAD, color=MUTED, linewidth=1.0, linestyle=":")
    grid[0, 0].annotate(
        "bad samples below", (0.02, BAD), xycoords=("axes fraction", "data"), va="bottom", color=MUTED, fontsize=TICK_SIZE
    )  # fmt: skip
    style_axes(
        grid[0, 1], title="Gradient at the same weights", x="steps of the discriminator alone", y="norm of the generator's gradient / nats"
    )  # fmt: skip
    for loss, own in zip(LOSSES, first.gradients, strict=True):
        _line(grid[0, 1], torch.tensor(leads), own, tints[loss], LOSSES[loss])
    for axes, (optimiser, name) in zip(grid[0, 2:], SETUPS.items(), strict=True):
        outcome = outcomes[name]
        style_axes(
            axes, title=f"Both go on after a lead of {leads[-1]}: {optimiser}", x="training steps after the lead", y="energy distance"
        )  # fmt: skip
        for loss, own in zip(LOSSES, outcome.after, strict=True):
            steps = torch.cat([torch.zeros(1), outcome.measured_at])
            values = torch.cat([outcome.before[None], own[-1].nan_to_num(WORST, WORST)])
            _line(axes, steps, values, tints[loss], LOSSES[loss])
    for axes in grid[0]:
        axes.set_yscale("log")
        legend(axes)
    return drawing


def _line(axes: Axes, x: Tensor, values: Tensor, tint: str, name: str) -> None:
    """The median over seeds as a line, and the range of all seeds as a band."""
    axes.plot(x, values.quantile(0.5, dim=1), color=tint, linewidth=1.8, marker="o", markersize=3.5, label=name)
    axes.fill_between(x, values.amin(1), values.amax(1), color=tint, alpha=0.18, linewidth=0)


def _mean(values: Tensor) -> Interval:
    return mean_interval(values.nan_to_num(WORST, WORST))
