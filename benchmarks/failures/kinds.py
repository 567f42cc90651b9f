"""The kinds of training runs, healthy and with injected failures.

An injection need not have an effect: whether a run failed, and of what, `ground_truth` decides from the model and the data.
"""

from __future__ import annotations

from failures import injections
from failures.autoregressive_kinds import AUTOREGRESSIVE_KINDS
from failures.base_recipes import BASES
from failures.classical_kinds import CLASSICAL_KINDS
from failures.conditional_kinds import CONDITIONAL_KINDS
from failures.flow_kinds import FLOW_KINDS
from failures.kind import FAST, FEW, Kind, rates, setting
from failures.loss_kinds import LOSS_KINDS

HEALTHY = tuple(Kind(base.name, base.name, seeds=base.seeds) for base in BASES.values())
_SGD = {"training.optimiser.name": "sgd"}
_TANH = {"model.generator.activation": "tanh"}
_LEAKY = {"model.generator.activation": "leaky_relu"}
_OPEN = {"model.encoder.activation": "leaky_relu", "model.decoder.activation": "leaky_relu"}
_PLAIN = {"training.ema": 0.0, "training.optimiser.schedule": "constant"}
_WIDE = {"model.encoder.hidden": [256, 256], "model.decoder.hidden": [256, 256], "model.latent": 10}

INJECTED = (
    # GAN101: the discriminator wins.
    Kind(
        "d-fast-ring",
        "ring-small",
        "GAN101",
        (1e-7, 3e-6),
        rates(generator=1.0),
        {"training.players.discriminator.learning_rate": 3e-3, **_PLAIN},
    ),
    Kind(
        "d-fast-digits",
        "gan-digits",
        "GAN101",
        (1e-7, 1e-6),
        rates(generator=1.0),
        {"training.players.discriminator.learning_rate": 1e-3, "model.labels.smoothing": 0.0},
        seeds=10,
    ),
    Kind("no-detach-ring", "ring-small", "GAN101", (5.0, 20.0), settings=_PLAIN, model=injections.missing_detach),
    # GAN102: a saturated loss.
    Kind(
        "saturated-digits",
        "gan-digits",
        "GAN102",
        (5e-4, 2e-3),
        rates(discriminator=1.0),
        {"model.objective": "minimax", "training.players.generator.learning_rate": 1e-6, "model.labels.smoothing": 0.0},
    ),
    Kind(
        "saturated-ring",
        "ring-small",
        "GAN102",
        (1e-3, 5e-3),
        rates(discriminator=1.0),
        {"model.objective": "minimax", "training.players.generator.learning_rate": 1e-5, **_PLAIN},
    ),
    # GAN103: few answers.
    Kind("pulled-grid", "grid-small", "GAN103", (10.0, 100.0), model=injections.pulled_together),
    Kind("pulled-pairs", "pairs-ring", "GAN103", (10.0, 100.0), model=injections.pulled_together, seeds=8),
    Kind("pulled-gaussian", "toy-gaussian-2", "GAN103", (2.0, 20.0), model=injections.pulled_together),
    Kind(
        "g-fast-ring",
        "ring-small",
        "GAN103",
        (3e-3, 1e-2),
        rates(generator=1.0),
        {
            "training.players.discriminator.learning_rate": 2e-4,
            "training.optimiser.betas": [0.9, 0.999],
            **_TANH,
            **_PLAIN,
        },
    ),
    Kind("pulled-digits", "gan-digits", "GAN103", (20.0, 200.0), model=injections.pulled_together, seeds=8),
    # GAN104: a discriminator that cannot teach.
    Kind("d-slow-ring", "ring-small", "GAN104", (1e-8, 1e-6), rates(discriminator=1.0), _PLAIN),
    Kind("d-slow-gaussian", "toy-gaussian-3", "GAN104", (1e-8, 1e-6), rates(discriminator=1.0)),
    Kind("d-mixed-ring", "ring-small", "GAN104", (3.0, 6.0), settings=_PLAIN, model=injections.noise_discriminator),
    Kind("d-squashed-grid", "grid-small", "GAN104", (0.01, 0.1), model=injections.squashed_discriminator),
    Kind("d-slow-pairs", "pairs-ring", "GAN104", (1e-8, 1e-6), rates(discriminator=1.0), _PLAIN, seeds=8),
    # GAN105: the players circle.
    Kind(
        "circles-ring",
        "ring-small",
        "GAN105",
        (3e-3, 1e-2),
        setting("training.optimiser.learning_rate"),
        {"training.optimiser.betas": [0.9, 0.999], **_TANH, **_PLAIN},
    ),
    Kind(
        "circles-gaussian",
        "toy-gaussian-3",
        "GAN105",
        (5e-3, 2e-2),
        setting("training.optimiser.learning_rate"),
        {"training.optimiser.betas": [0.9, 0.99], **_PLAIN},
    ),
    # GAN106: away from the data.
    Kind("g-diverges-gaussian", "toy-gaussian-1", "GAN106", (0.1, 1.0), rates(generator=1.0), {**_LEAKY, **_PLAIN}),
    Kind("g-diverges-ring", "ring-small", "GAN106", (0.1, 1.0), rates(generator=1.0), {**_LEAKY, **_PLAIN}),
    Kind("swapped-gaussian", "toy-gaussian-2", "GAN106", (0.5, 2.0), settings=_PLAIN, model=injections.swapped_labels),
    Kind("g-diverges-pairs", "pairs-ring", "GAN106", (0.1, 1.0), rates(generator=1.0), {**_LEAKY, **_PLAIN}, seeds=8),
    # GAN107: learnt by heart.
    Kind(
        "few-digits",
        "gan-digits",
        "GAN107",
        (70, 150),
        FEW,
        {"training.players.discriminator.learning_rate": 1e-3, "model.labels.smoothing": 0.0},
        seeds=8,
    ),
    Kind(
        "few-mnist",
        "gan-mnist",
        "GAN107",
        (70, 200),
        FEW,
        {"training.players.discriminator.learning_rate": 1e-3, "model.labels.smoothing": 0.0},
        seeds=6,
    ),
    # GAN108: copies.
    Kind("memory-digits", "gan-digits", "GAN108", (0.02, 0.3), model_of_data=injections.memory, seeds=8),
    Kind("memory-mnist", "gan-mnist", "GAN108", (0.02, 0.3), model_of_data=injections.memory, steps=120, seeds=5),
    # GAN109: past its best.
    Kind(
        "past-ring",
        "ring-small",
        "GAN109",
        (20, 80),
        settings={**_TANH, **_PLAIN},
        disturb=injections.faster("g"),
        onset=0.5,
    ),
    Kind(
        "past-gaussian",
        "toy-gaussian-3",
        "GAN109",
        (10, 40),
        settings=_PLAIN,
        disturb=injections.faster("g"),
        onset=0.6,
    ),
    # AE251: a code in part unused.
    Kind(
        "frozen-code-roll",
        "autoencoder-roll",
        "AE251",
        (0.3, 0.7),
        settings={"model.latent": 6},
        model=injections.frozen_units,
    ),
    Kind(
        "frozen-code-digits",
        "autoencoder-digits",
        "AE251",
        (0.2, 0.6),
        settings={"model.latent": 8},
        model=injections.frozen_units,
    ),
    # VAE201: the code says nothing.
    Kind("collapse-digits", "vae-digits", "VAE201", (15, 100), setting("model.beta")),
    Kind("collapse-moons", "vae-moons", "VAE201", (15, 100), setting("model.beta")),
    # VAE202: the objective is wrong.
    Kind("flipped-kl-digits", "vae-digits", "VAE202", (0.1, 2.0), model=injections.wrong_kl(injections.kl_flipped)),
    Kind(
        "half-kl-digits", "vae-digits", "VAE202", (0.9, 1.0), model=injections.wrong_kl(injections.kl_without_variance)
    ),
    Kind("flipped-kl-moons", "vae-moons", "VAE202", (0.1, 2.0), model=injections.wrong_kl(injections.kl_flipped)),
    Kind(
        "deviation-kl-moons", "vae-moons", "VAE202", (4.0, 20.0), model=injections.wrong_kl(injections.kl_of_deviation)
    ),
    # VAE203: heads that cannot go everywhere.
    Kind("relu-heads-digits", "vae-digits", "VAE203", (1e-6, 0.3), model=injections.relu_on_heads),
    Kind("relu-heads-mnist", "vae-mnist", "VAE203", (1e-6, 0.3), model=injections.relu_on_heads, seeds=6),
    Kind("relu-mean-moons", "vae-moons", "VAE203", (1e-6, 0.3), model=injections.relu_on_mean),
    # VAE204: out of balance.
    Kind("tiny-beta-digits", "vae-digits", "VAE204", (1e-4, 1e-2), setting("model.beta")),
    Kind("tiny-beta-moons", "vae-moons", "VAE204", (1e-4, 1e-2), setting("model.beta")),
    # VAE205: holes.
    Kind("holes-digits", "vae-digits", "VAE205", (1e-4, 5e-3), setting("model.beta")),
    Kind("holes-mnist", "vae-mnist", "VAE205", (1e-4, 5e-3), setting("model.beta"), seeds=6),
    # VAE207: codes out of reach.
    Kind(
        "far-codes-digits",
        "vq-vae-digits",
        "VAE207",
        (10.0, 100.0),
        setting("model.codebook_std"),
        {"model.restart_below": 0.0},
        seeds=5,
    ),
    Kind(
        "far-codes-moons",
        "vq-vae-moons",
        "VAE207",
        (10.0, 100.0),
        setting("model.codebook_std"),
        {"model.restart_below": 0.0},
        seeds=5,
    ),
    # VAE208: learnt by heart, with discrete codes.
    Kind("few-vq-digits", "vq-vae-digits", "VAE208", (60, 150), FEW, FAST, seeds=5),
    Kind("few-vq-moons", "vq-vae-moons", "VAE208", (40, 100), FEW, FAST, seeds=5),
    # VAE206: learnt by heart.
    Kind(
        "few-vae-digits",
        "vae-digits",
        "VAE206",
        (50, 120),
        FEW,
        {**_WIDE, **FAST},
        seeds=8,
    ),
    Kind(
        "few-vae-mnist",
        "vae-mnist",
        "VAE206",
        (50, 150),
        FEW,
        {**_WIDE, **FAST},
        seeds=6,
    ),
    # NUM301: no numbers.
    Kind(
        "overflow-roll",
        "autoencoder-roll",
        "NUM301",
        (10, 1e3),
        setting("training.optimiser.learning_rate"),
        {**_SGD, **_OPEN},
    ),
    Kind("overflow-moons", "vae-moons", "NUM301", (0.3, 10), setting("training.optimiser.learning_rate"), _SGD),
    Kind(
        "overflow-grid",
        "grid-small",
        "NUM301",
        (30, 3e3),
        setting("training.optimiser.learning_rate"),
        {**_SGD, **_PLAIN},
    ),
    Kind("breaks-gaussian", "toy-gaussian-2", "NUM301", disturb=injections.one_weight_breaks, onset=0.3),
    # NUM302: gradients explode.
    Kind(
        "explodes-digits",
        "autoencoder-digits",
        "NUM302",
        (100, 1000),
        disturb=injections.faster("ae"),
        onset=0.4,
        settings=_OPEN,
    ),
    Kind(
        "explodes-vae-digits",
        "vae-digits",
        "NUM302",
        (40, 150),
        settings=_OPEN,
        disturb=injections.faster("vae"),
        onset=0.4,
    ),
    Kind(
        "jump-roll",
        "autoencoder-roll",
        "NUM302",
        (100, 1000),
        settings=_OPEN,
        disturb=injections.faster("ae"),
        onset=0.5,
    ),
    # NUM303: dead units.
    Kind(
        "dead-digits",
        "autoencoder-digits",
        "NUM303",
        (0.5, 0.9),
        model=injections.dead_from_the_start,
        settings={"model.encoder.activation": "relu", "model.decoder.activation": "relu"},
    ),
    Kind("dying-digits", "vae-digits", "NUM303", (0.03, 0.3), setting("training.optimiser.learning_rate")),
    Kind(
        "dead-ring",
        "ring-small",
        "NUM303",
        (0.5, 0.9),
        model=injections.dead_from_the_start,
        settings={"model.discriminator.activation": "relu", **_PLAIN},
    ),
    # NUM304: nothing moves.
    Kind("stalled-digits", "vae-digits", "NUM304", (1e-8, 1e-6), setting("training.optimiser.learning_rate")),
    Kind("stalled-roll", "autoencoder-roll", "NUM304", (1e-8, 1e-6), setting("training.optimiser.learning_rate")),
    Kind(
        "stalled-autoencoder", "autoencoder-digits", "NUM304", (1e-8, 1e-6), setting("training.optimiser.learning_rate")
    ),
    Kind(
        "decayed-moons",
        "vae-moons",
        "NUM304",
        (0.3, 0.7),
        setting("training.optimiser.decay_rate"),
        {"training.optimiser.schedule": "exponential", "training.optimiser.decay_steps": 4},
    ),
    Kind("stalled-gaussian", "toy-gaussian-2", "NUM304", (1e-8, 1e-6), setting("training.optimiser.learning_rate")),
    # DATA401 to 405: wrong before the first step.
    Kind("beyond-digits", "gan-digits", "DATA401", (2, 255), data=injections.beyond_range, steps=60),
    Kind(
        "narrow-digits",
        "autoencoder-digits",
        "DATA401",
        (0.004, 0.2),
        data=injections.beyond_range,
        settings={"model.reconstruction": "bernoulli"},
        steps=60,
    ),
    Kind("tiny-batch-digits", "gan-digits", "DATA402", (8, 60), FEW, steps=60),
    Kind(
        "tiny-vae-moons",
        "vae-mnist",
        "DATA402",
        (20, 60),
        FEW,
        {**_WIDE, "training.batch_size": 16},
        steps=60,
    ),
    Kind("copies-digits", "autoencoder-digits", "DATA403", (0.02, 0.5), data=injections.with_copies, steps=60),
    Kind("leak-digits", "vae-digits", "DATA403", (0.02, 0.5), data=injections.with_leak, steps=60),
    Kind("column-roll", "autoencoder-roll", "DATA403", (0.5, 5.0), data=injections.with_constant_column, steps=60),
    Kind("no-class-digits", "vae-digits", "DATA404", (1e-4, 0.06), data=injections.without_class, steps=60),
    Kind(
        "no-class-autoencoder", "autoencoder-digits", "DATA404", (1e-4, 0.06), data=injections.without_class, steps=60
    ),
    Kind("silent-drums", "wavegan-drums", "DATA405", (0.03, 0.5), data=injections.with_silence, steps=5, seeds=3),
    Kind("clipped-drums", "wavegan-drums", "DATA405", (0.03, 0.5), data=injections.with_clipping, steps=5, seeds=3),
    Kind("empty-solids", "gan-solids", "DATA405", (0.03, 0.5), data=injections.with_silence, steps=5, seeds=3),
    Kind("constant-waves", "vae-waves", "DATA405", (0.03, 0.5), data=injections.with_silence, steps=60, seeds=4),
    *LOSS_KINDS,
    *CONDITIONAL_KINDS,
    *AUTOREGRESSIVE_KINDS,
    *CLASSICAL_KINDS,
    *FLOW_KINDS,
)
KINDS = {kind.name: kind for kind in (*HEALTHY, *INJECTED)}
