"""The names of settings in other programs, such as `lr`, `epochs`, `nz` or `gpu`, and the corresponding settings here."""

from __future__ import annotations

from collections.abc import Iterable

# Usual name -> settings; the first one that the recipe has is suggested.
ALIASES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("lr", "base_lr"), ("training.optimiser.learning_rate",)),
    **dict.fromkeys(("lr_g", "g_lr", "glr", "generator_lr", "lr_gen"), ("training.players.generator.learning_rate",)),
    **dict.fromkeys(
        ("lr_d", "d_lr", "dlr", "discriminator_lr", "critic_lr", "lr_disc"),
        ("training.players.discriminator.learning_rate",),
    ),
    **dict.fromkeys(("beta1", "beta2", "beta_1", "beta_2", "b1", "b2", "adam_betas"), ("training.optimiser.betas",)),
    **dict.fromkeys(("wd", "l2"), ("training.optimiser.weight_decay",)),
    **dict.fromkeys(("optim", "optimizer", "opt", "solver"), ("training.optimiser.name",)),
    **dict.fromkeys(("scheduler", "lr_scheduler", "lr_schedule", "lr_decay"), ("training.optimiser.schedule",)),
    **dict.fromkeys(
        ("clip", "grad_clip", "clip_grad", "gradient_clip", "max_norm", "max_grad_norm"),
        ("training.optimiser.clip_norm",),
    ),
    **dict.fromkeys(
        ("iterations", "iters", "iter", "niter", "n_iter", "num_steps", "max_steps", "n_steps", "num_iterations"),
        ("training.steps",),
    ),
    **dict.fromkeys(("batch", "bs", "batchsize", "batches", "minibatch"), ("training.batch_size",)),
    **dict.fromkeys(("gpu", "gpus", "cuda", "accelerator", "gpu_id", "gpu_ids", "cpu", "mps"), ("training.device",)),
    **dict.fromkeys(("amp", "fp16", "bf16", "half", "mixed_precision", "dtype"), ("training.precision",)),
    **dict.fromkeys(("ema_decay", "use_ema", "polyak", "moving_average"), ("training.ema",)),
    **dict.fromkeys(("log_every", "log_interval", "log_freq", "print_every", "log_steps"), ("training.tick",)),
    **dict.fromkeys(
        ("save_every", "save_interval", "save_freq", "checkpoint", "checkpoint_interval", "ckpt_every"),
        ("training.checkpoint_every",),
    ),
    **dict.fromkeys(("eval_every", "eval_interval", "eval_freq"), ("evaluation.every",)),
    **dict.fromkeys(("random_seed", "manual_seed", "manualseed", "rng", "random_state"), ("training.seed",)),
    **dict.fromkeys(
        ("dataset", "dataroot", "data_dir", "data_path", "datadir", "train_data", "root", "path", "data_root"),
        ("data.source",),
    ),
    **dict.fromkeys(
        ("image_size", "img_size", "imsize", "imagesize", "resolution", "img_dim", "resize"), ("data.size",)
    ),
    **dict.fromkeys(("nc", "num_channels", "n_channels", "in_channels", "channel"), ("data.channels",)),
    **dict.fromkeys(("test_size", "val_split", "validation_split", "val_size", "test_split"), ("data.held_out",)),
    **dict.fromkeys(
        ("latent_dim", "latent_size", "z_dim", "zdim", "nz", "z", "z_size", "noise_dim", "code_size", "n_latent"),
        ("model.latent",),
    ),
    **dict.fromkeys(("ngf", "gf_dim", "g_width"), ("model.generator.width",)),
    **dict.fromkeys(("ndf", "df_dim", "d_width"), ("model.discriminator.width",)),
    **dict.fromkeys(
        ("hidden_dim", "hidden_size", "hidden_dims", "hidden_layers", "layers", "units"),
        ("model.generator.hidden", "model.encoder.hidden"),
    ),
    **dict.fromkeys(
        ("n_critic", "critic_iters", "d_steps", "ncritic", "critic_steps"), ("model.updates.discriminator",)
    ),
    **dict.fromkeys(
        ("loss", "gan_loss", "adversarial_loss", "criterion"),
        ("model.objective", "model.reconstruction", "model.likelihood"),
    ),
    **dict.fromkeys(
        ("gp", "gradient_penalty", "lambda_gp", "gp_weight", "gp_lambda", "lambda"),
        ("model.penalties.gradient_penalty",),
    ),
    **dict.fromkeys(("r1_gamma", "gamma", "r1_lambda", "lambda_r1"), ("model.penalties.r1",)),
    **dict.fromkeys(
        ("zero_gp", "gp_0", "0_gp", "zero_centered", "zero_centered_gp"), ("model.penalties.zero_centred",)
    ),
    **dict.fromkeys(("lambda_dragan", "dragan_lambda"), ("model.penalties.dragan",)),
    **dict.fromkeys(("diff_augment", "diff_aug", "diffaug", "apply_diffaug"), ("model.views.diffaugment",)),
    **dict.fromkeys(("kl_weight", "kld_weight", "beta_vae", "kl_beta"), ("model.beta",)),
    **dict.fromkeys(("kl_warmup", "kl_annealing", "annealing", "anneal_steps"), ("model.warm_up",)),
    **dict.fromkeys(("smooth", "one_sided_label_smoothing"), ("model.labels.smoothing",)),
    **dict.fromkeys(("normalise", "normalize", "normalization", "standardize", "rescale"), ("model.scaling",)),
    **dict.fromkeys(("arch", "architecture", "net", "backbone"), ("model.generator.network", "model.encoder.network")),
    **dict.fromkeys(("type", "model_type", "kind"), ("model.family",)),
}

_WASSERSTEIN = "set model.objective to wasserstein, or for stable training model.objective to relativistic, with model.penalties.r1 and r2"
_WASSERSTEIN_PENALISED = "set model.objective to wasserstein and model.penalties.gradient_penalty to 10"
# Usual name -> advice, where no single setting corresponds to it.
ADVICE: dict[str, str] = {
    **dict.fromkeys(("wasserstein", "wgan", "critic"), _WASSERSTEIN),
    **dict.fromkeys(("wgan_gp", "wgangp", "wasserstein_gp"), _WASSERSTEIN_PENALISED),
    **dict.fromkeys(
        ("workers", "num_workers", "n_workers", "dataloader_workers"),
        "data are in memory, or mapped into it, and no workers are needed",
    ),
    **dict.fromkeys(
        ("dropout", "dropout_rate"), "built-in networks have no dropout; use your own network with dropout layers"
    ),
    **dict.fromkeys(("resume", "resume_from", "ckpt", "pretrained"), "to continue a run: saddlepoint resume RUN"),
    **dict.fromkeys(
        ("outdir", "out_dir", "output_dir", "save_dir", "log_dir", "logdir", "results", "out"),
        "choose the folder of a run with --run FOLDER (in Python run=)",
    ),
    **dict.fromkeys(
        ("labels", "n_classes", "num_classes"),
        "set model.conditional to true where the family has it, or model.condition of a GAN",
    ),
    **dict.fromkeys(
        ("spectral_norm", "spectral_normalization", "spectral_normalisation", "use_sn", "sn"),
        "for spectral normalisation set model.constraints.discriminator to spectral",
    ),
    **dict.fromkeys(
        ("ortho", "orthogonal", "orthogonal_weights", "orthogonal_regularization"),
        "for orthogonal weights set model.constraints.discriminator to orthogonal",
    ),
    **dict.fromkeys(
        ("clip_value", "weight_clip", "weight_clipping", "clip_weights"),
        "to clip weights set model.constraints.discriminator to clip, with its argument limit",
    ),
}

EPOCHS = frozenset({"epochs", "epoch", "num_epochs", "n_epochs", "max_epochs", "nepochs", "n_epoch", "nepoch"})


def usual_name(name: str, known: Iterable[str], batch_size: int | None = None) -> str:
    """Suggest the setting that corresponds to a name from another program.

    Args:
        name: as typed, with or without a section; hyphens are equivalent to underscores.
        known: the dotted names of all settings.
        batch_size: of the recipe, for the number of steps in an epoch.

    Returns:
        A sentence that begins with a space; empty if the name is not known from other programs.
    """
    section, _, last = name.lower().replace("-", "_").rpartition(".")
    known = list(known)
    if last in EPOCHS and "training.steps" in known:
        batch = f"batches of {batch_size:,}" if batch_size else "batches of training.batch_size"
        return (
            f" Training counts steps: steps = epochs x training examples / batch size (60,000 examples in {batch} are "
            f"{f'{60_000 // batch_size:,}' if batch_size else '60,000 / batch_size'} steps an epoch); set training.steps."
        )
    targets = ALIASES.get(last, ())
    beside = [f"{section}.{target.rpartition('.')[2]}" for target in targets if section]
    found = next((target for target in (*beside, *targets) if target in known and target != name), None)
    if found is not None:
        return f' Here it is called "{found}".'
    return f" Instead: {ADVICE[last]}." if last in ADVICE and known else ""
