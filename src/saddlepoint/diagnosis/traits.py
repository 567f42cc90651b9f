"""What the name of an objective means for the numbers that a run records.

Rules never ask for an objective by name. They ask for traits: what the discriminator's score of an example means, and
which shape the generator's loss has. The trait of a family is its name.

| trait | meaning |
| --- | --- |
| gan, vae, autoencoder | the family of the model |
| probability | the sigmoid of the discriminator's logit is a probability: 0, 1/2 and 1 have a meaning |
| cross_entropy | the discriminator's loss is a binary cross-entropy, in nats |
| paired, unpaired | the discriminator compares a real with a generated example, or scores each alone |
| saturates | the generator's loss is flat where the discriminator recognises its samples |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_CROSS_ENTROPY = frozenset({"gan", "probability", "cross_entropy"})
OBJECTIVES: Mapping[str, frozenset[str]] = {
    "non-saturating": _CROSS_ENTROPY | {"unpaired"},
    "minimax": _CROSS_ENTROPY | {"unpaired", "saturates"},
    "feature-matching": _CROSS_ENTROPY | {"unpaired"},
    "relativistic": _CROSS_ENTROPY | {"paired"},
}


def traits_of(names: Iterable[str]) -> frozenset[str]:
    """Return the traits of a run.

    Args:
        names: its family and objective: ("gan", "non-saturating"). An unknown name is a trait of its own.

    Returns:
        The traits of all names together.
    """
    return frozenset().union(*(OBJECTIVES.get(name, frozenset({name})) for name in names))
