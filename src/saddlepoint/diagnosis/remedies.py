"""Every remedy, in one place: what it tells a person to do, and the settings that it changes.

Rules name the remedies of their findings (`run.remedy("r1_penalty")`, `run.advice("r1_penalty", "instance_noise")`), and so do
the checks before the first step (`propose("smaller_batch", batch_size=64)`) and the escalation list
(`saddlepoint.diagnosis.escalation`), which says what to try next. Which of them fit a run is decided by
`saddlepoint.diagnosis.fitting_remedies`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from saddlepoint.diagnosis.changes import (
    ArgumentAtLeast,
    AtLeast,
    AtMost,
    Clear,
    FollowOther,
    Given,
    Halve,
    MomentumAtMost,
    Multiply,
    Replace,
    ReplaceOnly,
)
from saddlepoint.diagnosis.optimiser_settings import RATE, SHARED, of_all_players, own_name
from saddlepoint.diagnosis.ranges import usual_value
from saddlepoint.diagnosis.usual_rates import DEFAULT, USUAL, USUAL_OF_SGD

Step = tuple[str, ...]  # names of remedies that are applied together


@dataclass(frozen=True)
class Remedy:
    """A remedy: a change that may resolve a finding.

    Attributes:
        advice: the action as a clause in the imperative: "add an R1 penalty".
        changes: new values, or changes (`saddlepoint.diagnosis.changes`), by dotted name; empty if it is not done by settings.
            `Given` in the place of the mapping stands for new values of settings that only a check knows.
    """

    advice: str
    changes: Mapping[str, Any] | Given


def _of_usual_value(advice: str, name: str) -> Remedy:
    return Remedy(advice, {name: usual_value(name)})


def _at_least_usual(advice: str, name: str) -> Remedy:
    return Remedy(advice, {name: AtLeast(usual_value(name))})


_LEAKY = Replace(("relu", "tanh", "sigmoid"), "leaky_relu")
_NETWORKS = ("generator", "discriminator", "encoder", "decoder")
_RATES, _BETAS = of_all_players("learning_rate"), of_all_players("betas")
_D_RATE, _G_RATE = (own_name(role, "learning_rate") for role in ("discriminator", "generator"))
_FAR_APART = 4.0  # times, from which on a player's rate is more likely a mistake than a choice

REMEDIES: dict[str, Remedy] = {
    # The players' rates.
    "slow_d_to_g": Remedy(
        "give the discriminator the generator's learning rate", {_D_RATE: FollowOther(_G_RATE, _FAR_APART)}
    ),
    "slower_d": Remedy("lower the discriminator's learning rate", {_D_RATE: Multiply(0.25)}),
    "speed_d_to_g": Remedy(
        "give the discriminator the generator's learning rate", {_D_RATE: FollowOther(_G_RATE, _FAR_APART, below=True)}
    ),
    "faster_d": Remedy("raise the discriminator's learning rate", {_D_RATE: Multiply(4.0, most=USUAL_OF_SGD[1])}),
    "slower": Remedy("lower the learning rates", dict.fromkeys(_RATES, Multiply(0.25))),
    "slower_shared": Remedy("lower the learning rate", {RATE: Multiply(0.25)}),
    "much_slower": Remedy("lower the learning rate", dict.fromkeys(_RATES, Multiply(0.1, most=USUAL[1]))),
    "slowest": Remedy("lower the learning rate a hundredfold", dict.fromkeys(_RATES, Multiply(0.01, most=DEFAULT))),
    # A rate that is far too small is not only multiplied: searches begin at 1e-4.
    "faster": Remedy(
        "raise the learning rate tenfold",
        dict.fromkeys(_RATES, Multiply(10.0, least=1e-4, most=USUAL[1])),
    ),
    "much_faster": Remedy(
        "raise the learning rate tenfold", dict.fromkeys(_RATES, Multiply(10.0, most=USUAL_OF_SGD[1]))
    ),
    "cosine_schedule": Remedy(
        "let the learning rate fall to 0 by the end of the run", {f"{SHARED}.schedule": "cosine"}
    ),
    "constant_schedule": Remedy("keep the learning rate constant", {f"{SHARED}.schedule": "constant"}),
    # The optimiser.
    "half_momentum": Remedy(
        "lower the momentum (the first of `training.optimiser.betas`) to 0.5",
        dict.fromkeys(_BETAS, MomentumAtMost(0.5)),
    ),
    "no_momentum": Remedy("train without momentum", dict.fromkeys(_BETAS, MomentumAtMost(0.0))),
    "game_optimiser": Remedy("use an optimiser made for games", {f"{SHARED}.name": "optimistic-adam"}),
    "clip": _of_usual_value("clip the gradients", f"{SHARED}.clip_norm"),
    "clip_d": _of_usual_value("clip the discriminator's gradient", own_name("discriminator", "clip_norm")),
    "clip_g": _of_usual_value("clip the generator's gradient", own_name("generator", "clip_norm")),
    "weight_decay": _of_usual_value("add weight decay", f"{SHARED}.weight_decay"),
    "strong_weight_decay": Remedy("add weight decay", {f"{SHARED}.weight_decay": 1e-3}),
    "full_precision": Remedy("train in fp32", {"training.precision": "fp32"}),
    "average_weights": Remedy(
        "average the weights that samples come from over the steps", {"training.ema": AtLeast(0.99)}
    ),
    "recycle_units": Remedy(
        "reinitialise dead units (`training.recycle_every`)", {"training.recycle_every": Given("every")}
    ),
    "stop_at_best": Remedy("stop at the best step", {"training.steps": Given("best_step")}),
    # The game.
    "non_saturating": Remedy(
        "use the non-saturating loss, which has the same solution and a steep gradient where samples are bad",
        {"model.objective": ReplaceOnly(("minimax",), "non-saturating")},
    ),
    # The GAN is dead; long live the GAN! (Huang et al., 2024), https://arxiv.org/abs/2501.05441
    "relativistic": Remedy(
        "compare real with generated examples in pairs (the relativistic loss with both gradient penalties)",
        {
            "model.objective": ReplaceOnly(("minimax", "non-saturating"), "relativistic"),
            "model.penalties.r1.weight": AtLeast(usual_value("model.penalties.r1.weight")),
            "model.penalties.r2.weight": AtLeast(usual_value("model.penalties.r2.weight")),
        },
    ),
    # Which Training Methods for GANs do actually Converge? (Mescheder et al., 2018), https://arxiv.org/abs/1801.04406
    "r1_penalty": Remedy(
        "add a gradient penalty on the discriminator (`model.penalties.r1`)",
        {"model.penalties.r1.weight": AtLeast(usual_value("model.penalties.r1.weight"))},
    ),
    # Improved Training of Wasserstein GANs (Gulrajani et al., 2017), https://arxiv.org/abs/1704.00028
    "gradient_penalty": _at_least_usual(
        "use the gradient penalty with its usual weight (`model.penalties.gradient_penalty`)",
        "model.penalties.gradient_penalty.weight",
    ),
    "dragan": _at_least_usual(
        "use the penalty around real examples with its usual weight (`model.penalties.dragan`)",
        "model.penalties.dragan.weight",
    ),
    # Spectral Normalization for Generative Adversarial Networks (Miyato et al., 2018), https://arxiv.org/abs/1802.05957
    "spectral": Remedy(
        "normalise the discriminator's weights (`model.constraints.discriminator`)",
        {"model.constraints.discriminator.name": ReplaceOnly((None,), "spectral")},
    ),
    "replace_clipping": Remedy(
        "replace weight clipping by spectral normalisation",
        {
            "model.constraints.discriminator.name": ReplaceOnly(("clip",), "spectral"),
            "model.constraints.discriminator.arguments": Clear(),
        },
    ),
    "more_d_steps": Remedy(
        "let the discriminator take several steps per generator step", {"model.updates.discriminator": AtLeast(5)}
    ),
    "weaker_augmentation": Remedy(
        "augment less (`model.views.diffaugment`, `model.views.adaptive_augmentation`)",
        {f"model.views.{name}.strength": Multiply(0.5) for name in ("diffaugment", "adaptive_augmentation")},
    ),
    "no_exponentials": Remedy(
        "use the loss f-jensen-shannon, which has no exponentials (`model.objective`)",
        {"model.objective": ReplaceOnly(("f-kl", "f-reverse-kl", "f-squared-hellinger"), "f-jensen-shannon")},
    ),
    "faster_g": Remedy("raise the generator's learning rate", {_G_RATE: Multiply(4.0, most=USUAL_OF_SGD[1])}),
    # PacGAN: The power of two samples in generative adversarial networks (Lin et al., 2018), https://arxiv.org/abs/1712.04086
    "packing": _of_usual_value(
        "show the discriminator several examples at once (`model.discriminator.packing`)", "model.discriminator.packing"
    ),
    "one_d_step": _of_usual_value(
        "let the discriminator take one step per generator step", "model.updates.discriminator"
    ),
    "instance_noise": _of_usual_value(
        "add noise to what the discriminator sees (`model.views.instance_noise`)", "model.views.instance_noise.strength"
    ),
    "clear_view": Remedy(
        "switch off flipped labels and instance noise",
        {"model.labels.flipping": 0.0, "model.views.instance_noise.strength": 0.0},
    ),
    # cGANs with Projection Discriminator (Miyato, Koyama, 2018), https://arxiv.org/abs/1802.05637
    "projection": Remedy(
        "let the discriminator take the label by projection (`model.condition.discriminator`)",
        {"model.condition.discriminator.name": ReplaceOnly(("concatenate",), "projection")},
    ),
    "auxiliary": Remedy(
        "let the discriminator also predict the class (`model.condition.discriminator`)",
        {"model.condition.discriminator.name": ReplaceOnly(("concatenate", "projection"), "auxiliary")},
    ),
    "balanced_classes": Remedy(
        "show all classes equally often (`training.balance_classes`)", {"training.balance_classes": True}
    ),
    "more_information": Remedy(
        "raise the weight of the codes (an argument of `model.condition.discriminator`)",
        {"model.condition.discriminator.arguments": ArgumentAtLeast("weight", 1.0)},
    ),
    # Networks.
    "leaky_units": Remedy("use leaky rectifiers", {f"model.{network}.activation": _LEAKY for network in _NETWORKS}),
    "smaller_code": Remedy("use a smaller code", {"model.latent": Given("latent")}),
    # Models fitted by EM.
    "whole_batches": Remedy(
        "give every step the whole training set (`training.batch_size`)", {"training.batch_size": AtLeast(1_000_000)}
    ),
    "less_reg_covar": Remedy("lower `model.reg_covar`", {"model.reg_covar": Multiply(0.1, least=1e-9)}),
    "more_reg_covar": Remedy("raise `model.reg_covar`", {"model.reg_covar": Multiply(10.0, most=0.1)}),
    "fewer_components": Remedy("ask for fewer components", {"model.components": Given("components")}),
    "fewer_states": Remedy("ask for fewer states", {"model.states": Given("states")}),
    "half_components": Remedy("ask for half as many components", {"model.components": Halve()}),
    "half_states": Remedy("ask for half as many states", {"model.states": Halve()}),
    "diagonal_covariance": Remedy(
        "use diagonal covariances (`model.covariance`)", {"model.covariance": Replace(("full",), "diagonal")}
    ),
    "another_seed": Remedy("start from another seed", {}),
    # The codebook of a VQ-VAE.
    "restart_codes": Remedy(
        "replace unused codes by vectors of the batch (`model.codebook` average, `model.restart_below`)",
        {"model.codebook": ReplaceOnly(("gradient",), "average"), "model.restart_below": AtLeast(0.5)},
    ),
    # Terms of the evidence lower bound.
    "beta_one": _of_usual_value("set beta to 1, which gives the evidence lower bound itself", "model.beta"),
    "beta_at_most_one": Remedy("lower beta to 1", {"model.beta": AtMost(usual_value("model.beta"))}),
    "beta_at_least_one": Remedy("raise beta to 1", {"model.beta": AtLeast(usual_value("model.beta"))}),
    "lower_beta": Remedy("lower beta", {"model.beta": Multiply(0.25)}),
    "double_beta": Remedy("raise beta", {"model.beta": Multiply(2.0)}),
    "raise_beta": Remedy("raise beta", {"model.beta": Multiply(4.0)}),
    "warm_up": Remedy(
        "let the weight of the KL term grow from 0 (`model.warm_up`)", {"model.warm_up": Given("warm_up")}
    ),
    "free_bits": _of_usual_value(
        "leave some nats of each unit out of the KL term (`model.free_bits`)", "model.free_bits"
    ),
    "learnt_deviation": Remedy(
        "learn the standard deviation of the observation",
        {"model.likelihood": ReplaceOnly(("gaussian",), "gaussian-learnt")},
    ),
    # Normalising flows and diffusion models.
    "fewer_layers": Remedy("use at most 4 layers (`model.transforms`)", {"model.transforms": AtMost(4)}),
    "noisy_examples": Remedy("add noise to training examples (`model.noise_std`)", {"model.noise_std": AtLeast(0.05)}),
    "second_order": Remedy(
        "use Heun's method (`model.sampler.name`)", {"model.sampler.name": ReplaceOnly(("euler", "ddim"), "heun")}
    ),
    "more_sampler_steps": Remedy(
        "take at least 40 steps (`model.sampler.steps`)", {"model.sampler.steps": AtLeast(40)}
    ),
    "standardise": Remedy(
        "standardise the data (`model.scaling`)", {"model.scaling": "standard", "model.data_std": 1.0}
    ),
    # Mistakes that are found before the first step.
    "usual_values": Remedy("set these settings to usual values", Given("values")),
    "scale_to_output": Remedy("scale the data to the output's range", {"model.scaling": Given("scaling")}),
    "smaller_batch": Remedy("use a smaller batch", {"training.batch_size": Given("batch_size")}),
    "beta_per_number": Remedy("divide beta by the numbers in an example", {"model.beta": Given("beta")}),
    # What no setting does.
    "more_data": Remedy("use more data", {}),
    "smaller_d": Remedy("use a smaller discriminator", {}),
    "smaller_g": Remedy("use a smaller generator", {}),
    "earlier_stop": Remedy("stop earlier", {}),
    "tell_places": Remedy(
        "tell the network the place of a number (`model.network.positions`)", {"model.network.positions": True}
    ),
    "all_places": Remedy(
        "check that a network or loss of your own is trained at all places, and predicts the same step by step as at once",
        {},
    ),
    "smaller_network": Remedy("use a smaller network", {}),
    "best_checkpoint": Remedy("use the checkpoint of the best step (step='best')", {}),
}


@cache
def advice(*names: str) -> str:
    """Return one sentence that offers these remedies in order.

    Args:
        names: of remedies; the first is the first choice.

    Returns:
        "Lower the learning rates, clip the gradients, or train in fp32." Empty without names.
    """
    if not names:
        return ""
    parts = [REMEDIES[name].advice for name in names]
    listed = ", ".join([*parts[:-1], f"or {parts[-1]}"] if len(parts) > 1 else parts)
    return f"{listed[:1].upper()}{listed[1:]}."


def changes_of(step: Step | str, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what the remedies of a step change, in terms of `saddlepoint.diagnosis.changes`.

    Args:
        step: the name of a remedy, or of several that are applied together.
        given: values for changes that are `Given`; those without one are left out.
    """
    values, found = given or {}, dict[str, Any]()
    for name in (step,) if isinstance(step, str) else step:
        changes = REMEDIES[name].changes
        found |= values.get(changes.key, {}) if isinstance(changes, Given) else changes
    filled = {name: values.get(new.key) if isinstance(new, Given) else new for name, new in found.items()}
    return {name: new for name, new in filled.items() if new is not None or not isinstance(found[name], Given)}


def propose(name: str, **given: Any) -> dict[str, Any] | None:
    """Return the changes of a remedy whose new values a check before the first step knows.

    Args:
        name: of the remedy.
        given: its new values; None for those that the check does not know.

    Returns:
        New values by dotted name; None where no value is given.
    """
    return changes_of(name, given) or None
