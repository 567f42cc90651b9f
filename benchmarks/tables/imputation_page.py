"""Writes the tables of benchmarks/imputation.py as Markdown, with the published numbers of the same protocol beside them."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from tables.imputation_plan import DATA, PROTOCOLS, Outcome
from tables.inpainting import HOLES

Results = Mapping[tuple[str, str, str], Sequence[Outcome]]  # by protocol, data and method

TITLES = {
    "forest": "20 % of the features of the training rows missing, labels observed: mean absolute error a cell, min-max scale",
    "miwae": "50 % missing, standardised: mean squared error",
    "scaled": "20 % missing, min-max scale: root mean squared error",
    "uci": "20 % missing, min-max scale, UCI files: root mean squared error",
    "mcar": "30 % missing completely at random: mean absolute error, min-max scale",
    "mar": "30 % missing at random (by other columns): mean absolute error, min-max scale",
    "mnar": "30 % missing not at random (by the hidden value): mean absolute error, min-max scale",
    "slope": "Slope of y = x + e, n = 50, half of x missing completely at random (true value 1)",
    "slope-mar": "Slope of y = x + e, n = 50, half of x missing, more often where y is large (true value 1)",
    "holes": "Held-out digits with holes, completed by trained models: errors in shares of the range of grey values",
}
# Of the same protocol: ForestDiffusion's result files (5 imputations, 3 splits); MIWAE's notebook.
PUBLISHED: dict[str, dict[str, dict[str, float]]] = {
    "forest": {
        "MissForest (published)": {"iris": 0.072, "wine": 0.106, "breast cancer": 0.036},
        "miceforest (published)": {"iris": 0.082, "wine": 0.112, "breast cancer": 0.040},
        "ForestDiffusion (published)": {"iris": 0.095, "wine": 0.127, "breast cancer": 0.058},
        "GAIN (published)": {"iris": 0.093, "wine": 0.149, "breast cancer": 0.049},
    },
    "miwae": {"MIWAE (published)": {"breast cancer": 0.2867}},
}


def page(results: Results, methods: Sequence[str]) -> str:
    """All tables for which there are outcomes.

    Args:
        results: outcomes by protocol, data and method.
        methods: in the order of the rows.
    """
    parts = []
    for protocol in PROTOCOLS:
        mine = {key[1:]: outcomes for key, outcomes in results.items() if key[0] == protocol}
        if mine:
            if protocol == "holes":
                table = _holes(mine, methods)
            else:
                table = _slopes(mine, methods) if protocol.startswith("slope") else _errors(protocol, mine, methods)
            parts.append(f"### {TITLES[protocol]}\n\n{table}")
    return "\n".join(parts)


def _errors(protocol: str, mine: Mapping[tuple[str, str], Sequence[Outcome]], methods: Sequence[str]) -> str:
    data = [name for name in DATA[protocol] if any(key[0] == name for key in mine)]
    extra = ["coverage"] if protocol in ("mcar", "mar", "mnar") else ["draw"] if protocol == "forest" else []
    said = {"coverage": "90 % intervals of cells cover", "draw": "a single draw"}
    rows = [["method", *data, *(f"{name}: {said[one]}" for one in extra for name in data)]]
    for method in methods:
        found = [mine.get((name, method), ()) for name in data]
        if not any(found):
            continue
        cells = [_cell(outcomes, "guess") for outcomes in found]
        cells += [_cell(outcomes, one) for one in extra for outcomes in found]
        rows.append([method, *cells])
    for name, values in PUBLISHED.get(protocol, {}).items():
        rows.append(
            [name, *(f"{values[one]:.4g}" if one in values else "" for one in data), *[""] * len(extra) * len(data)]
        )
    return _markdown(rows)


def _slopes(mine: Mapping[tuple[str, str], Sequence[Outcome]], methods: Sequence[str]) -> str:
    rows = [["method", "percent bias", "coverage of the pooled 95 % interval", "width", "RMSE of the filled cells"]]
    for method in methods:
        outcomes = mine.get(("simulation", method), ())
        if outcomes:
            estimates = [one.scores["estimate"] for one in outcomes]
            bias = f"{100 * abs(statistics.mean(estimates) - 1):.1f}"
            rows.append([method, bias, *(_cell(outcomes, name) for name in ("coverage", "width", "rmse"))])
    return _markdown(rows)


def _holes(mine: Mapping[tuple[str, str], Sequence[Outcome]], methods: Sequence[str]) -> str:
    rows = [
        ["model", *(f"{hole}: {what}" for hole in HOLES for what in ("error of the mean of 5 draws", "energy score"))]
    ]
    for method in methods:
        outcomes = mine.get(("digits", method), ())
        if outcomes:
            names = [f"{hole}: {what}" for hole in HOLES for what in ("error", "energy")]
            rows.append([method, *(_cell(outcomes, name) for name in names)])
    return _markdown(rows)


def _cell(outcomes: Sequence[Outcome], name: str) -> str:
    """Mean and its standard error over seeds."""
    values = [one.scores[name] for one in outcomes if name in one.scores]
    if not values:
        return ""
    error = f" ± {statistics.stdev(values) / len(values) ** 0.5:.4f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.4f}{error}"


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    first, *others = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([first, f"|{' --- |' * len(rows[0])}", *others]) + "\n"
