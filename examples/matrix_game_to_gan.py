"""From a matrix game to a GAN, in four steps: what an equilibrium is, why players circle around it, and which methods converge.

python examples/matrix_game_to_gan.py

Writes matrix_game_to_gan.png and spectrum.png to the current folder. Runs in seconds.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from saddlepoint.figures.games import draw_distances, draw_paths, spectrum
from saddlepoint.figures.style import DATA, GENERATED, GREY, figure, legend, style_axes, write_png
from saddlepoint.games.dirac import dirac_gan
from saddlepoint.games.dynamics import distances, path, predicted_contraction, update_spectrum
from saddlepoint.games.finite import MATCHING_PENNIES, equilibrium, exploitability
from saddlepoint.games.learning import fictitious_play, multiplicative_weights
from saddlepoint.optimisers import METHODS
from saddlepoint.optimisers.descent import Simultaneous
from saddlepoint.optimisers.lookahead import Lookahead

DATA_SHARES = np.array([0.05, 0.25, 0.1, 0.05, 0.1, 0.3, 0.15])  # how often the data take each of seven values
ROUNDS = 4_000
RATE, STEPS = 0.4, 100
SHOWN = ("simultaneous", "alternating", "extragradient", "optimistic", "consensus")


def gan_as_matrix_game() -> np.ndarray:
    """(tests, values): what each test of the discriminator gains when the generator makes one value.

    A test asks "is it at most c?" or "is it above c?" and gains P(yes | data) - P(yes | made). The generator pays.
    """
    values = np.arange(len(DATA_SHARES))
    at_most = (values[None] <= values[:-1, None]).astype(float)
    tests = np.concatenate([at_most, 1 - at_most])
    return (tests @ DATA_SHARES)[:, None] - tests


def main() -> None:
    """Solve, learn, circle, converge."""
    print("1. Matching pennies: one player wants equal faces, the other wants unequal ones.")
    solution = equilibrium(MATCHING_PENNIES)
    print(f"   Linear programming: value {solution.value:.2f}, heads with probability {solution.row[0]:.2f}.")

    # The same game with unequal payoffs: 2 for heads and 1 for tails.
    unequal = np.array([[2.0, -1.0], [-1.0, 1.0]])
    solution = equilibrium(unequal)
    plays = {
        "fictitious play": fictitious_play(unequal, ROUNDS),
        "multiplicative weights": multiplicative_weights(unequal, ROUNDS, rate=0.1),
        "optimistic weights": multiplicative_weights(unequal, ROUNDS, rate=0.1, optimistic=True),
    }
    print(f"2. With double stakes on heads (value {solution.value:.2f}), learnt by playing {ROUNDS:,} rounds:")
    for name, play in plays.items():
        average, last = play.average_exploitability()[-1], play.last_exploitability()[-1]
        print(f"   {name}: exploitability of the average {average:.4f}, of the last strategies {last:.4f}")

    print("3. A GAN is such a game: the generator mixes values, the discriminator mixes tests.")
    payoff = gan_as_matrix_game()
    solution = equilibrium(payoff)
    made = solution.column
    gap = exploitability(payoff, solution.row, made)
    print(f"   At the equilibrium (value {abs(solution.value):.4f}, exploitability {abs(gap):.4f}) the generator makes")
    print(f"   {np.round(made, 3)} of the values, the data hold {DATA_SHARES}.")
    print(f"   Largest difference: {np.abs(made - DATA_SHARES).max():.6f}")
    learnt = multiplicative_weights(payoff, ROUNDS).average()[1]

    print("4. A network cannot mix: it has parameters, and moves by gradients. The smallest GAN, by method:")
    game = dirac_gan("wasserstein")
    start = [torch.ones(1, dtype=torch.float64)] * 2
    methods = {name: METHODS[name](RATE) for name in SHOWN} | {
        "lookahead (rounds of 5)": Lookahead(Simultaneous(RATE), every=5)
    }
    paths = {name: path(game, method, start, STEPS) for name, method in methods.items()}
    away = {name: distances(game, points) for name, points in paths.items()}
    for name, method in methods.items():
        factor = predicted_contraction(game, method)
        print(
            f"   {name}: factor a step {factor:.3f} by theory, distance after {STEPS} steps {float(away[name][-1]):.1e}"
        )

    drawing, grid = figure(2, 2, width=11.0, height=8.6)
    # Fictitious play's last strategies are pure, and always exploited: not shown.
    exploited = {f"{name}, average": play.average_exploitability() for name, play in plays.items()}
    exploited |= {f"{name}, last": play.last_exploitability() for name, play in list(plays.items())[1:]}
    draw_distances(
        grid[0, 0],
        exploited,
        title="Unequal pennies: averages converge, with optimism all do",
        x="round",
        y="exploitability",
    )
    grid[0, 0].set_ylim(1e-5, 3)
    axes = grid[0, 1]
    style_axes(axes, title="A GAN as a matrix game: the generator's mixture", x="value", y="probability")
    places = np.arange(len(DATA_SHARES))
    axes.bar(places - 0.27, DATA_SHARES, 0.27, color=DATA, label="data")
    axes.bar(places, made, 0.27, color=GENERATED, label="equilibrium, by linear programming")
    axes.bar(places + 0.27, learnt, 0.27, color=GREY, label="average of multiplicative weights")
    legend(axes, loc="upper left")
    axes.set_ylim(0, 0.45)
    draw_paths(
        grid[1, 0],
        paths,
        equilibrium=(0, 0),
        names=("generator's point", "discriminator's slope"),
        title="The Dirac-GAN",
    )
    draw_distances(grid[1, 1], away, title="The Dirac-GAN: methods for games converge")
    write_png(drawing, Path("matrix_game_to_gan.png"))
    steps = {name: update_spectrum(game, method).numpy() for name, method in methods.items()}
    write_png(spectrum(steps, of_steps=True, title="Dirac-GAN: eigenvalues of one step"), Path("spectrum.png"))


if __name__ == "__main__":
    main()
