"""What a column of somebody else's log is, guessed from its name with a score: `dsc_loss` is the discriminator's loss.

A name is split into words (`Loss_D`, `lossD`, `train/d_loss`, `D loss` have the same ones). Words say whose number it is (discriminator,
generator), which number (loss, KL, reconstruction), of which examples (real, fake) and whether of training or validation. The score is the
product of how sure each word is: 1 for names that cannot mean anything else, about .6 for a bare `G`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from saddlepoint.diagnosis.logs.meanings import MEANINGS, PLAYERS, QUANTITIES, WORDS
from saddlepoint.models.settings import FAMILIES

ENOUGH = 0.5  # score from which a guess is used
SURE = 0.8  # score from which it needs no "perhaps"
# Factors of the score where no word says that a number is a loss: `G`, and `D_real`, which may as well be a score.
UNNAMED, UNNAMED_PART = 0.65, 0.55
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)")
_GLUED = re.compile(r"^(loss|err|net)(d|g|dis|disc|gen|critic)$|^(d|g|dis|disc|gen|critic)(loss|err|cost)$")


@dataclass(frozen=True)
class Reading:
    """How a column was read.

    Attributes:
        column: its name in the log.
        series: the series that it is read as.
        score: how sure that is, 0 to 1; 1 where the user named it.
    """

    column: str
    series: str
    score: float

    @property
    def meaning(self) -> str:
        """The series in words: "the discriminator's loss"."""
        return meaning_of(self.series)

    def __str__(self) -> str:
        return f'"{self.column}" {"" if self.score >= SURE else "perhaps "}read as {self.meaning}'


def meaning_of(series: str) -> str:
    """Return a series in words: "the discriminator's loss" for `d/loss`."""
    player, _, quantity = series.partition("/")
    if series not in MEANINGS and quantity in QUANTITIES:
        return QUANTITIES[quantity] + (f" of the {PLAYERS[player]}" if player in PLAYERS else "")
    return MEANINGS.get(series, series)


def guess(name: str, families: Collection[str] = ()) -> list[tuple[str, float]]:
    """Return the series that a column may be, each with a score from 0 to 1, the best first.

    Args:
        name: of the column.
        families: what was trained, where it is known: "vae" makes a bare `loss` the loss of a VAE.
    """
    words = split_words(name)
    found: dict[str, tuple[str, float]] = {}
    for word in words:
        for kind, meaning, score in WORDS.get(word, ()):
            # In `vae_kl_loss` the particular number counts, and not that it is a loss.
            if kind not in found or _rank(found[kind]) < _rank((meaning, score)):
                found[kind] = (meaning, score)
    if {"grad", "norm"} <= set(words) or {"gradient", "norm"} <= set(words):
        found["which"] = ("grad_norm", 1.0)
    if {"learning", "rate"} <= set(words):
        found["which"] = ("learning_rate", 1.0)
    is_phrase = found.get("which", ("",))[0] in QUANTITIES and not {"lr", "gradnorm"} & set(words)
    known = 2 * is_phrase + sum(word in WORDS for word in words)
    unknown = 0.85 ** (len(words) - known)  # each further word makes the guess less sure
    who, which, whose, when = (found.get(kind, ("", 1.0)) for kind in ("who", "which", "whose", "when"))
    score = unknown * who[1] * which[1] * whose[1]
    series = _series(who[0], which[0], whose[0], when[0], families)
    return sorted(((name, score * factor) for name, factor in series), key=lambda pair: -pair[1])


def _rank(meaning: tuple[str, float]) -> tuple[int, float]:
    return (0 if meaning[0] == "loss" else 2 if meaning[0] == "other" else 1, meaning[1])


def split_words(name: str) -> list[str]:
    """Return the lower-case words of a name: ["loss", "d"] for "Loss_D"."""
    if "(" in name and name.lower().replace(" ", "") in WORDS:  # D(x), D(G(z))
        return [name.lower().replace(" ", "")]
    words = []
    for part in re.split(r"[^A-Za-z0-9]+", _CAMEL.sub(" ", name)):
        glued = _GLUED.match(part.lower())
        words += [word for word in glued.groups() if word] if glued else [part.lower()]
    return [word for word in words if word and not word.isdigit()]


def _series(who: str, which: str, whose: str, when: str, families: Collection[str]) -> Iterable[tuple[str, float]]:
    """Yield the series that words together mean, with a factor of the score."""
    if which == "score":
        return [(f"d/{whose or 'real'}_score", 1.0)]
    if which in QUANTITIES:
        return [(f"{who or _player(families)}/{which}", 1.0)]
    if which == "penalty":
        return [("d/penalty", 1.0)]
    held_out = "held_out_" if when else ""
    if which == "kl":
        return [(f"vae/{held_out}kl", 1.0)]
    if which == "reconstruction":
        # Without a KL term, `mse` and `bce` are the whole loss.
        return [(f"{_player(families)}/{held_out}{which if families else 'loss'}", 1.0)]
    if which in ("loss", "") and who == "d" and whose:
        return [(f"d/{whose}_loss", 1.0 if which else UNNAMED_PART)]
    if which in ("loss", "") and who and not whose:
        return [(f"{who}/{held_out}loss" if who not in ("d", "g") or not when else "", 1.0 if which else UNNAMED)]
    if which == "loss" and not who and not whose:
        return [(f"{_player(families)}/{held_out}loss", 1.0)]
    return []


def _player(families: Collection[str]) -> str:
    """Return the player of a model with one player; "model" where the family is not known."""
    players = [FAMILIES[name].settings.players for name in sorted(set(families) & FAMILIES.keys())]
    return next((one[0] for one in players if len(one) == 1), "model")


def families_of(names: Iterable[str]) -> set[str]:
    """Return the families that column names show: a KL term is that of a VAE, two players are a GAN."""
    found = {series.partition("/")[0] for name in names for series, score in guess(name) if score >= ENOUGH}
    words = {word for name in names for word in split_words(name)}
    families = {"gan"} if {"d", "g"} & found else set()
    families |= {"vae"} if "vae" in found else set()
    return families or ({"autoencoder"} if "ae" in found or words & {"recon", "reconstruction"} else set())


def assign(names: Sequence[str], given: Mapping[str, str], families: Collection[str] = ()) -> list[Reading]:
    """Choose a series for each column; every series is taken at most once, by the column with the highest score.

    Args:
        names: of the columns.
        given: series by column, as the user named them.
        families: what was trained, where it is known.
    """
    readings = [Reading(column, series, 1.0) for column, series in given.items()]
    guesses = [
        (score, place, column, series)
        for place, column in enumerate(names)
        if column not in given
        for series, score in guess(column, families)
        if series and score >= ENOUGH
    ]
    for score, _, column, series in sorted(guesses, key=lambda entry: (-round(entry[0], 6), entry[1])):
        if all(reading.series != series and reading.column != column for reading in readings):
            readings.append(Reading(column, series, round(score, 2)))
    order = {name: place for place, name in enumerate(names)}
    return sorted(readings, key=lambda reading: order.get(reading.column, -1))
