"""What the name of an objective means for the numbers that a run records.

Rules never ask for an objective by name. They ask for traits: what the discriminator's score of an example means, and
which shape the generator's loss has. The trait of a family is its name.

| trait | meaning |
| --- | --- |
| gan, vae, vq-vae, autoencoder, autoregressive, classical, ... | the family of the model |
| probability | the discriminator's score is a probability: 0, 1/2 and 1 have a meaning |
| cross_entropy | the discriminator's loss is a binary cross-entropy, in nats |
| paired, unpaired | the discriminator compares a real with a generated example, or scores each alone |
| saturates | the generator's loss is flat where the discriminator recognises its samples |
| log_odds | the logit is the log-odds of being real in nats, up to a factor and a constant of the loss |
| squared_error | the discriminator's loss is the sum of half the squared errors of its outputs, 1/4 where it cannot distinguish |
| margin | the discriminator's loss is 0 for examples beyond a margin of 1, and 2 where it cannot distinguish |
| differences | only differences between scores have a meaning: a constant may be added to all of them |
| unbounded | the discriminator's loss has no lower bound, so that nothing but a penalty or constraint limits its scores |
| linear | the generator's loss is minus the score: its value says nothing, and its gradient never vanishes by itself |
| exponential | the losses contain exponentials of the logit, which overflow for logits of a few dozen |
| energy | the score is minus the error of a reconstruction, at most 0 |
| watched | the training loop is the user's own (`sp.watch`), and some of the numbers are those that it reports |
| log | the numbers are those of another program's log: losses and little else, judged by `saddlepoint.diagnosis.log_rules` |
| balanced | a weight keeps the errors of real and generated examples in a ratio, so that samples may score higher than real examples |
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from saddlepoint.objectives.adversarial.settings import LOSSES

OBJECTIVES: Mapping[str, frozenset[str]] = {
    name: entry.traits | {"gan"} | ({"unpaired"} if "paired" not in entry.traits else set())
    for name, entry in LOSSES.items()
}
# Of the user's own loss nothing is known but that scores are recorded only where they are probabilities.
_OWN = frozenset({"probability"})


def traits_of(names: Iterable[str]) -> frozenset[str]:
    """Return the traits of a run.

    Args:
        names: its family and objective: ("gan", "non-saturating"). An unknown name is a trait of its own; an
            import path is that of the user's own loss.

    Returns:
        The traits of all names together.
    """
    return frozenset().union(*(_OWN if ":" in name else OBJECTIVES.get(name, frozenset({name})) for name in names))


# What a reader must know to read curves of a loss, by trait; the first one that a loss has counts.
_NOTES: Mapping[str, str] = {
    "balanced": "The discriminator's loss is a difference of two errors of reconstruction with a changing weight. The generator's loss "
    "is the error of its samples, which also falls where all samples are alike. Judge samples by the quality.",
    "energy": "The losses are errors of reconstruction, in squared units of the model. A generator's loss that falls may come from "
    "samples that are all alike. Judge samples by the quality.",
    "margin": "The discriminator's loss is 2 where it cannot distinguish, and 0 where all examples are beyond the margin. The "
    "generator's loss is read off the discriminator's scores, so by itself it says nothing about the samples.",
    "differences": "Only differences of scores have a meaning. The generator's loss by itself says nothing about the samples, because "
    "it moves with the discriminator.",
    "squared_error": "The discriminator's loss is 1/4 where it cannot distinguish. A generator's loss near 1/2 means that the "
    "discriminator recognises its samples; other values depend on the discriminator.",
    "exponential": "The discriminator's loss is minus an estimate of a divergence, 0 where it cannot distinguish. The generator's loss is "
    "not bounded and says nothing by itself.",
    "unbounded": "The discriminator's loss is minus an estimate of a divergence, 0 where it cannot distinguish. The generator's loss is "
    "not bounded and says nothing by itself.",
    "cross_entropy": "The discriminator's loss is 1.39 nats where it cannot distinguish. A low loss of the generator means that it is "
    "ahead of the discriminator at that moment, not that samples are good.",
    "log_odds": "The discriminator's loss is minus an estimate of a divergence, 0 where it cannot distinguish. The generator's loss by "
    "itself says nothing about the samples.",
}


_PREDICTED = {
    "classes": ("d/class_accuracy",),
    "codes": ("d/code_accuracy", "d/code_fit"),
}  # by heads, and their series


def describe_losses(names: Iterable[str], series: Collection[str] = (), *, penalised: bool = False) -> str:
    """Return a few sentences on how to read the losses of a run, for people who look at its curves.

    Args:
        names: family and objective, as for `traits_of`.
        series: the names of the run's series, which show the heads of its discriminator.
        penalised: whether the discriminator has a penalty.

    Returns:
        The sentences; empty where nothing is known.
    """
    traits = traits_of(names)
    note = next((note for trait, note in _NOTES.items() if trait in traits), "")
    added = [
        f"the cost of predicting {what} is added to both losses"
        for what, own in _PREDICTED.items()
        if any(name in series for name in own)
    ]
    added += ["the penalty is added to the discriminator's loss"] if penalised else []
    return f"{note} In this run {' and '.join(added)}, which changes these values." if note and added else note
