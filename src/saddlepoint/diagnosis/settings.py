"""The registry of findings (torch-free): every code, its meaning, and its rules.

A rule is one function in a file of `saddlepoint.diagnosis.rules`, and one line here. Rules are evaluated in this order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True)
class Code:
    """An entry of the registry.

    Attributes:
        phrase: the problem in at most ten words, which must be clear without the code. "{examples}" is replaced by the training
            examples in words: "1,617 images".
        rules: import paths of its rules, `module:function`; a module that starts with "." is in
            `saddlepoint.diagnosis.rules`. Empty if it is found by checks before the first step instead of rules.
        milder: the phrase of a finding that is not a failure, if it differs.
        before_training: the phrase of a mistake that is found before the first step, if it differs.
        about: settings that use a part which the finding is about, by dotted name (a pattern), with the values that choose the
            part; empty for all values except 0 and none. Empty for a finding on any run.
    """

    phrase: str
    rules: tuple[str, ...] = ()
    milder: str = ""
    before_training: str = ""
    about: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def applies_to(self, settings: Mapping[str, Any]) -> bool:
        """Return whether a run with these settings has a part that the finding is about. A user's own part may be one."""
        used = {name: value for name, value in settings.items() if value}
        return not self.about or any(
            fnmatchcase(name, pattern) and (not values or value in values or ":" in str(value))
            for pattern, values in self.about.items()
            for name, value in used.items()
        )


_LABELS: Mapping[str, tuple[str, ...]] = {"model.condition.generator.name": ()}
_TARGETS: Mapping[str, tuple[str, ...]] = {
    f"model.penalties.{name}.weight": () for name in ("gradient_penalty", "dragan")
}


def _distribution(*names: str) -> Mapping[str, tuple[str, ...]]:
    return {"model.distribution": names}


CODES: dict[str, Code] = {
    "NUM301": Code("a loss or gradient became NaN or infinite", (".numerics:non_finite",)),
    "NUM302": Code("a gradient explodes", (".numerics:exploding_gradient",)),
    "NUM303": Code("many hidden units are dead", (".learning:dead_units",)),
    "NUM304": Code("learning has stalled, the weights hardly move", (".learning:stalled",)),
    "NUM305": Code("a sample depends on the others in its batch"),
    "NUM306": Code(
        "the model overfits, held-out examples get worse",
        (".reported_losses:reported_losses_part", ".generalisation:reconstructions_part"),
    ),  # of a log: by saddlepoint.diagnosis.log_rules
    "GAN101": Code(
        "the discriminator overpowers the generator",
        (
            ".balance:discriminator_overpowers",
            ".balance:discriminator_loss_vanishes",
            ".balance:margin_loss_vanishes",
            ".balance:squared_error_vanishes",
        ),
        before_training="the discriminator's loss also trains the generator",
    ),
    "GAN102": Code("the generator's loss is saturated and its gradient vanishes", (".balance:gradient_vanishes",)),
    "GAN103": Code("mode collapse, samples vary far less than the data", (".collapse:mode_collapse",)),
    "GAN104": Code(
        "the discriminator is too weak to teach the generator",
        (".weakness:discriminator_too_weak", ".weakness:discriminator_stands_still"),
        before_training="the discriminator is built so that it cannot learn",
    ),
    "GAN105": Code("the players circle and the samples do not settle", (".instability:players_circle",)),
    "GAN106": Code(
        "training diverges and the samples leave the data",
        (".instability:samples_leave_the_data", ".instability:samples_far_from_the_data"),
        before_training="an adversarial loss has swapped labels or the wrong sign",
    ),
    "GAN107": Code("the discriminator memorises its {examples}", (".memory:discriminator_overfits",)),
    "GAN108": Code(
        "the generator copies its {examples}",
        (".memory:generator_copies", ".memory:generator_copies_among_few"),
    ),
    "GAN109": Code("the samples were better at an earlier step", (".instability:past_its_best",)),
    "GAN110": Code("the samples do not depend on the latent code"),
    "GAN111": Code(
        "the discriminator's scores run away",
        (
            ".critics:scores_run_away",
            ".critics:slope_runs_away",
        ),
    ),
    "GAN112": Code(
        "the discriminator's slope misses the target of its penalty",
        (
            ".critics:slope_far_from_target",
            ".critics:slope_vanishes",
        ),
        about=_TARGETS,
    ),
    "GAN113": Code(
        "weight clipping leaves the discriminator almost flat",
        (".critics:clipping_saturates",),
        about={"model.constraints.discriminator.name": ("clip",)},
    ),
    "GAN114": Code(
        "augmentation leaks into the samples",
        (".augmentation:augmentation_leaks", ".augmentation:augmentation_at_its_limit"),
        milder="augmentation is as strong as it may be",
        about={"model.views.*.strength": ()},
    ),
    "GAN115": Code("exponentials of the loss overflow", (".divergences:exponentials_overflow",)),
    "GAN116": Code("the balance of the errors is stuck", (".divergences:balance_is_stuck",)),
    "GAN121": Code("the samples ignore their labels", (".conditions:labels_ignored",), about=_LABELS),
    "GAN122": Code("class collapse, the samples of a class are alike", (".conditions:class_collapse",), about=_LABELS),
    "GAN123": Code(
        "the codes of the InfoGAN are unused",
        (".conditions:categories_unused", ".conditions:continuous_codes_unused"),
        about={"model.condition.discriminator.name": ("info",)},
    ),
    "AE251": Code("part of the latent code is unused", (".posterior:unused_dimensions",)),
    "VAE201": Code(
        "posterior collapse, the decoder ignores the latent code",
        (".posterior:posterior_collapse", ".posterior:kl_vanishes", ".posterior:units_collapse"),
        milder="posterior collapse of part of the latent code",
    ),
    "VAE202": Code(
        "the KL term is computed wrongly",
        (".objective:negative_kl", ".objective:not_the_kl_of_its_heads", ".objective:kl_is_subtracted"),
    ),
    "VAE203": Code("the encoder's outputs are clamped", (".objective:clamped_heads",)),
    "VAE204": Code(
        "the reconstruction and KL terms are out of balance",
        (".posterior:codes_leave_the_prior", ".posterior:kl_outweighs"),
    ),
    "VAE205": Code("holes in the latent space give poor samples", (".posterior:holes",)),
    "VAE206": Code(
        "the model overfits its {examples}",
        (".generalisation:bounds_part", ".generalisation:reconstructions_of_posteriors_part"),
    ),
    "AR501": Code("a prediction sees what it predicts"),
    "AR502": Code("the autoregressive model overfits its {examples}", (".generalisation:log_probs_part",)),
    "AR503": Code("the samples drift from the data as they get longer", (".drift:samples_drift",)),
    "EM801": Code(
        "the log-likelihood falls from one EM step to the next",
        (".expectation:likelihood_falls",),
        about=_distribution("mixture", "hmm"),
    ),
    "EM802": Code(
        "components of the mixture are degenerate",
        (".expectation:degenerate_components",),
        about=_distribution("mixture"),
    ),
    "EM803": Code(
        "states of the hidden Markov model are never visited",
        (".expectation:unvisited_states",),
        about=_distribution("hmm"),
    ),
    "EM804": Code("the fit describes its {examples}, not new ones", (".generalisation:fits_part",)),
    "VAE207": Code("the codebook collapses, most codes are unused", (".codebook:codebook_collapse",)),
    "VAE208": Code("the VQ-VAE overfits its {examples}", (".generalisation:quantised_bounds_part",)),
    "FLOW601": Code("the inverse of the flow is inexact", (".densities:inverse_inexact",)),
    "FLOW602": Code("the flow's density has spikes or gaps", (".densities:density_spikes",)),
    "FLOW603": Code("the flow overfits its {examples}", (".generalisation:densities_part",)),
    "DIFF701": Code("the data lack the scale that the diffusion model assumes"),
    "DIFF702": Code("the sampler takes too few steps", (".sampling_steps:too_few_steps",)),
    "DIFF703": Code("the diffusion model overfits its {examples}", (".generalisation:losses_part",)),
    "DATA401": Code("the data do not fit the model's output range"),
    "DATA402": Code("there are too few training examples"),
    "DATA403": Code("columns are constant or examples are duplicated"),
    "DATA404": Code("some classes have too few examples"),
    "DATA405": Code("examples are empty or sounds are clipped"),
    "LOOP901": Code("the discriminator's loss reaches the generator"),
    "LOOP902": Code(
        "no optimiser moves the weights of a player", milder="optimisers move only a part of a player's weights"
    ),
    "LOOP903": Code("one optimiser moves both players"),
    "LOOP904": Code("gradients add up, since nothing clears them"),
    "LOOP905": Code("a network trains in evaluation mode"),
    "LOOP906": Code("samples or scores have the wrong shape"),
    "LOOP907": Code("a sigmoid comes before a cross-entropy with logits"),
    "LOOP908": Code("a VAE's loss mixes sums and means"),
    "SET401": Code("a setting is far outside its usual range"),
    "SET402": Code("nothing limits the scores of the discriminator"),
    "SET403": Code("BatchNorm defeats a penalty of the slope"),
}
