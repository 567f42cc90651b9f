"""Rules, one file an idea; `RULES` is the registry, in the order in which they are asked. A code may have several."""

from saddlepoint.diagnosis.engine import Rule
from saddlepoint.diagnosis.rules import balance, collapse, instability, learning, memory, numerics, objective, posterior

RULES: tuple[Rule, ...] = (
    numerics.non_finite,
    numerics.exploding_gradient,
    learning.dead_units,
    learning.stalled,
    balance.discriminator_overpowers,
    balance.discriminator_loss_vanishes,
    balance.gradient_vanishes,
    collapse.mode_collapse,
    balance.discriminator_too_weak,
    balance.discriminator_stands_still,
    instability.players_circle,
    instability.samples_leave_the_data,
    instability.samples_far_from_the_data,
    memory.discriminator_overfits,
    memory.generator_copies,
    memory.generator_copies_among_few,
    instability.past_its_best,
    posterior.unused_dimensions,
    posterior.posterior_collapse,
    posterior.kl_vanishes,
    posterior.units_collapse,
    objective.negative_kl,
    objective.not_the_kl_of_its_heads,
    objective.kl_is_subtracted,
    objective.clamped_heads,
    posterior.codes_leave_the_prior,
    posterior.kl_outweighs,
    posterior.holes,
    objective.bounds_part,
)
