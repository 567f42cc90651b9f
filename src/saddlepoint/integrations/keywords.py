"""The keywords of `watch.step` for the names under which somebody else's loop logs its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saddlepoint.arguments import check_mapping, check_text
from saddlepoint.diagnosis.logs.names import assign, families_of
from saddlepoint.experiment.watching.players import kind_of, short_names

KEYWORDS = {
    "d/loss": "d_loss",
    "g/loss": "g_loss",
    "vae/loss": "vae_loss",
    "ae/loss": "ae_loss",
    "model/loss": "loss",
    "vae/kl": "kl",
    "vae/reconstruction": "reconstruction",
    "ae/reconstruction": "reconstruction",
}
MOST = 400  # names; a logger takes any number of them, such as one for each layer and step
LOSSES = {"vae_loss", "ae_loss"}  # what a bare `loss` is in a model with one player
EXAMPLE = '{"adv": "g_loss"}'
HELD_OUT = "held_out"  # series of held-out examples are passed under the names that the rules read


class Keywords:
    """Translates names of logged numbers; what a name means does not change when other names appear later."""

    def __init__(self, given: Mapping[str, str] | None, arguments: Mapping[str, Any]) -> None:
        """Prepare.

        Args:
            given: keywords by name, as the user wrote them.
            arguments: of `sp.watch`, of which players and objective say what is trained.

        Raises:
            SettingError: `given` is no mapping of texts to texts.
        """
        if given is not None:
            check_mapping("watch", "names", given, EXAMPLE)
            for keyword in given.values():
                check_text("watch", "names", keyword, EXAMPLE)
        self._known: dict[str, str | None] = dict(given or {})
        kind = kind_of(short_names(arguments.get("players")).values(), arguments.get("objective"))
        self._families = (kind,) if kind in ("gan", "vae", "autoencoder") else ()

    def translate(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values under keywords: as they were given, else by a guess, else under their own names.

        Left out are names that appear when `MOST` are known, and a `loss` beside a `train_loss` that was taken for the loss: under its own
        name it would be added to the same series.

        Args:
            values: by the names that the loop logs.
        """
        new = [name for name in values if name not in self._known][: max(MOST - len(self._known), 0)]
        if new:
            found = dict.fromkeys(new)
            for reading in assign(new, {}, self._families or families_of([*self._known, *new])):
                series = reading.series
                keyword = series if HELD_OUT in series else KEYWORDS.get(series)
                if keyword not in self._known.values() and keyword not in found.values():
                    found[reading.column] = keyword
            taken = {*self._known.values(), *found.values()}
            for name, keyword in found.items():
                is_taken = name in taken or (name == "loss" and bool(LOSSES & taken))
                self._known[name] = keyword or (None if is_taken else name)
        keywords = {name: self._known.get(name) for name in values}
        return {keyword: values[name] for name, keyword in keywords.items() if keyword is not None}
