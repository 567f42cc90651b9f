"""The mistakes of a training loop as findings: their titles and advice, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saddlepoint.records import Finding
from saddlepoint.records.schema import Severity

EQUAL_TERMS = "Sum the KL term over the latent units and the reconstruction over the numbers of an example, and take means of both over the batch."


def _finding(
    code: str, severity: Severity, step: int, title: str, advice: str, evidence: Mapping[str, Any] | None = None
) -> Finding:
    # "preflight": found by a check, not by a rule on records.
    return Finding(code, severity, step, title, {**(evidence or {}), "preflight": True}, advice)


def not_detached(step: int, *, harmful: bool) -> Finding:
    """The discriminator's loss has a gradient at the generator's weights."""
    effect = (
        "and these gradients are still there when the generator's optimiser moves, so the generator also learns to be recognised"
        if harmful
        else "which costs a backward pass; the gradients are cleared before the generator's optimiser moves"
    )
    return _finding(
        "LOOP901",
        "failure" if harmful else "info",
        step,
        f"The discriminator's loss reaches the generator: the samples are not detached, {effect}.",
        "Detach the samples in the discriminator's loss: D(fake.detach()).",
        {"added_to_the_generators_gradient": harmful},
    )


def not_moved(step: int, role: str, held: int, weights: int, strangers: int) -> Finding:
    """No optimiser holds all trainable weights of a player."""
    what = (
        "No optimiser moves" if not held else f"Optimisers move only {held:,} of the {weights:,} trainable weights of"
    )
    stray = (
        f" Optimisers moved {strangers:,} weights that belong to no player: they may hold those of an earlier network."
        if strangers and held < weights
        else ""
    )
    return _finding(
        "LOOP902",
        "warning" if held else "failure",
        step,
        f"{what} the {role}: in {step:,} steps no optimiser moved {'the others' if held else 'its weights'}.{stray}",
        f"Build the optimiser of the {role} from its parameters() after the network has its final form (layers, device, compile); for "
        "weights that shall not move set requires_grad to False.",
        {"role": role, "moved": held, "trainable": weights, "of_no_player": strangers},
    )


def one_for_both(step: int, roles: tuple[str, str]) -> Finding:
    """One optimiser holds weights of both players of a game."""
    return _finding(
        "LOOP903",
        "warning",
        step,
        f"One optimiser moves the {roles[0]} and the {roles[1]}: each step follows the gradients that the other player's loss left.",
        "Give each player an optimiser of its own, and clear its gradients before its loss.",
        {"roles": list(roles)},
    )


def never_cleared(step: int, role: str, updates: int) -> Finding:
    """Gradients of a player are not cleared between its updates."""
    return _finding(
        "LOOP904",
        "failure",
        step,
        f"The gradients of the {role} were never cleared in its first {updates} updates: each step follows the sum of all gradients "
        "so far.",
        f"Call zero_grad() of the optimiser of the {role} before each of its backward passes, or after each of its steps.",
        {"role": role, "updates": updates},
    )


def evaluation_mode(step: int, role: str, layer: str, layers: int) -> Finding:
    """A player is updated in evaluation mode."""
    return _finding(
        "LOOP905",
        "warning",
        step,
        f"The {role} trains in evaluation mode: {layers} layer{'s' if layers > 1 else ''} ({layer}) "
        f"{'use' if layers > 1 else 'uses'} no statistics of the batch, or no dropout.",
        f"Call train() of the {role} before the loop, and again after each time that eval() was called to draw samples.",
        {"role": role, "layers": layers},
    )


def wrong_shape(what: str, got: str, wanted: str) -> Finding:
    """Samples or scores have another shape than they must have."""
    return _finding(
        "LOOP906",
        "failure",
        0,
        f"{what} have the wrong shape: {got}, not {wanted}.",
        "Losses broadcast tensors of different shapes without an error, and then compare the wrong numbers: make the shapes equal.",
    )


def sigmoid_twice(step: int, loss: float, right: float) -> Finding:
    """A cross-entropy with logits gets probabilities."""
    return _finding(
        "LOOP907",
        "failure",
        step,
        f"The discriminator ends with a sigmoid, and its loss applies another one: the loss of {loss:.4g} is that of its outputs as "
        f"logits, and as probabilities it would be {right:.4g}.",
        "Remove the sigmoid at the end of the discriminator, or take the loss without logits (BCELoss).",
        {"loss": loss, "loss_of_probabilities": right},
    )


def averaged_kl(step: int, units: int) -> Finding:
    """The KL term is a mean over latent units, beside a reconstruction term of which nothing is known."""
    return _finding(
        "LOOP908",
        "warning",
        step,
        f"The KL term is a mean over the {units} latent units, not their sum: it weighs 1/{units} of what the evidence lower bound gives "
        "it, unless the reconstruction term is a mean over the numbers of an example.",
        EQUAL_TERMS,
        {"units": units},
    )


def unequal_terms(step: int, kl: str, reconstruction: str, weight: float) -> Finding:
    """One term of a VAE's loss is a mean over what the other one sums."""
    times = f"{weight:,.0f} times" if weight >= 1 else f"1/{1 / weight:,.0f} of"
    effect = (
        "so the decoder may learn to ignore the code"
        if weight >= 1
        else "so samples from the prior may be unlike the data"
    )
    return _finding(
        "LOOP908",
        "warning",
        step,
        f"The KL term is {kl}, and the reconstruction term is {reconstruction}: the KL term weighs {times} what the evidence lower bound "
        f"gives it, {effect}.",
        EQUAL_TERMS,
        {"weight": float(f"{weight:.3g}")},
    )


def ignored_noise() -> Finding:
    """All samples are equal, whatever the noise."""
    return _finding(
        "GAN110",
        "failure",
        0,
        "The samples do not depend on the noise: different random numbers give the same samples.",
        "Pass the noise to the first layer of the generator, and draw new noise in every call of sample=.",
    )
