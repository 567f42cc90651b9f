"""The recipes that are trained: every shipped one, shortened where it is slow, and a few more for other data.

A base belongs to one half, together with all failures that are injected into it. Thresholds of the rules may be tuned on the
calibration half; rates are reported on the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from saddlepoint.recipe import Recipe

Half = Literal["calibration", "reporting"]
PROBES = 16  # probes of a run


@dataclass(frozen=True)
class Base:
    """A training run that is expected to go well.

    Attributes:
        name: of the base.
        recipe: the shipped recipe that it is made from.
        half: calibration or reporting.
        steps: of the shortened run.
        seeds: how many healthy runs.
        changes: settings by dotted name, besides the number of steps.
    """

    name: str
    recipe: str
    half: Half
    steps: int
    seeds: int
    changes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shortened(self) -> bool:
        """Whether the run is shorter than its recipe says."""
        return self.steps < Recipe.load(self.recipe).training.steps

    def settings(self, steps: int | None = None) -> Recipe:
        """The recipe with about as many ticks, probes and measurements as a run of its full length has."""
        steps = steps or self.steps
        return Recipe.load(self.recipe).override(
            {
                "name": self.name,
                "training.steps": steps,
                "training.tick": max(1, steps // 60),
                "training.observe_every": 2,
                "training.sample_every": max(1, steps // PROBES),
                "training.checkpoint_every": steps,
                "training.device": "cpu",
                "training.threads": 1,
                "evaluation.every": max(1, steps // 15),
                "evaluation.samples": 500,
                **({"evaluation.watch_every": max(1, steps // 30)} if "watch_every" in _evaluation() else {}),
                **self.changes,
            }
        )


def _evaluation() -> set[str]:
    return set(type(Recipe().evaluation).model_fields)


_SMALL = {"model.generator.hidden": [64, 64], "model.discriminator.hidden": [64, 64], "training.batch_size": 64}
_PAIRS = {"model.objective": "relativistic", "model.penalties.r1": 0.1, "model.penalties.r2": 0.1}
_RING = {**_SMALL, "data.scale": 0.05}
_CRITIC = {"model.updates.discriminator": 3, "training.optimiser.betas": [0.5, 0.9]}
# Failures are injected into the plain game: a penalty of the slope prevents several of them.
_NO_PENALTY = {"model.penalties.r1": 0.0}
_PENALTY_DIGITS = {
    **_NO_PENALTY,
    "model.objective": "wasserstein",
    "model.penalties.gradient_penalty": 10.0,
    "model.updates.discriminator": 2,
    "model.labels.smoothing": 0.0,
}
_SPECTRAL = {"model.objective": "hinge", "model.constraints.discriminator": "spectral"}
_BALANCE = {"model.objective": "boundary-equilibrium", "model.labels.smoothing": 0.0}
_CLIPPED = {"model.objective": "wasserstein", "model.constraints.discriminator": {"name": "clip", "limit": 0.1}}
_CONCATENATE = {"model.condition.generator": "concatenate", "model.condition.discriminator": "concatenate"}
_FEW_CODES = {"model.condition.discriminator": {"name": "info", "categories": [3], "continuous": 1}}
_PHOTOGRAPHS = {
    "data.source": "$SADDLEPOINT_DATA/cifar10-folder/train",
    "data.size": [16, 16],
    "data.limit": 2000,
    "model.generator.width": 16,
    "model.discriminator.width": 16,
}
_TABLE = {"data.source": "$SADDLEPOINT_DATA/tables/default.csv"}
_PLANE = {
    "model.likelihood": "gaussian-learnt",
    "model.latent": 2,
    "model.encoder.hidden": [64, 64],
    "model.decoder.hidden": [64, 64],
    "training.batch_size": 64,
}

_CODES_OF_POINTS = {
    "data.source": "moons",
    "model.autoencoder.network": "mlp",
    "model.autoencoder.hidden": [64, 64],
    "model.autoencoder.places": 2,
    "model.prior.width": 16,
    "model.prior.layers": 1,
}

# Losses without cross-entropy, and the parts around them. Short, so that all of them train in a few minutes.
LOSS_BASES = (
    *(
        Base(f"{name}-ring", "toy-ring", "reporting", 500, 4, {**_RING, **changes})
        for name, changes in {
            "penalty": {"model.objective": "wasserstein", "model.penalties.gradient_penalty": 10.0, **_CRITIC},
            "hinge": _SPECTRAL,
            "squares": {"model.objective": "least-squares"},
            "average": {"model.objective": "relativistic-average", "model.penalties.r1": 0.1},
            "shannon": {"model.objective": "f-jensen-shannon"},
            "hellinger": {"model.objective": "f-squared-hellinger"},
            "clip": _CLIPPED,
            "balance": {"model.objective": "boundary-equilibrium"},
        }.items()
    ),
    Base(
        "augmented-digits",
        "gan-digits",
        "reporting",
        400,
        3,
        {**_NO_PENALTY, "model.views.diffaugment": ["translation", "cutout"]},
    ),
    Base(
        "adaptive-digits",
        "gan-digits",
        "reporting",
        400,
        3,
        {**_NO_PENALTY, "model.views.adaptive_augmentation.images": 20_000},
    ),
    Base("balance-digits", "gan-digits", "reporting", 400, 3, {**_NO_PENALTY, **_BALANCE}),
    Base("penalty-digits", "gan-digits", "reporting", 400, 3, _PENALTY_DIGITS),
    Base(
        "hinge-digits", "gan-digits", "reporting", 400, 3, {**_NO_PENALTY, **_SPECTRAL, "model.labels.smoothing": 0.0}
    ),
)
BASES = {
    base.name: base
    for base in (
        # On a line.
        Base("toy-gaussian-1", "toy-gaussian-1", "calibration", 1500, 40),
        Base("toy-gaussian-2", "toy-gaussian-2", "reporting", 1500, 25),
        Base("toy-gaussian-3", "toy-gaussian-3", "calibration", 2000, 15),
        Base("toy-lab-1", "toy-lab-1", "reporting", 1500, 12),
        Base("toy-lab-2", "toy-lab-2", "calibration", 1500, 6),
        Base("toy-lab-3", "toy-lab-3", "reporting", 1500, 6),
        Base("lab-1", "lab-1", "reporting", 150, 4),
        Base("lab-2", "lab-2", "calibration", 150, 4),
        Base("lab-3", "lab-3", "reporting", 300, 3),
        Base("lab-10", "lab-10", "calibration", 500, 2),
        Base("lab-15", "lab-15", "reporting", 500, 2),
        Base("minimax-gaussian-1", "toy-gaussian-1", "calibration", 1500, 10, {"model.objective": "minimax"}),
        Base("minimax-gaussian-2", "toy-gaussian-2", "reporting", 1500, 10, {"model.objective": "minimax"}),
        Base("matching-gaussian-2", "toy-gaussian-2", "reporting", 1500, 8, {"model.objective": "feature-matching"}),
        Base("r1-gaussian-2", "toy-gaussian-2", "reporting", 1500, 8, {"model.penalties.r1": 0.1}),
        # In the plane.
        Base("toy-ring", "toy-ring", "reporting", 1500, 10),
        Base("ring-small", "toy-ring", "reporting", 1500, 10, {**_SMALL, "data.scale": 0.05}),
        Base("pairs-ring", "toy-ring", "reporting", 1500, 8, {**_SMALL, **_PAIRS, "data.scale": 0.05}),
        Base("pairs-gaussian-3", "toy-gaussian-3", "calibration", 2000, 8, _PAIRS),
        Base("toy-grid", "toy-grid", "calibration", 1800, 4),
        Base("grid-small", "toy-grid", "calibration", 1500, 8, {**_SMALL, "data.scale": 0.2}),
        Base("toy-ring-best", "toy-ring-best", "reporting", 1500, 2),
        Base("toy-grid-best", "toy-grid-best", "calibration", 1500, 2),
        Base("pacgan-ring", "pacgan-ring", "reporting", 400, 1),
        Base("pacgan-grid", "pacgan-grid", "calibration", 400, 1),
        Base("vae-spirals", "vae-mnist", "calibration", 1200, 10, {**_PLANE, "data.source": "spirals"}),
        Base("vae-board", "vae-mnist", "calibration", 1200, 5, {**_PLANE, "data.source": "checkerboard"}),
        Base("vae-roll", "vae-mnist", "calibration", 1200, 5, {**_PLANE, "data.source": "swiss-roll"}),
        Base("vae-moons", "vae-mnist", "reporting", 1200, 25, {**_PLANE, "data.source": "moons"}),
        Base(
            "autoencoder-roll",
            "autoencoder-mnist",
            "calibration",
            1000,
            20,
            {"data.source": "swiss-roll", "model.latent": 2, "training.batch_size": 64},
        ),
        Base("mixture-ring", "mixture-ring", "reporting", 120, 6),
        # Pictures.
        Base("gaussian-digits", "gaussian-digits", "reporting", 3, 1),
        Base("kernel-density-digits", "kernel-density-digits", "reporting", 3, 1),
        Base("naive-bayes-digits", "naive-bayes-digits", "reporting", 3, 1),
        Base("pca-digits", "pca-digits", "reporting", 3, 1),
        Base("mixture-digits", "mixture-digits", "calibration", 120, 4),
        # Sequences.
        Base("hmm-waves", "hmm-waves", "reporting", 120, 3, {"data.points": 200}),
        Base("hmm-sentences", "hmm-waves", "calibration", 120, 3, {"data.source": "sentences", "data.points": 200}),
        Base("markov-sentences", "markov-sentences", "reporting", 3, 1),
        Base("autoencoder-digits", "autoencoder-digits", "reporting", 1000, 36),
        Base("autoencoder-mnist", "autoencoder-mnist", "calibration", 400, 10),
        Base("vae-digits", "vae-digits", "calibration", 1000, 40),
        Base("vae-mnist", "vae-mnist", "reporting", 400, 12),
        Base("made-digits", "made-digits", "calibration", 500, 10),
        Base("nade-digits", "nade-digits", "reporting", 500, 4),
        Base("pixelcnn-digits", "pixelcnn-digits", "reporting", 300, 6),
        Base("pixelcnn-digits-conditional", "pixelcnn-digits-conditional", "calibration", 300, 4),
        Base("gated-pixelcnn-digits", "gated-pixelcnn-digits", "reporting", 200, 2),
        Base("transformer-digits", "transformer-digits", "calibration", 150, 2),
        Base("made-mnist", "made-mnist", "reporting", 400, 2),
        Base("pixelcnn-mnist", "pixelcnn-mnist", "calibration", 60, 1, {"model.network.width": 16}),
        Base("vae-digits-conditional", "vae-digits-conditional", "calibration", 800, 3),
        Base("iwae-digits", "iwae-digits", "reporting", 800, 3),
        Base("vampprior-digits", "vampprior-digits", "calibration", 800, 3),
        Base("beta-vae-digits", "beta-vae-digits", "reporting", 1500, 3),
        Base("info-vae-digits", "info-vae-digits", "calibration", 800, 3),
        Base("vq-vae-digits", "vq-vae-digits", "calibration", 400, 3),
        Base("vq-vae-moons", "vq-vae-digits", "reporting", 500, 3, _CODES_OF_POINTS),
        Base("vae-mnist-conv", "vae-mnist-conv", "reporting", 150, 1),
        Base("gan-digits", "gan-digits", "calibration", 800, 14, _NO_PENALTY),
        Base("r1-digits", "gan-digits", "reporting", 800, 4),
        Base("gan-digits-conditional", "gan-digits-conditional", "calibration", 1000, 6),
        Base("concatenate-digits", "gan-digits-conditional", "reporting", 700, 4, _CONCATENATE),
        Base("info-digits", "info-digits", "reporting", 1000, 6),
        Base("info-few-digits", "info-digits", "calibration", 700, 4, _FEW_CODES),
        Base("gan-mnist", "gan-mnist", "reporting", 500, 3, {"training.batch_size": 32}),
        Base("bigan-digits", "bigan-digits", "reporting", 300, 2),
        Base("vae-gan-digits", "vae-gan-digits", "reporting", 300, 2),
        Base("adversarial-autoencoder-digits", "adversarial-autoencoder-digits", "calibration", 300, 2),
        Base("dcgan-digits", "dcgan-digits", "reporting", 300, 3),
        Base("dcgan-mnist", "dcgan-mnist", "calibration", 100, 1, {"training.batch_size": 32}),
        Base("dcgan-images", "dcgan-images", "calibration", 200, 2, {**_PHOTOGRAPHS, "training.batch_size": 32}),
        Base("photographs", "photographs", "reporting", 200, 2, _PHOTOGRAPHS),
        Base("photographs-conditional", "photographs-conditional", "calibration", 200, 2, _PHOTOGRAPHS),
        Base(
            "stacked-mnist",
            "stacked-mnist",
            "reporting",
            200,
            2,
            {"data.points": 10_000, "model.generator.width": 8, "model.discriminator.width": 8},
        ),
        # Texts.
        Base("transformer-sentences", "transformer-sentences", "reporting", 150, 2),
        Base("lstm-sentences", "lstm-sentences", "calibration", 150, 2),
        Base("hmm-text", "hmm-sentences", "calibration", 20, 1),
        # Sounds, volumes and time series.
        Base("wavegan-drums", "wavegan-drums", "reporting", 150, 1),
        Base("wavenet-tones", "wavenet-tones", "calibration", 150, 1),
        Base("gan-solids", "gan-solids", "calibration", 150, 1),
        Base("vae-solids", "vae-solids", "reporting", 150, 2),
        Base("vae-waves", "vae-waves", "calibration", 600, 4),
        # Normalising flows.
        Base("flow-moons", "flow-moons", "calibration", 300, 8, {"training.batch_size": 64}),
        Base("flow-moons-conditional", "flow-moons-conditional", "reporting", 300, 6, {"training.batch_size": 64}),
        Base("flow-digits", "flow-digits", "reporting", 400, 4),
        # Tables.
        Base("flow-table", "flow-table", "reporting", 300, 3, _TABLE),
        Base("gaussian-table", "gaussian-table", "calibration", 3, 1, _TABLE),
        Base("mixture-table", "mixture-table", "reporting", 20, 1, _TABLE),
        Base("made-table", "made-table", "calibration", 300, 2, _TABLE),
        Base("vae-table", "vae-table", "reporting", 300, 3, _TABLE),
        Base("diffusion-table", "diffusion-table", "calibration", 300, 2, _TABLE),
        Base("gan-table", "gan-table", "reporting", 300, 3, _TABLE),
        Base("trees-table", "trees-table", "reporting", 3, 1, _TABLE),
        # Diffusion models.
        Base("diffusion-moons", "diffusion-moons", "calibration", 600, 6, {"training.batch_size": 128}),
        Base("diffusion-ring", "diffusion-ring", "reporting", 600, 4, {"training.batch_size": 128}),
        Base("flow-matching-moons", "flow-matching-moons", "reporting", 600, 4, {"training.batch_size": 128}),
        Base("diffusion-digits", "diffusion-digits", "reporting", 1000, 4),
        Base("diffusion-digits-conditional", "diffusion-digits-conditional", "calibration", 1000, 4),
        Base("flow-matching-digits", "flow-matching-digits", "calibration", 1000, 4),
        Base(
            "diffusion-mnist",
            "diffusion-mnist",
            "calibration",
            100,
            1,
            {"model.denoiser.width": 8, "training.batch_size": 32},
        ),
        # Next frames and dynamics.
        Base("predictor-digits", "predictor-digits", "reporting", 60, 2, {"data.points": 200}),
        Base(
            "predictor-mnist",
            "predictor-mnist",
            "calibration",
            30,
            1,
            {"data.points": 100, "model.predictor.width": 8},
        ),
        Base("dynamics-moons", "dynamics-moons", "reporting", 400, 4),
        *LOSS_BASES,
    )
}
