"""What to try against a finding, and what next where that did not help.

Each code has a list of steps, from the gentlest to the strongest as far as published comparisons tell. A step names one
or more remedies (`saddlepoint.diagnosis.remedies`). Before all steps come learning rates and momenta that are not usual
and from which the failure would follow (`saddlepoint.diagnosis.usual_rates`): other remedies would only work around them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from saddlepoint.diagnosis.changes import apply_changes
from saddlepoint.diagnosis.fitting_remedies import Accepts, accept_all
from saddlepoint.diagnosis.optimiser_settings import Settings
from saddlepoint.diagnosis.remedies import Step, changes_of
from saddlepoint.diagnosis.usual_rates import describe_unusual_rates, keep_usual, restore_usual_rates
from saddlepoint.records import Finding

# Numbers of what is tried first: unusual rates, and the remedy of the finding itself. The steps of a list count from 1.
UNUSUAL_RATES, OWN_REMEDY = -1, 0

ESCALATION: dict[str, tuple[Step, ...]] = {
    "GAN101": (
        ("one_d_step",),
        ("non_saturating",),
        ("slower_d",),
        ("r1_penalty",),
        ("relativistic", "no_momentum"),
        ("instance_noise",),
    ),
    "GAN102": (
        ("non_saturating",),
        ("slower_d",),
        ("r1_penalty",),
        ("relativistic", "no_momentum"),
        ("instance_noise",),
    ),
    "GAN103": (("non_saturating",), ("packing",), ("relativistic", "no_momentum"), ("no_momentum",), ("slower",)),
    "GAN104": (("clear_view",), ("r1_penalty", "half_momentum"), ("faster_d",), ("slower",)),
    "GAN105": (("r1_penalty",), ("no_momentum",), ("relativistic", "no_momentum"), ("slower",)),
    "GAN106": (("clip",), ("slower",), ("r1_penalty",), ("relativistic", "no_momentum"), ("much_slower",)),
    "GAN107": (("r1_penalty",), ("instance_noise",), ("slower_d",)),
    "GAN108": (("r1_penalty",), ("instance_noise",), ("weight_decay",)),
    "GAN121": (("projection",), ("auxiliary",), ("slower",)),
    "GAN122": (("r1_penalty",), ("balanced_classes",), ("slower",)),
    "GAN123": (("more_information",), ("slower_d",)),
    "VAE201": (("lower_beta",), ("free_bits",), ("slower",)),
    "VAE204": (("beta_one",), ("learnt_deviation",)),
    "VAE205": (("raise_beta",),),
    "VAE207": (("restart_codes",), ("slower",)),
    "VAE206": (("strong_weight_decay",), ("slower_shared",)),
    "VAE208": (("strong_weight_decay",), ("slower_shared",)),
    "AR502": (("strong_weight_decay",), ("slower_shared",)),
    "AR503": (("cosine_schedule",), ("average_weights",), ("slower_shared",)),
    "NUM301": (("much_slower",), ("much_slower", "clip", "full_precision"), ("slowest",)),
    "NUM302": (("clip",), ("slower",), ("much_slower",)),
    "NUM303": (("leaky_units",), ("slower",)),
    "FLOW601": (("slower_shared",), ("clip",), ("fewer_layers",)),
    "FLOW602": (("noisy_examples",), ("slower_shared",)),
    "FLOW603": (("noisy_examples",), ("strong_weight_decay",), ("slower_shared",)),
    "DIFF702": (("second_order",), ("more_sampler_steps",)),
    "DIFF703": (("strong_weight_decay",), ("slower_shared",)),
    "EM804": (("half_components",), ("half_states",), ("diagonal_covariance",), ("more_reg_covar",)),
    "NUM304": (("constant_schedule",), ("much_faster",)),
}
# Applied together with every remedy against a code. Players that circle pass near the solution, so that an average of the
# weights is near it: The Unusual Effectiveness of Averaging in GAN Training (Yazici et al., 2019),
# https://arxiv.org/abs/1806.04498. Momentum makes each player overshoot when the other has turned: Negative Momentum for
# Improved Game Dynamics (Gidel et al., 2019), https://arxiv.org/abs/1807.04740
ALWAYS_WITH: dict[str, Step] = {"GAN105": ("average_weights", "half_momentum")}


def next_remedy(
    finding: Finding, settings: Settings, tried: Collection[int] = (), accepts: Accepts = accept_all
) -> tuple[int, dict[str, Any]] | None:
    """Return the next remedy against a finding.

    The order is: unusual rates (`UNUSUAL_RATES`), the finding's own remedy (`OWN_REMEDY`), the steps of its code's list
    (1, 2, ...). For a mistake in the objective that was found before training (`preflight` in the evidence) only its own
    remedy counts, since no other setting corrects it.

    Args:
        finding: what was found.
        settings: the recipe's settings by dotted name. Steps that change none of them are skipped.
        tried: numbers of the steps that were tried against this code.
        accepts: whether changes are valid together with the other settings. Steps with others are skipped.

    Returns:
        The number of the step and its new values by dotted name; None if nothing is left to try.
    """
    steps: dict[int, Mapping[str, Any]] = {OWN_REMEDY: finding.remedy or {}}
    if not finding.evidence.get("preflight"):
        listed = {number: changes_of(step) for number, step in enumerate(ESCALATION.get(finding.code, ()), 1)}
        unusual = changes_of("usual_values", {"values": restore_usual_rates(finding.code, settings)})
        steps = {UNUSUAL_RATES: unusual, **steps, **listed}
    for number, step in steps.items():
        changes = apply_changes(step, settings)
        if number != UNUSUAL_RATES:  # remedies multiply a rate, whatever it is
            changes = keep_usual(changes, settings)
        if number in tried or not changes:
            continue
        changes = apply_changes(changes_of(ALWAYS_WITH.get(finding.code, ())), settings) | changes
        if accepts(changes):
            return number, changes
    return None


def add_remedy(finding: Finding, settings: Settings, accepts: Accepts = accept_all) -> Finding:
    """Return the finding with the remedy to try first.

    If learning rates or momenta are unusual, they are restored before the rule's own remedy is tried; the advice says so.

    Args:
        finding: with the rule's own remedy, if it has one.
        settings: the recipe's settings by dotted name.
        accepts: whether changes are valid together with the other settings.
    """
    listed = range(1, len(ESCALATION.get(finding.code, ())) + 1)
    found = next_remedy(finding, settings, tried=listed, accepts=accepts)
    if found is None:
        return replace(finding, remedy=None)
    number, changes = found
    reason = describe_unusual_rates(changes, settings) if number == UNUSUAL_RATES else ""
    advice = f"First of all, {reason}. {finding.advice}" if reason else finding.advice
    return replace(finding, remedy=changes, advice=advice)
