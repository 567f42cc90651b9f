"""What the name of an objective means for the numbers that a run records.

Rules never ask for an objective by name. They ask for traits: what the discriminator's score of an example means, and
which shape the generator's loss has. The trait of a family is its name.

| trait | meaning |
| --- | --- |
| gan, vae, autoencoder | the family of the model |
| probability | the discriminator's score is a probability: 0, 1/2 and 1 have a meaning |
| cross_entropy | the discriminator's loss is a binary cross-entropy, in nats |
| paired, unpaired | the discriminator compares a real with a generated example, or scores each alone |
| saturates | the generator's loss is flat where the discriminator recognises its samples |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from saddlepoint.objectives.adversarial.settings import LOSSES, LossEntry


def _traits(entry: LossEntry) -> frozenset[str]:
    traits = {"gan", "paired" if entry.paired else "unpaired"}
    flags = {
        "probability": entry.has_probability,
        "cross_entropy": entry.cross_entropy,
        "saturates": entry.saturates,
    }
    return frozenset(traits | {name for name, holds in flags.items() if holds})


OBJECTIVES: Mapping[str, frozenset[str]] = {name: _traits(entry) for name, entry in LOSSES.items()}
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
