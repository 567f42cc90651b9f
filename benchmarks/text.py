"""Characters of English text: nats a character of a causal transformer, a long short-term memory and Markov chains.

    python benchmarks/text.py [--keep DIR] [--seeds N] [--minutes M] [--part I/N] [--quick]

The text is the documentation inside Python's standard library (`pydoc_data.topics`, then the docstrings of the modules in the order of
their names), cut at 1,115,394 characters, the length of the text that nanoGPT trains on. It lies on every machine with this version of
Python, needs no network, and is the same for all rows; the last tenth is held out. A finished run is in outcomes/text.jsonl and
not done again. With all runs of three seeds a section of RESULTS.md is written; never with --quick, which trains a few steps.

The transformer has the sizes and the budget of nanoGPT's row for a CPU: four layers, four heads, width 128, 64 characters of context, batches
of 12, 2,000 steps. Its published 1.88 nats are of another text, so the two numbers show a scale and no order.
"""

from __future__ import annotations

import ast
import hashlib
import os
import pydoc_data.topics
import statistics
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import results
from tables.bare_runs import train_bare
from tables.outcomes import group_outcomes, origin, outcomes_file, recipe_key
from tables.trials import argument_parser, train_missing

SECTION = "Characters of English text"
SEEDS = 3
CHARACTERS, QUICK_CHARACTERS, CONTEXT = 1_115_394, 20_000, 64
MEASURED = 4_000  # held-out windows
QUICK_STEPS = 3
PUBLISHED = (
    "nanoGPT, 4 layers of width 128, batches of 12, 2,000 steps, Shakespeare: 1.88 nats in 3 minutes on a laptop's CPU"
)
SOURCE = "nanoGPT (Andrej Karpathy, 2022), https://github.com/karpathy/nanoGPT"


@dataclass(frozen=True)
class Row:
    """One model.

    Attributes:
        base: the recipe.
        steps: of training.
        settings: that differ from the recipe.
    """

    base: str
    steps: int
    settings: Mapping[str, Any] = field(default_factory=dict)


# Windows begin at every character, as in nanoGPT; the chains count every window once, so theirs do not overlap.
_NETWORK = {"data.stride": 1, "training.batch_size": 12, "training.optimiser.betas": [0.9, 0.99]}
ROWS = {
    "Markov chain, order 0": Row("markov-sentences", 1, {"model.order": 0}),
    "Markov chain, order 1": Row("markov-sentences", 1, {"model.order": 1}),
    "Markov chain, order 2": Row("markov-sentences", 1, {"model.order": 2}),
    "LSTM, width 256": Row("lstm-sentences", 2_000, {**_NETWORK, "model.network.width": 256}),
    "transformer, 4 layers of width 128": Row(
        "transformer-sentences",
        2_000,
        {
            **_NETWORK,
            "model.network.width": 128,
            "model.network.layers": 4,
            "model.network.heads": 4,
            "training.optimiser.name": "adamw",  # Adam's weight decay, added to the gradient, would keep the weights near 0
            "training.optimiser.weight_decay": 0.1,
        },
    ),
}


@dataclass(frozen=True)
class Outcome:
    """The outcome of one run.

    Attributes:
        nats: a character of held-out text.
        minutes: of training.
        parameters: of the network; 0 for a table of counts.
        symbols: in the alphabet.
    """

    nats: float
    minutes: float
    parameters: int
    symbols: int


@dataclass(frozen=True)
class Trial:
    """One run."""

    row: str
    seed: int
    text: Path
    quick: bool = False

    @property
    def recipe(self) -> Any:
        """The recipe of the row."""
        from saddlepoint.recipe import Recipe

        row = ROWS[self.row]
        steps = min(row.steps, QUICK_STEPS) if self.quick else row.steps
        data = {"data.source": str(self.text), "data.length": CONTEXT}
        own = {**data, **row.settings, "training.steps": steps, "training.seed": self.seed}
        return Recipe.load(row.base).override(own)

    @property
    def key(self) -> str:
        """The key of its outcome; the name of the text's file stands for its characters, wherever the file is."""
        named = self.recipe.override({"data.source": self.text.name})
        return recipe_key(f"{self.row}-{self.seed}", named, MEASURED, self.quick)


def write_english(characters: int, folder: Path) -> Path:
    """Write the first characters of the documentation in Python's standard library into a file named after their hash."""
    text = english(characters)
    path = folder / f"english-{hashlib.sha256(text.encode()).hexdigest()[:12]}.txt"
    path.write_text(text, "utf-8")
    return path


def english(characters: int) -> str:
    """Return the first characters of the documentation in Python's standard library."""
    parts = [text for _, text in sorted(pydoc_data.topics.topics.items())]
    length = sum(map(len, parts))
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        if length >= characters:
            break
        tree = ast.parse(path.read_text("utf-8"))
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
        found = [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, documented)]
        parts.append("\n".join(filter(None, found)))
        length += len(parts[-1])
    return "\n".join(parts)[:characters]


def trials(seeds: int, text: Path, quick: bool) -> list[Trial]:
    """All trials, in rounds of one of every row."""
    return [Trial(row, seed, text, quick) for seed in range(seeds) for row in ROWS]


def train(trial: Trial) -> Outcome:
    """Train one run, and measure it on held-out text."""
    import torch

    trained = train_bare(trial.recipe)
    x = trained.dataset.held_out.x
    x = x[torch.linspace(0, len(x) - 1, min(MEASURED, len(x))).long()]
    with trained.state.averaged(trained.model):
        nats = torch.cat([-trained.model.log_prob(part).detach().double().cpu() for part in x.split(200)])
    return Outcome(
        float(nats.mean()) / CONTEXT,
        trained.state.seconds / 60,
        sum(trained.model.parameter_counts().values()),
        len(trained.dataset.event.alphabet),
    )


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished run."""
    return f"{trial.row}, seed {trial.seed}: {outcome.nats:.3f} nats a character, {outcome.minutes:.1f} min"


def read(wanted: Sequence[Trial], file: Path) -> dict[str, list[Outcome]]:
    """The finished runs by row."""
    return group_outcomes(wanted, file, Outcome, lambda trial: trial.row)


def body(found: Mapping[str, Sequence[Outcome]], characters: int) -> str:
    """The section of RESULTS.md."""
    lines = []
    for row, outcomes in found.items():
        nats = results.with_interval([one.nats for one in outcomes], 3)
        minutes = statistics.median(one.minutes for one in outcomes)
        lines.append(
            [row, nats, f"{outcomes[0].parameters:,}", f"{ROWS[row].steps:,}", f"{minutes:.1f}", len(outcomes)]
        )
    symbols = next(iter(found.values()))[0].symbols
    return "\n\n".join(
        [
            f"Documentation of Python {sys.version_info.major}.{sys.version_info.minor}, {characters:,} characters of {symbols} kinds; the last tenth is held "
            f"out. Nats a character over windows of {CONTEXT} characters, of which the first is predicted from nothing. Mean over seeds ± "
            "half of the 95 % interval (Student's t); minutes on one core.",
            results.table(["model", "nats a character", "parameters", "steps", "minutes", "seeds"], lines),
            f"Published, of another text of the same length, measured without first characters: {PUBLISHED}. Source: {SOURCE}.",
        ]
    )


def main(argv: Sequence[str]) -> int:
    arguments = argument_parser(__doc__, SEEDS).parse_args(argv)
    characters = QUICK_CHARACTERS if arguments.quick else CHARACTERS
    with (
        outcomes_file("text", arguments.keep, quick=arguments.quick) as file,
        tempfile.TemporaryDirectory() as folder,
    ):
        text = write_english(characters, Path(folder))
        wanted = trials(1 if arguments.quick else arguments.seeds, text, arguments.quick)
        train_missing(wanted[arguments.part], file, arguments.minutes, train, describe)
        found = read(wanted, file)
        measured_at = origin(wanted, file)
    if not found:
        return 0
    said = body(found, characters)
    print(said)
    if not arguments.quick and all(len(found.get(row, ())) >= max(arguments.seeds, SEEDS) for row in ROWS):
        results.write(SECTION, said, origin=measured_at)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
