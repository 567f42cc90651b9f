"""What was trained on what, the settings, and the command that repeats the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from saddlepoint.markup import Markup, html, joined
from saddlepoint.records import shell_command
from saddlepoint.report.facts import Facts
from saddlepoint.report.layout import absent, folded_section, mapping, section
from saddlepoint.report.words import (
    best_in_words,
    command,
    count,
    definitions,
    duration,
    number,
    session_in_words,
    table,
)


def training_section(facts: Facts) -> Markup:
    """What was trained on what, for how long, and where."""
    summary = facts.summary
    data = mapping(summary.get("data"))
    players = mapping(summary.get("players"))
    best = mapping(summary.get("best"))
    classes = data.get("classes")
    number_of_classes = len(classes) if isinstance(classes, Sequence) and not isinstance(classes, str) else classes
    shape = data.get("shape")
    form = " × ".join(map(str, shape)) if isinstance(shape, list | tuple) else shape
    examples = f"{count(data['examples'])} to train on" if data.get("examples") is not None else ""
    held_out = f"{count(data['held_out'])} held out" if data.get("held_out") else ""
    seconds = summary.get("seconds")
    step = summary.get("step", facts.last_step or None)
    how = [
        f"{count(step)} steps" if step is not None else "",
        duration(float(seconds)) if isinstance(seconds, int | float) else "",
        f"on {summary['device']}" if summary.get("device") else "",
        f"in {summary['precision']}" if summary.get("precision") else "",
    ]
    body = definitions(
        [
            ("Model", _model(mapping(summary.get("model")))),
            ("How it was chosen", facts.contest),
            ("Data", str(data.get("name") or "")),
            ("Examples", ", ".join(filter(None, [examples, held_out]))),
            ("One example", f"{data.get('kind') or ''} {form or ''}".strip()),
            ("Classes", _classes(classes, number_of_classes)),
            *((f"Player: {role}", f"{count(parameters)} parameters") for role, parameters in players.items()),
            ("Training", ", ".join(filter(None, how))),
            ("Time of the last session", session_in_words(summary)),
            (
                "Best",
                best_in_words(best, int(step or 0)) if best else "",
            ),
        ]
    )
    if not summary:
        body = joined((body, absent("The summary (data, players, device) is written when a session of training ends.")))
    return folded_section("trained", "What was trained on what", "model, data, time, best step", body)


def settings(facts: Facts) -> Markup:
    """The resolved recipe."""
    if facts.recipe is None:
        return section("settings", "Settings", absent("There is no recipe.yaml in this folder."))
    lines = facts.recipe.count("\n") + 1
    return folded_section(
        "settings", "Settings", f"recipe.yaml with every setting, {lines} lines", html("<pre>{}</pre>", facts.recipe)
    )


def repeat(facts: Facts) -> Markup:
    """Versions, and the command that repeats the run."""
    summary = facts.summary
    reason, recipe = "recipe.yaml alone repeats the run", "recipe.yaml"
    # With remedies, recipe.yaml has the settings after the last one; earlier steps were made with others.
    if summary.get("cures"):
        reason, recipe = "The first recipe repeats the run with its remedies", "attempts/1/recipe.yaml"
    if facts.is_watched:
        parts = [html("<p>The training loop was your own, which sp.watch recorded: run your script again.</p>")]
    else:
        parts = [
            html("<p>{}, bit for bit on the same machine with the same versions:</p>", reason),
            command(shell_command("train", facts.path / recipe)),
        ]
    fingerprint = mapping(summary.get("data")).get("fingerprint")
    if fingerprint:
        parts.append(html("<p>Fingerprint of the data: <code>{}</code></p>", fingerprint))
    versions = table((str(package), str(version)) for package, version in mapping(summary.get("versions")).items())
    if versions:
        parts.append(html("<details><summary>Versions</summary>{}</details>", versions))
    return section("repeat", "Repeat this run", joined(parts))


def _model(model: Mapping[str, Any]) -> str:
    """{"family": "gan", "latent": 64, "objective": ..., "networks": {role: name}} -> one line."""
    facts = {name: value for name, value in model.items() if name not in ("family", "networks") and value != ""}
    parts = [str(model.get("family") or ""), *(f"{name} {number(value)}" for name, value in facts.items())]
    networks = mapping(model.get("networks")).items()
    return ", ".join(filter(None, [*parts, *(f"{role} {network}" for role, network in networks)]))


def _classes(classes: Any, n: Any) -> str:
    if not classes:
        return ""
    if isinstance(classes, Sequence) and not isinstance(classes, str):
        shown = ", ".join(map(str, classes[:12]))
        return f"{n}: {shown}" + (", ..." if len(classes) > 12 else "")
    return count(classes)
