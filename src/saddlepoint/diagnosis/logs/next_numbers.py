"""Which three numbers to log next time, with lines to paste. The one place that says how a script can record more.

The numbers are those that decide most of what losses leave open, for the family that was trained.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Number:
    """A number worth logging.

    Attributes:
        series: that it will be read as.
        why: what it tells.
        code: Python expressions for a line to print; names such as `D`, `real` and `fake` are the reader's.
    """

    series: tuple[str, ...]
    why: str
    code: str


_SCORES = Number(
    ("d/real_score", "d/fake_score"),
    "the discriminator's probability for real and for generated examples: who is ahead",
    '"D(x)": D(real).sigmoid().mean(), "D(G(z))": D(fake).sigmoid().mean()',
)
_OUTPUTS = Number(
    ("d/real_logit", "d/fake_logit"),
    "the critic's mean output for real and for generated examples: whether the gap runs away",
    '"d/real_logit": D(real).mean(), "d/fake_logit": D(fake).mean()',
)
_GRADIENTS = Number(
    ("d/grad_norm", "g/grad_norm"),
    "the norm of each player's gradient after backward: whether somebody has stopped learning, or explodes",
    '"d/grad_norm": grad_norm(D), "g/grad_norm": grad_norm(G)',
)
_DIVERSITY = Number(
    ("g/diversity",),
    "the distance between samples over that between real examples: 1 is like the data, near 0 is mode collapse",
    '"g/diversity": torch.pdist(fake.flatten(1)).mean() / torch.pdist(real.flatten(1)).mean()',
)
_TERMS = Number(
    ("vae/reconstruction", "vae/kl"),
    "both terms of the loss, summed over an example and averaged over the batch",
    '"recon": recon.sum(1).mean(), "kl": kl.sum(1).mean()',
)
_UNITS = Number(
    ("vae/kl_high",),
    "the KL of the latent unit that carries most: near 0 is a collapse of the whole code",
    '"vae/kl_high": kl.mean(0).max()',
)
_HELD_OUT = Number(
    ("*/held_out_loss",),
    "the loss on examples that are never trained on: whether the model overfits",
    '"val_loss": loss_of(held_out)',
)
_GRADIENT = Number(
    ("*/grad_norm",),
    "the norm of the gradient after backward: whether it vanishes or explodes",
    '"grad_norm": grad_norm(model)',
)
_RATE = Number(("*/learning_rate",), "the learning rate, if it has a schedule", '"lr": optimiser.param_groups[0]["lr"]')

GRADIENT_NORM = (
    "def grad_norm(net): return torch.stack([p.grad.norm() for p in net.parameters() if p.grad is not None]).norm()"
)


def next_numbers(traits: Collection[str]) -> tuple[Number, ...]:
    """Return the three numbers to log next time.

    Args:
        traits: of the objectives that were trained, or may have been.
    """
    if "gan" in traits:
        return (_OUTPUTS if {"unbounded", "margin"} & set(traits) else _SCORES, _GRADIENTS, _DIVERSITY)
    if "vae" in traits:
        return (_TERMS, _UNITS, _HELD_OUT)
    return (_HELD_OUT, _GRADIENT, _RATE)


def example_lines(numbers: Collection[Number]) -> tuple[str, ...]:
    """Return lines of Python that log these numbers as JSON lines, which `diagnose` reads."""
    helper = (GRADIENT_NORM,) if any("grad_norm(" in number.code for number in numbers) else ()
    return (
        *helper,
        f"row = {{{', '.join(number.code for number in numbers)}}}",
        'print(json.dumps({"step": step, **{name: float(value) for name, value in row.items()}}), file=log, flush=True)',
    )
