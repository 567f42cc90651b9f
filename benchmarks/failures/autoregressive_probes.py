"""What is measured of an autoregressive model at a probe, from its network and its data alone."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor

PLACES, ROWS = 16, 8
SAMPLES, SEED = 200, 7_411


def autoregressive_facts(
    model: Any, train: Tensor, held_out: Tensor, train_labels: Tensor | None, held_out_labels: Tensor | None
) -> dict[str, Any]:
    """Measure a model.

    Args:
        model: the autoregressive model.
        train: (N, *event) training examples.
        held_out: (M, *event) other examples.
        train_labels: (N,), or None.
        held_out_labels: (M,), or None.

    Returns:
        Mean log probabilities of both in nats, of an example given its class if there are classes, and the share of the tested numbers
        whose own prediction changes with them. Of texts also the share of the words in the first and in the last quarter of samples that
        occur in the training examples.
    """
    found = {}
    for name, x, labels in (("train", train, train_labels), ("held_out", held_out, held_out_labels)):
        of_class = model.classes is not None and labels is not None
        log_prob = model.class_log_prob(x, labels) if of_class else model.log_prob(x)
        found[f"{name}_log_prob"] = float(log_prob.double().mean())
    if model.event.kind == "text":
        found |= _words(model, train)
    return {**found, "leaks": _leaks(model, train[:ROWS])}


def _words(model: Any, train: Tensor) -> dict[str, float]:
    """Shares of known words, without the words that the quarters cut through."""
    known = {word for text in _texts(model, train) for word in _inner_words(text)}
    made = _texts(model, model.sample(SAMPLES, generator=torch.Generator().manual_seed(SEED)))
    quarter = len(made[0]) // 4
    found = {}
    for name, part in (("early", slice(0, quarter)), ("late", slice(-quarter, None))):
        words = [word for text in made for word in _inner_words(text[part])]
        found[f"{name}_words"] = sum(word in known for word in words) / max(len(words), 1)
    return found


def _texts(model: Any, x: Tensor) -> list[str]:
    return ["".join(model.event.alphabet[symbol] for symbol in row) for row in x.flatten(1).tolist()]


def _inner_words(text: str) -> list[str]:
    return re.split(r"\W+", text)[1:-1]


@torch.no_grad()
def _leaks(model: Any, x: Tensor) -> float:
    """Share of numbers of which the prediction of the same number changes where the number is replaced by that of another example."""
    player = model.players["ar"]
    labels = None if model.classes is None else torch.zeros(len(x), dtype=torch.int64)
    player.eval()
    blocks = player.blocks(model.model_units(x))
    before, leaks = player(player.examples(blocks), labels).parameters, 0
    places = [place for place in range(blocks.shape[1]) if (blocks[:, place] != blocks[:1, place]).any()]
    chosen = places[:: max(len(places) // PLACES, 1)]
    for place in chosen:
        other = blocks.clone()
        other[:, place] = blocks[:, place].roll(1, 0)
        after = player(player.examples(other), labels).parameters
        leaks += bool(((after - before)[:, place].abs() > 1e-3 * before.abs().max()).any())
    player.train()
    return leaks / max(len(chosen), 1)
