"""The page of a learnt task: how well it predicts, whether its intervals are calibrated, and what planning in it earns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saddlepoint.figures.simulation import coverage_figure, horizon_figure, returns_figure, rollout_figure
from saddlepoint.markup import Markup, html, joined
from saddlepoint.report.measurement_page import FirstScreen, embedded_figure, write_measurement_page
from saddlepoint.report.words import count

SHOWN = 4  # horizons whose coverage is drawn
FEW = 10  # episodes below which intervals of resampled episodes are known to be too narrow
COLUMNS = {
    "real": "return, real task",
    "learnt": "return, learnt task",
    "return_gap": "learnt minus real",
    "promised": "promised",
    "obtained": "obtained",
    "promise_gap": "promised minus obtained",
    "unusual": "unusual steps",
}


def write_simulation_page(measured: Mapping[str, Any] | None, planned: Mapping[str, Any] | None, path: Path) -> Path:
    """Write the page.

    Args:
        measured: what `Evaluated.to_json` returns; None if it was not measured.
        planned: what `Planned.to_json` returns; None if nothing was planned.
        path: of the page, in a folder that exists.

    Returns:
        The path.
    """
    sections: dict[str, tuple[str, Markup]] = {}
    if planned is not None:
        sections["returns"] = ("Returns by planning", _returns(planned))
    if measured is not None:
        sections |= {
            "errors": ("Errors over steps", _errors(measured)),
            "calibration": ("Calibration", _coverage(measured)),
            "rollout": ("A rollout", _rollout(measured)),
            "how": ("How it was measured", _how()),
        }
    return write_measurement_page(path, _first_screen(measured, planned), sections)


def _first_screen(measured: Mapping[str, Any] | None, planned: Mapping[str, Any] | None) -> FirstScreen:
    tiles: list[tuple[str, str]] = []
    tone, words = "info", []
    if measured is not None:
        first, last = measured["horizons"][0], measured["horizons"][-1]
        tone = "good" if measured["best_until"] == last["steps"] else "warning" if measured["best_until"] else "failure"
        tiles += [("Task", measured["task"] or "unnamed"), ("Model", measured["model"])]
        tiles += [("Training steps of the task", count(measured["trained_steps"]))]
        for one in (first, last) if first is not last else (first,):
            tiles.append((f"Error after {_steps(one)}", f"{one['errors']['model']['value']:.3g}"))
        words.append(measured["headline"] + ".")
    if planned is not None:
        words += map(_exploited, planned["planners"])
        if tone != "failure" and any(one["return_gap"]["low"] > 0 for one in planned["planners"]):
            tone = "warning"
        tiles += [(f"Return, {one['planner']}", f"{one['real']['value']:,.4g}") for one in planned["planners"]]
    headline = (planned or measured or {})["headline"]
    verdict = html("<h2>What was found</h2>{}", joined(html("<p>{}</p>", one) for one in words))
    return FirstScreen(tone, html("simulator"), headline, verdict, tiles)


def _exploited(planner: Mapping[str, Any]) -> str:
    """What the gap between the returns in both tasks, and the members' disagreement, say about a planner."""
    gap = planner["return_gap"]
    name, size = planner["planner"], _interval(gap)
    if gap["low"] > 0:
        words = f"{name} exploits errors of the model: its return in the learnt task is higher than in the real one, by {size}."
    elif gap["high"] < 0:
        words = f"{name} earns less in the learnt task than in the real one: the difference is {size}."
    else:
        words = f"No measurable gap between the returns of {name} in the learnt task and in the real one: {size}."
    if planner["unusual"] is None:
        return words
    share = planner["unusual"]["value"]
    return f"{words} The members disagree unusually at {share:.0%} of its real steps (at 5% of held-out steps)."


def _returns(planned: Mapping[str, Any]) -> Markup:
    rows = planned["planners"]
    drawn = embedded_figure(
        returns_figure(
            [one["planner"] for one in rows],
            [one["returns"] for one in rows],
            [one["learnt_returns"] for one in rows],
            planned["recorded"],
        ),
        "Each mark is an episode. Where the learnt task pays more than the real one, the planner exploits errors of the model.",
    )
    body = joined(
        html(
            "<tr><td>{}</td>{}</tr>",
            one["planner"],
            joined(
                html(
                    '<td data-label="{}">{}</td>',
                    label,
                    _share(one[name]) if name == "unusual" else _interval(one[name]),
                )
                for name, label in COLUMNS.items()
            ),
        )
        for one in rows
    )
    search, episodes = planned["search"], len(rows[0]["returns"])
    note = (
        f"Means over {episodes} episode{'s' if episodes > 1 else ''} with 95 % intervals"
        + (" (none from one episode)" if episodes == 1 else "")
        + f". Promised: the return over the next {search['horizon']} steps that the model predicts at the steps of real episodes, where "
        "it is the highest of many estimates and so tends to be too high; obtained: the return of these steps, in which the planner plans "
        "again at every step. Unusual steps: share of the steps of real episodes about which the members of the ensemble disagree more than "
        "about 95 % of the held-out steps: there the plan leaves the recorded data. "
        f"Candidates {search['candidates']}, iterations {search['iterations']}, particles {search['particles']}."
    )
    return html(
        '{}<div class="scroll"><table class="result"><tr><th>planner</th>{}</tr>{}</table></div><p class="quiet">{}</p>',
        drawn,
        joined(html("<th>{}</th>", label) for label in COLUMNS.values()),
        body,
        note,
    )


def _errors(measured: Mapping[str, Any]) -> Markup:
    horizons = measured["horizons"]
    names = list(horizons[0]["errors"])
    drawn = embedded_figure(
        horizon_figure(
            [one["steps"] for one in horizons],
            {name: [_ends(one["errors"][name]) for one in horizons] for name in names},
        ),
        "Root mean squared error of the mean prediction; bars are 95 % intervals over held-out episodes.",
    )
    head = joined(html("<th>{}</th>", name) for name in names)
    body = joined(
        html(
            '<tr><td>{}</td>{}<td data-label="starts">{}</td><td data-label="episodes">{}</td></tr>',
            _steps(one),
            joined(html('<td data-label="{}">{}</td>', name, _interval(one["errors"][name])) for name in names),
            one["starts"],
            one["episodes"],
        )
        for one in horizons
    )
    fewest = min(one["episodes"] for one in horizons)
    note = f"Of {fewest} episodes the intervals are too narrow; record more." if fewest < FEW else ""
    return html(
        '{}<div class="scroll"><table class="result"><tr><th>horizon</th>{}<th>starts</th><th>episodes</th></tr>{}</table></div>'
        '<p class="quiet">{}</p>',
        drawn,
        head,
        body,
        note,
    )


def _coverage(measured: Mapping[str, Any]) -> Markup:
    horizons = measured["horizons"][:SHOWN]
    levels = list(horizons[0]["coverage"])
    named = {_steps(one): one["coverage"] for one in horizons}
    drawn = embedded_figure(
        coverage_figure(
            [float(level) for level in levels],
            {name: [_ends(own[level]) for level in levels] for name, own in named.items()},
        ),
        "Below the dotted line intervals are too narrow, above it too wide.",
    )
    head = joined(html("<th>{:.0%} interval</th>", float(level)) for level in levels)
    body = joined(
        html(
            "<tr><td>{}</td>{}</tr>",
            name,
            joined(
                html('<td data-label="{:.0%}">{:.0%} [{:.0%}, {:.0%}]</td>', float(level), *_ends(own[level]))
                for level in levels
            ),
        )
        for name, own in named.items()
    )
    return html(
        '{}<div class="scroll"><table class="result"><tr><th>horizon</th>{}</tr>{}</table></div>', drawn, head, body
    )


def _rollout(measured: Mapping[str, Any]) -> Markup:
    return embedded_figure(
        rollout_figure(**measured["rollout"]),
        "The longest held-out episode. The prediction sees its first state and its actions; the band is of futures of all members.",
        share=400_000,
    )


def _how() -> Markup:
    return html(
        "<p>Whole episodes were held out of training. From states of these episodes the model predicts k steps under the recorded actions, "
        "without seeing anything in between. Many futures are drawn: their mean is the prediction, their quantiles are the intervals. "
        "Persistence predicts that the state stays as it is; the linear model is fitted by least squares to the same training steps, and its "
        "predictions are kept within the same bounds as the model's. "
        "Intervals of these numbers are of resampled episodes, since states of one episode are alike.</p>"
    )


def _steps(horizon: Mapping[str, Any]) -> str:
    """The length of a horizon in words: "1 step"."""
    return f"{horizon['steps']} step{'s' if horizon['steps'] > 1 else ''}"


def _ends(interval: Mapping[str, float]) -> tuple[float, float, float]:
    return interval["value"], interval["low"], interval["high"]


def _share(interval: Mapping[str, float] | None) -> str:
    return "not measured: one network" if interval is None else f"{interval['value']:.0%}"


def _interval(interval: Mapping[str, float]) -> str:
    value, low, high = _ends(interval)
    return f"{value:.4g}" if low == high else f"{value:.4g} [{low:.4g}, {high:.4g}]"
