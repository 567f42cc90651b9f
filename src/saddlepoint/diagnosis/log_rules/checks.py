"""What to check or change in a training script, for problems that no setting of ours would fix, and the words of a step to try."""

from __future__ import annotations

import re

from saddlepoint.diagnosis.remedies import REMEDIES

CHECKS: dict[str, str] = {
    "earlier_checkpoint": "go back to a checkpoint from before step {step}, if there is one",
    "labels": "check the labels: real examples are 1 and generated ones 0 in the discriminator's loss, and generated ones 1 in the generator's",
    "generator_sign": "check the generator's loss: it falls where the discriminator takes samples for real, as -log D(G(z)) and -D(G(z)) do",
    "labels_of_critic": "check the signs: the critic minimises D(G(z)) - D(x), and the generator -D(G(z))",
    "optimisers": "check that each optimiser holds the parameters of its own player, and that zero_grad, backward and step are called on them",
    "optimiser": "check that the optimiser holds the model's parameters, and that zero_grad, backward and step are called",
    "data_scale": "check that the data have the range of the model's output (-1 to 1 for tanh, 0 to 1 for a sigmoid)",
    "finite_data": "check that the data and their normalisation hold no NaN and no division by 0",
    "logarithms": "check the logarithms, roots and divisions of the loss: a logarithm of 0 is infinite (use losses that take logits)",
    "spectral_normalisation": "use spectral normalisation in the discriminator",
    "penalty": "check the gradient penalty: it is added, not subtracted, has a weight of about 10, and its gradient reaches the discriminator "
    "(create_graph=True)",
    "kl_formula": "check the formula: -0.5 * (1 + logvar - mu**2 - logvar.exp()), summed over the latent units",
    "kl_sign": "check the sign: the KL term is added to the loss, and logged as it is added",
    "log_variance": "check that the encoder's second output is used as a log-variance everywhere (a standard deviation is exp(0.5 * logvar))",
    "kl_in_loss": "check that the KL term is added to the loss that is minimised, with a weight that is not 0",
    "sum_reconstruction": "sum the reconstruction term over the numbers of an example, as the KL term is summed over units, and average both over "
    "the batch; or divide the KL term by the numbers of an example",
}
_SETTING = re.compile(r" \([^()]*`[^()]*\)")  # a setting of a recipe, which other programs do not have


def step_in_words(name: str, step: int = 0) -> str:
    """Return a step to try as a clause without a full stop: "lower the learning rates".

    Args:
        name: of a remedy or a check.
        step: of the finding, which some checks name.
    """
    if name in CHECKS:
        return CHECKS[name].format(step=f"{step:,}")
    return _SETTING.sub("", REMEDIES[name].advice)
