"""The page of the adversarial zoo: tables of every game, what they recommend, and penalties over all losses."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import results
from tables.diagnosed_runs import Outcome
from tables.zoo_plan import DATA, PENALTIES, PLAIN

SCALE = 1_000  # of energy distances in tables
Costs = dict[tuple[str, str], float]


def rows(games: dict[tuple[str, str], list[Outcome]], costs: Costs) -> list[list[str]]:
    """The rows of one data set's table, best first."""
    lines = []
    for (loss, penalty), outcomes in games.items():
        distances = [o.distance for o in outcomes]
        whole = sum(o.is_whole for o in outcomes)
        modes = [o.modes for o in outcomes if o.modes is not None]
        good = [o.high_quality for o in outcomes if o.high_quality is not None]
        cost = costs.get((loss, penalty))
        cells = [loss, penalty, interval(distances), f"{whole} of {len(outcomes)}"]
        if modes:
            cells += [f"{statistics.fmean(modes):.0%}", f"{statistics.fmean(good):.0%}"]
        lines.append((-whole / len(outcomes), mean_distance(outcomes), [*cells, "" if cost is None else f"{cost:.2f}"]))
    return [cells for _, _, cells in sorted(lines, key=lambda line: line[:2])]


def recommendation(found: dict[str, dict[tuple[str, str], list[Outcome]]]) -> list[str]:
    """What the tables recommend: the game that is best over all data sets, with its margin over the plain game.

    Games without any failure come first, then those whose distance has the lowest mean rank over the data sets.
    """
    common = [game for game in next(iter(found.values()), {}) if all(game in games for games in found.values())]
    if not common:
        return []
    ranks: dict[tuple[str, str], list[int]] = {game: [] for game in common}
    failed = dict.fromkeys(common, 0)
    for games in found.values():
        for rank, game in enumerate(sorted(common, key=lambda game: mean_distance(games[game])), 1):
            ranks[game].append(rank)
            failed[game] += sum(not outcome.is_whole for outcome in games[game])
    order = sorted(common, key=lambda game: (failed[game], statistics.fmean(ranks[game])))
    lines = []
    for game in order[:5]:
        places = ", ".join(f"{name} {rank}" for name, rank in zip(found, ranks[game], strict=True))
        lines.append([*game, str(failed[game]), places])
    loss, penalty = order[0]
    against = [
        f"{name}: {interval([o.distance for o in games[order[0]]])} against {interval([o.distance for o in games[PLAIN]])}"
        for name, games in found.items()
        if PLAIN in games
    ]
    return [
        "## Which game to take",
        f"Over {', '.join(found)}, the loss `{loss}` with the penalty `{penalty}` comes first: fewest runs with a failure, then the "
        f"lowest mean rank of the energy distance. {SCALE:,} times its distance against that of the plain game (`{PLAIN[0]}`, no penalty): "
        f"{'; '.join(against)}. Where intervals overlap, the order of games is not certain. The five first:",
        results.table(["loss", "penalty", "runs with a failure", "rank of the distance"], lines),
    ]


def by_penalty(found: dict[str, dict[tuple[str, str], list[Outcome]]]) -> str:
    """A row of each penalty, over all losses: runs without a failure, and the median of the energy distance."""
    lines = []
    for penalty in PENALTIES:
        cells = [penalty]
        for games in found.values():
            own = [outcome for game, outcomes in games.items() if game[1] == penalty for outcome in outcomes]
            distances = [SCALE * outcome.distance if math.isfinite(outcome.distance) else math.inf for outcome in own]
            cells += [
                f"{sum(outcome.is_whole for outcome in own)} of {len(own)}",
                f"{statistics.median(distances):.2f}" if own else "-",
            ]
        lines.append(cells)
    columns = [f"{name}: {what}" for name in found for what in ("without failure", f"{SCALE:,} x median distance")]
    return results.table(["penalty, all losses", *columns], lines)


def mean_distance(outcomes: Sequence[Outcome]) -> float:
    """The mean distance; infinite if one is not finite."""
    distances = [outcome.distance for outcome in outcomes]
    return statistics.fmean(distances) if all(map(math.isfinite, distances)) else math.inf


def interval(values: Sequence[float]) -> str:
    """The mean of `SCALE` times the values with its interval, or how many of them are not finite."""
    broken = sum(not math.isfinite(value) for value in values)
    return (
        f"not finite in {broken} of {len(values)}" if broken else results.with_interval([SCALE * v for v in values], 2)
    )


def page(
    found: dict[str, dict[tuple[str, str], list[Outcome]]],
    costs: dict[str, Costs],
    seeds: int,
    origin: str,
    picture: str | None = None,
) -> str:
    """The tables as Markdown.

    Args:
        found: the finished runs by data and game.
        costs: of steps, by data and game.
        seeds: of each game, when all runs are finished.
        origin: when and where runs and costs were measured.
        picture: path of the picture, relative to the page; None leaves it out.
    """
    parts = [
        "# The adversarial zoo, measured",
        "Written by `python benchmarks/zoo.py --page docs/zoo.md`.",
        origin,
        "All games of a data set have the same networks, optimiser, batch size and number of steps, so this compares losses and "
        "penalties at settings that were not tuned for any of them. The energy distance of samples to held-out data is the mean over "
        "seeds with its 95 % interval (Student's t; with few seeds intervals are wide). A run counts as without failure if no "
        "finding of the severity `failure` stood at its end and its distance is finite. The cost of a step is the CPU time relative to "
        "the plain game's, both timed in turn on one thread; an empty cell is not measured yet. `f-jensen-shannon` has no rows: its "
        "gradients are those of `non-saturating`.",
    ]
    parts += recommendation(found)
    if picture is not None:
        parts.append(
            f"![Energy distance and runs with a failure, of every loss with every penalty on each data set.]({picture})"
        )
    parts += ["## By penalty", by_penalty(found)]
    for name, games in found.items():
        of = DATA[name]
        some = next(iter(games.values()))
        columns = ["loss", "penalty", f"{SCALE:,} x energy distance", "without failure"]
        columns += ["modes", "high quality"] if some[0].modes is not None else []
        settings = ", ".join(f"`{key} {value}`" for key, value in of.settings.items())
        counts = sorted({len(outcomes) for outcomes in games.values()})
        parts += [
            f"## {name}",
            f"Recipe `{of.base}` with {settings}; slope penalties have the weight {of.weight:g}. Seeds of each game: "
            f"{' to '.join(map(str, dict.fromkeys((counts[0], counts[-1]))))} of {seeds}.",
            results.table([*columns, "cost of a step"], rows(games, costs.get(name, {}))),
        ]
    return "\n\n".join(parts) + "\n"
