"""C20: convergence of general optimisers and of optimisers made for games."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from saddlepoint.evaluation.statistics.intervals import wilson_interval
from saddlepoint.figures.bands import Band, bands_figure
from saddlepoint.figures.games import spectrum, trajectories
from saddlepoint.games.dirac import dirac_gan
from saddlepoint.games.dynamics import path, update_spectrum
from saddlepoint.games.smooth import SmoothGame
from saddlepoint.optimisers import METHODS
from saddlepoint.optimisers.field import Method
from saddlepoint.optimisers.lookahead import Lookahead
from saddlepoint.studies.claims.contract import Claim, Measured, Picture, Quantity, verdict
from saddlepoint.studies.claims.jacobian import final_spectrum, rotating_share
from saddlepoint.studies.claims.laboratory import QUICK_STEPS, Outcome, Setup
from saddlepoint.studies.claims.quantities import NONE_DECIDED, bands, median_interval, race, seed_band, share_converged
from saddlepoint.studies.claims.setups import POST, POST_ADDRESS, ours
from saddlepoint.studies.convergence import DISTANCE

PLAIN = ("simultaneous", "alternating")
MADE_FOR_GAMES = ("extragradient", "past-extragradient", "optimistic", "consensus", "adjustment", "lookahead")
KINDS_OF_ADAM = ("optimistic-adam", "extra-adam")
RATE, ADAM_RATE = 0.4, 0.05
ROUND = 10  # steps of a round of lookahead
STEPS = 500
DRAWN = ("simultaneous", "alternating", "extragradient", "optimistic", "consensus", "lookahead")
STAYS, ARRIVES = 0.5, 0.01  # of the first distance
ADAM = ours(1).training.optimiser
TRAINED = {
    "adam": ADAM,
    "optimistic-adam": ADAM.model_copy(update={"name": "optimistic-adam"}),
    "extra-adam": ADAM.model_copy(update={"name": "extra-adam"}),
    "adam with lookahead": ADAM.model_copy(update={"lookahead": 10}),
}


def setups(quick: bool) -> dict[str, Setup]:
    """This project's GAN on one mode, by optimiser, without averaged weights, because averaging hides rotation."""
    base = ours(1, quick=quick)
    return {
        optimiser: Setup(base.model, base.training.model_copy(update={"optimiser": settings, "ema": 0.0}), base.data)
        for optimiser, settings in TRAINED.items()
    }


def games() -> dict[str, SmoothGame]:
    """Games with one number per player, by name.

    With (S,) numbers per player they are S independent games: no method mixes them.
    """
    return {"bilinear": _bilinear(), "Dirac-GAN": dirac_gan("non-saturating")}


def methods() -> dict[str, Method]:
    """Methods by name; all at the same rate except those of Adam."""
    found: dict[str, Method] = {name: METHODS[name](RATE) for name in (*PLAIN, *MADE_FOR_GAMES) if name != "lookahead"}
    found["lookahead"] = Lookahead(METHODS["alternating"](RATE), every=ROUND)
    return found | {name: METHODS[name](ADAM_RATE) for name in KINDS_OF_ADAM}


def distances(game: SmoothGame, method: Method, starts: Tensor, steps: int) -> Tensor:
    """Distances to the equilibrium after every step (every round of lookahead).

    Args:
        game: a game with one number per player.
        method: the optimiser.
        starts: (S, 2) starting points.
        steps: number of steps.

    Returns:
        (T, S) distances, with the starting points first; infinite after an overflow.
    """
    turns = steps // ROUND if isinstance(method, Lookahead) else steps
    points = path(game, method, [starts[:, 0], starts[:, 1]], turns).view(turns + 1, 2, -1)
    return points.square().sum(1).sqrt().nan_to_num(torch.inf)


def measure(outcomes: Mapping[str, Outcome], quick: bool) -> Measured:
    """Measure the small games, then the 1-D GAN.

    The remaining distance is the largest one in the last quarter of the steps, because an orbit need not be a circle.
    """
    own = {name: outcomes[name] for name in TRAINED}
    seeds = next(iter(own.values())).seeds
    starts = torch.randn(seeds, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    steps = QUICK_STEPS if quick else STEPS
    played = {
        game: {name: distances(rules, method, starts, steps) for name, method in methods().items()}
        for game, rules in games().items()
    }
    quantities = []
    nearer: list[str] = []
    arrives = True
    for game, paths in played.items():
        for name, away in paths.items():
            left = away[-len(away) // 4 :].amax(0) / away[0]
            quantities.append(
                Quantity(
                    f"share of the distance left after {steps} steps, median, {game}, {name}", median_interval(left)
                )
            )
            if name in PLAIN:
                if bool((left < STAYS).any()):
                    nearer.append(f"{name} on the {game} from {float((left < STAYS).double().mean()):.0%} of starts")
            elif name in MADE_FOR_GAMES:
                arrives &= wilson_interval(float((left <= ARRIVES).sum()), seeds).value >= 0.95
    adam = own["adam"]
    quantities += [
        Quantity(f"share that converges within {outcome.last:,} steps, 1-D GAN, {name}", share_converged(outcome))
        for name, outcome in own.items()
    ]
    quantities += [
        Quantity(
            f"distance at the end, median, 1-D GAN, {name}",
            median_interval(outcome.distance[-1]),
            "standard deviations",
        )
        for name, outcome in own.items()
    ]
    others = {name: outcome for name, outcome in own.items() if name != "adam"}
    runs = {name: race(outcome, adam, level=1 - 0.05 / len(others)) for name, outcome in others.items()}
    quantities += [
        Quantity(
            f"share of decided seeds with which it converges before adam, 1-D GAN, {name} (level 98.3 %)",
            one.share,
            without=NONE_DECIDED,
        )
        for name, one in runs.items()
    ]
    better = [name for name, one in runs.items() if one.share.low > 0.5]
    spectra = [final_spectrum(model, adam) for model in adam.models]
    shares = torch.tensor([rotating_share(eigenvalues) for eigenvalues in spectra])
    quantities.append(
        Quantity(
            "share of the Jacobian's eigenvalues that turn more than they draw, 1-D GAN, adam", median_interval(shares)
        )
    )
    approaches = (
        f"comes nearer than half of its start ({', '.join(nearer)});"
        if nearer
        else "never comes nearer than half of its start, and"
    )
    because = (
        f"On the bilinear game and the Dirac-GAN descent {approaches} methods made for games {'arrive' if arrives else 'do not all arrive'}. On the 1-D GAN "
        + (
            f"{', '.join(better)} converge{'s' if len(better) == 1 else ''} before Adam more often."
            if better
            else "none converges before Adam more often."
        )
    )
    return Measured(
        verdict(not nearer and arrives and bool(better), not nearer and arrives),
        because,
        tuple(quantities),
        (
            Picture(
                "small-games",
                "Distance to the equilibrium over steps: the middle start, and the band of the middle 80 %. Below the dotted line "
                "a method has arrived.",
                bands_figure(
                    {game: {name: _band(name, away) for name, away in paths.items()} for game, paths in played.items()},
                    y="distance to the equilibrium",
                    x="step",
                    log_x=False,
                ),
            ),
            Picture(
                "paths",
                "The players' paths on the bilinear game from one start, and their distances.",
                trajectories(
                    {
                        name: path(_bilinear(), methods()[name], [torch.ones(1).double()] * 2, 60).numpy()
                        for name in DRAWN
                    },
                    names=("minimiser", "maximiser"),
                ),
            ),
            Picture(
                "steps",
                "Eigenvalues of one step of each method at the bilinear game's equilibrium: inside the unit circle it arrives.",
                spectrum(
                    {name: update_spectrum(_bilinear(), methods()[name]).numpy() for name in DRAWN},
                    of_steps=True,
                    title="Eigenvalues of a step on the bilinear game",
                ),
            ),
            Picture(
                "jacobian",
                f"Eigenvalues of the trained 1-D GAN's Jacobian, of {len(spectra)} seeds. Far from the real axis the players circle; "
                "left of the imaginary one they leave the point.",
                spectrum({"1-D GAN, adam": torch.cat(spectra).numpy()}, title="Eigenvalues of the 1-D GAN's Jacobian"),
            ),
            Picture(
                "distance",
                "The 1-D GAN by optimiser, without averaged weights: Wasserstein-1 distance of the samples to the data.",
                bands_figure(
                    {"1-D GAN": bands(own)},
                    y="distance / standard deviation of the data",
                    lines={"counts as converged below": DISTANCE},
                ),
            ),
        ),
    )


def _band(name: str, away: Tensor) -> Band:
    # A picture shows no difference beyond a million or below a trillionth; NaN is a path that has left all bounds.
    away = away.nan_to_num(torch.inf).clamp(1e-12, 1e6)
    return seed_band(torch.arange(len(away)) * (ROUND if name == "lookahead" else 1), away)


def _bilinear() -> SmoothGame:
    """The game with losses x y and -x y, or S independent copies of it."""

    def losses(parameters: list[Tensor]) -> list[Tensor]:
        x, y = parameters
        value = (x * y).sum()
        return [value, -value]

    zero = torch.zeros(1, dtype=torch.float64)
    return SmoothGame("bilinear", losses, (zero, zero.clone()), ("minimiser", "maximiser"))


CLAIM = Claim(
    "C20",
    "Optimisers that are not meant for finding Nash equilibria circle around them; those made for games converge.",
    f"{POST}, {POST_ADDRESS}; NIPS 2016 Tutorial: Generative Adversarial Networks (Goodfellow, 2016), section 7.1, "
    "https://arxiv.org/abs/1701.00160",
    f"Holds if on the bilinear game and on the Dirac-GAN descent (simultaneous and alternating, {STEPS} steps) from any start "
    f"still reaches {STAYS:g} of the first distance in the last quarter of the steps, all of {', '.join(MADE_FOR_GAMES)} stay "
    f"within {ARRIVES:.0%} of it there from at least 95 % of starts, and on the 1-D GAN one of the optimisers made "
    "for games converges before Adam with most seeds (95 % interval, three comparisons allowed for); in part if only the small "
    "games do so.",
    setups,
    measure,
)
