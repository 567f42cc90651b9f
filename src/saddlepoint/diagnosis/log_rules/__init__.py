"""Rules for logs of other programs, which hold losses and little else. They judge the whole log at once, one file an idea.

`LOG_RULES` is the registry: a problem that losses can show is one function and one entry. The most particular problems come first: of several
that are found, the first is the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module

from saddlepoint.diagnosis.declaration import Rule


@dataclass(frozen=True)
class Problem:
    """A problem that the losses of a log can show.

    Attributes:
        path: import path of its rule; one that starts with "." is in this package.
        phrase: the problem in at most ten words, for the headline.
        sure: how sure the finding is: "certain", "very likely", "likely" or "possible".
        steps: what to try, in order: names of remedies (`saddlepoint.diagnosis.remedies`) or of checks (`log_rules.checks`).
    """

    path: str
    phrase: str
    sure: str
    steps: tuple[str, ...]

    @cached_property
    def rule(self) -> Rule:
        """The rule, which is imported when it is first used."""
        module, _, name = self.path.partition(":")
        found: Rule = getattr(import_module(module, __name__), name)
        return found


LOG_RULES: Mapping[str, Problem] = {
    "never finite": Problem(
        ".not_finite:number_is_never_finite",
        "a number is never finite",
        "certain",
        ("finite_data", "logarithms", "much_slower"),
    ),
    "not finite": Problem(
        ".not_finite:number_breaks",
        "a number became NaN or infinite",
        "certain",
        ("earlier_checkpoint", "much_slower", "clip"),
    ),
    "negative KL": Problem(
        ".posterior:kl_is_negative", "the KL term is negative", "certain", ("kl_formula", "kl_sign", "log_variance")
    ),
    "averaged KL": Problem(
        ".posterior:kl_vanishes_beside_an_average",
        "posterior collapse, the decoder ignores the latent code",
        "very likely",
        ("sum_reconstruction", "warm_up", "free_bits"),
    ),
    "vanished KL": Problem(
        ".posterior:kl_stays_near_zero",
        "posterior collapse, the decoder ignores the latent code",
        "very likely",
        ("lower_beta", "warm_up", "free_bits"),
    ),
    "unweighted KL": Problem(
        ".posterior:kl_has_no_weight",
        "the KL term has no weight in the loss",
        "very likely",
        ("kl_in_loss", "beta_one", "warm_up"),
    ),
    "unlimited KL": Problem(
        ".posterior:kl_grows_without_limit",
        "the KL term grows without limit",
        "likely",
        ("kl_in_loss", "beta_one", "log_variance"),
    ),
    "never moves": Problem(
        ".constant:losses_never_move",
        "neither player has learnt from the start",
        "very likely",
        ("optimisers", "data_scale", "faster"),
    ),
    "disagreement": Problem(
        ".disagreement:players_disagree",
        "the players' labels or signs disagree",
        "very likely",
        ("labels", "generator_sign", "optimisers"),
    ),
    "constant": Problem(
        ".constant:losses_become_constant",
        "both losses became constant, and nobody learns",
        "very likely",
        ("earlier_checkpoint", "slower", "leaky_units"),
    ),
    "everything wrong": Problem(
        ".wrong:discriminator_gets_everything_wrong",
        "the discriminator gets its examples wrong and does not learn",
        "very likely",
        ("labels", "optimisers", "faster_d"),
    ),
    "critic runs away": Problem(
        ".runaway:critic_runs_away",
        "the discriminator's scores run away",
        "very likely",
        ("penalty", "gradient_penalty", "spectral_normalisation"),
    ),
    "distance": Problem(
        ".runaway:critic_distance_never_falls",
        "the generator does not come closer to the data",
        "possible",
        ("labels_of_critic", "generator_sign", "gradient_penalty"),
    ),
    "breaks": Problem(
        ".swings:losses_jump", "training breaks, the losses jump", "likely", ("earlier_checkpoint", "slower", "clip")
    ),
    "vanished": Problem(
        ".vanished:discriminator_loss_stays_near_zero",
        "the discriminator recognises nearly every example",
        "likely",
        ("slower_d", "instance_noise", "r1_penalty"),
    ),
    "runs away": Problem(
        ".runaway:generator_loss_runs_away",
        "the generator's loss runs away",
        "likely",
        ("slower_d", "instance_noise", "r1_penalty"),
    ),
    "swings": Problem(
        ".swings:losses_swing",
        "the losses swing and do not settle",
        "possible",
        ("r1_penalty", "half_momentum", "slower"),
    ),
    "game explodes": Problem(
        ".runaway:game_explodes", "the losses explode", "very likely", ("slower", "clip", "data_scale")
    ),
    "explodes": Problem(
        ".runaway:loss_explodes", "the loss explodes", "very likely", ("earlier_checkpoint", "clip", "slower_shared")
    ),
    "never falls": Problem(
        ".one_player:loss_never_falls",
        "nothing is learnt, the loss never falls",
        "likely",
        ("optimiser", "faster", "data_scale"),
    ),
    "overfits": Problem(
        ".one_player:losses_part",
        "the model overfits, held-out examples get worse",
        "likely",
        ("stop_at_best", "more_data", "weight_decay"),
    ),
}
