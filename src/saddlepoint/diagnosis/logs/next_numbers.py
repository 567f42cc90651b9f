"""Which three numbers to log next time, and the lines that record them: `sp.watch` measures them in the user's own loop.

The numbers are those that decide most of what losses leave open, for the family that was trained, without those that the log has already.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

COUNT = 3  # numbers that are named


@dataclass(frozen=True)
class Number:
    """A number worth logging.

    Attributes:
        series: that it will be read as.
        what: the number in words.
        why: what it tells.
    """

    series: tuple[str, ...]
    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


_SCORES = Number(
    ("d/real_score", "d/fake_score"), "D(x) and D(G(z)), as probabilities", "which player is ahead, and by how much"
)
_OUTPUTS = Number(
    ("d/real_logit", "d/fake_logit"),
    "the critic's mean output for real and for generated examples",
    "whether the gap grows without limit",
)
_GRADIENTS = Number(
    ("d/grad_norm", "g/grad_norm"),
    "the norm of each player's gradient",
    "whether one of them has stopped learning, or explodes",
)
_DIVERSITY = Number(
    ("g/diversity",), "the distance between samples over that between real examples", "near 0 is mode collapse"
)
_HELD_OUT_OUTPUT = Number(
    ("d/held_out_logit",),
    "the discriminator's mean output for real examples that it is not trained on",
    "whether it memorises the training examples",
)
_TERMS = Number(
    ("vae/reconstruction", "vae/kl"),
    "both terms of the loss, summed over an example and averaged over the batch",
    "which of them the loss follows",
)
_UNITS = Number(
    ("vae/kl_high",), "the KL term of the latent unit that carries most", "near 0, the whole code is ignored"
)
_HELD_OUT = Number(("*/held_out_loss",), "the loss on examples that are not trained on", "whether the model overfits")
_GRADIENT = Number(("*/grad_norm",), "the norm of the gradient", "whether it vanishes or explodes")
_UPDATES = Number(
    ("*/update_ratio",), "the size of a step over that of the weights", "far below .001, the model hardly moves"
)
_RATE = Number(("*/learning_rate",), "the learning rate", "whether its schedule explains the course")
_SAMPLES = Number(
    ("quality/energy_distance",), "the distance between samples and data", "whether what is generated gets better"
)

UNDECIDED = "..."  # which `sp.watch` refuses with the names of objectives


def next_numbers(traits: Collection[str], recorded: Collection[str] = ()) -> tuple[Number, ...]:
    """Return the three numbers to log next time.

    Args:
        traits: of the objectives that were trained, or may have been.
        recorded: series that the log has already.
    """
    if "gan" in traits:
        scores = _OUTPUTS if {"unbounded", "margin"} & set(traits) else _SCORES
        wanted: tuple[Number, ...] = (scores, _GRADIENTS, _DIVERSITY, _HELD_OUT_OUTPUT, _SAMPLES)
    elif "vae" in traits:
        wanted = (_TERMS, _UNITS, _HELD_OUT, _GRADIENT, _SAMPLES)
    else:
        wanted = (_HELD_OUT, _GRADIENT, _UPDATES, _RATE, _SAMPLES)
    quantities = {name.partition("/")[2] for name in recorded}
    missing = [one for one in wanted if not all(_is_recorded(name, recorded, quantities) for name in one.series)]
    return tuple(missing[:COUNT])


def _is_recorded(series: str, recorded: Collection[str], quantities: Collection[str]) -> bool:
    return series in recorded or (series.startswith("*/") and series[2:] in quantities)


def watch_lines(numbers: Collection[Number], traits: Collection[str], objective: str = "") -> tuple[str, ...]:
    """Return the three lines of `sp.watch` that a PyTorch loop needs to record such numbers.

    Args:
        numbers: that should be recorded.
        traits: of the objectives that were trained, or may have been.
        objective: of a GAN, where it is known.
    """
    held_out = ", held_out=validation" if {_HELD_OUT, _HELD_OUT_OUTPUT} & set(numbers) else ""
    if "gan" in traits:
        players, trained = '"discriminator": D, "generator": G', objective or UNDECIDED
        functions = ", sample=lambda n: G(torch.randn(n, 100))"
        passed = "d_loss=d_loss, g_loss=g_loss"
    elif "vae" in traits:
        players, trained, functions = '"vae": model', "vae", ", encode=model.encode, decode=model.decode"
        passed = "loss=loss, reconstruction=reconstruction, kl=kl, mean=mean, log_variance=log_variance"
    else:
        players, trained, functions, passed = '"autoencoder": model', "autoencoder", "", "loss=loss"
        if "autoencoder" not in traits:
            players, trained = '"model": model', ""
    named = f', objective="{trained}"' if trained else ""
    return (
        f'with sp.watch("runs/mine", players={{{players}}}{named}, data=data{held_out}{functions}) as watch:',
        "    for x in loader:  # your own loop, unchanged; at its end:",
        f"        watch.step({passed})",
    )
