"""The series that the keywords of `watch.step` are recorded as: `d_loss` is `d/loss`, and `val_loss` is `vae/held_out_loss`.

Numbers of held-out examples have many usual names (`val_loss`, `validation_loss`, `loss_test`). They are read as the columns of logs are.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from saddlepoint.diagnosis.logs.meanings import WORDS
from saddlepoint.diagnosis.logs.names import SURE, guess, split_words
from saddlepoint.models.watched.settings import Kind

SERIES = {"d_loss": "d/loss", "g_loss": "g/loss", "vae_loss": "vae/loss", "ae_loss": "ae/loss"}
OF_KIND: Mapping[Kind, Mapping[str, str]] = {
    "vae": {"loss": "vae/loss", "reconstruction": "vae/reconstruction", "kl": "vae/kl"},
    "autoencoder": {"loss": "ae/loss", "reconstruction": "ae/reconstruction"},
    "gan": {"reconstruction": "e/reconstruction", "kl": "e/kl"},
    "other": {"loss": "model/loss"},
}
HELD_OUT = "/held_out_"
# Words of a bound or of a log-likelihood, of which higher values are better: no rule on losses may read them.
HIGHER_IS_BETTER = frozenset({"elbo", "likelihood", "ll"})


class SeriesNames:
    """Remembers which series each name stands for; a series has one name."""

    def __init__(self, kind: Kind) -> None:
        """Start without any.

        Args:
            kind: what is trained.
        """
        self._kind = kind
        self._known: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        """Return the series of a keyword of `step`; other names are their own."""
        if name not in self._known:
            series = SERIES.get(name) or OF_KIND[self._kind].get(name) or self._held_out(name)
            # A second name of held-out examples, as of a test set beside a validation set, stays apart.
            self._known[name] = name if HELD_OUT in series and series in self._known.values() else series
        return self._known[name]

    def _held_out(self, name: str) -> str:
        """The series of a number of held-out examples; the name itself for others."""
        if HELD_OUT in name or not is_of_held_out(name) or HIGHER_IS_BETTER & set(split_words(name)):
            return name
        families = () if self._kind == "other" else (self._kind,)
        series, score = next(iter(guess(name, families)), ("", 0.0))
        return series if HELD_OUT in series and score >= SURE else name


@lru_cache(512)  # asked at every step
def is_of_held_out(name: str) -> bool:
    """Whether a word of a name says that it is a number of held-out examples: "val", "validation", "test", ..."""
    return HELD_OUT in name or any(kind == "when" for word in split_words(name) for kind, _, _ in WORDS.get(word, ()))
