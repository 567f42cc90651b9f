"""The registry of findings (torch-free): every code, its title, and the rules that find it.

A rule is one function in a file of `saddlepoint.diagnosis.rules` and one line here. Rules are evaluated in this order.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """An entry of the registry.

    Args:
        title: what the code stands for, in a few words.
        rules: import paths of its rules, `module:function`; a module that starts with "." is in
            `saddlepoint.diagnosis.rules`. Empty where it is found before the first step, by other means than rules.
    """

    title: str
    rules: tuple[str, ...] = ()


CODES: dict[str, Code] = {
    "NUM301": Code("non-finite number", (".numerics:non_finite",)),
    "NUM302": Code("exploding gradient", (".numerics:exploding_gradient",)),
    "NUM303": Code("dead units", (".learning:dead_units",)),
    "NUM304": Code("stalled learning", (".learning:stalled",)),
    "NUM305": Code("samples depend on each other"),
    "GAN101": Code(
        "discriminator overpowers", (".balance:discriminator_overpowers", ".balance:discriminator_loss_vanishes")
    ),
    "GAN102": Code("saturated loss", (".balance:gradient_vanishes",)),
    "GAN103": Code("mode collapse", (".collapse:mode_collapse",)),
    "GAN104": Code(
        "discriminator too weak", (".weakness:discriminator_too_weak", ".weakness:discriminator_stands_still")
    ),
    "GAN105": Code("players circle", (".instability:players_circle",)),
    "GAN106": Code("divergence", (".instability:samples_leave_the_data", ".instability:samples_far_from_the_data")),
    "GAN107": Code("discriminator overfits", (".memory:discriminator_overfits",)),
    "GAN108": Code("generator copies", (".memory:generator_copies", ".memory:generator_copies_among_few")),
    "GAN109": Code("past its best", (".instability:past_its_best",)),
    "GAN110": Code("noise ignored"),
    "AE251": Code("unused dimensions", (".posterior:unused_dimensions",)),
    "VAE201": Code(
        "posterior collapse", (".posterior:posterior_collapse", ".posterior:kl_vanishes", ".posterior:units_collapse")
    ),
    "VAE202": Code(
        "wrong KL", (".objective:negative_kl", ".objective:not_the_kl_of_its_heads", ".objective:kl_is_subtracted")
    ),
    "VAE203": Code("clamped heads", (".objective:clamped_heads",)),
    "VAE204": Code("terms out of balance", (".posterior:codes_leave_the_prior", ".posterior:kl_outweighs")),
    "VAE205": Code("holes in the prior", (".posterior:holes",)),
    "VAE206": Code("overfitting", (".objective:bounds_part",)),
    "DATA401": Code("range does not fit"),
    "DATA402": Code("too few examples"),
    "DATA403": Code("constants or duplicates"),
    "DATA404": Code("missing or rare class"),
    "SET401": Code("unusual setting"),
}
