"""The words of column names, and the series in words.

A word has one or more meanings: who ("d" discriminator, "g" generator, "vae", "ae"), which number, whose examples, when (held out); each with
a score from 0 to 1 for how sure it is.
"""

from __future__ import annotations

from collections.abc import Iterable

Meaning = tuple[str, str, float]


def _words(kind: str, meaning: str, **scores: Iterable[str]) -> dict[str, list[Meaning]]:
    return {word: [(kind, meaning, int(score[1:]) / 100)] for score, words in scores.items() for word in words}


def _joined(*tables: dict[str, list[Meaning]]) -> dict[str, tuple[Meaning, ...]]:
    found: dict[str, list[Meaning]] = {}
    for table in tables:
        for word, meanings in table.items():
            found.setdefault(word, []).extend(meanings)
    return {word: tuple(meanings) for word, meanings in found.items()}


WORDS = _joined(
    _words("who", "d", s100=("discriminator", "critic"), s98=("d", "disc", "netd"), s90=("dis", "dsc", "discrim", "adversary")),
    _words("who", "g", s100=("generator",), s98=("g", "gen", "netg"), s80=("gn", "gnr")),
    _words("who", "vae", s100=("vae", "elbo")),
    _words("who", "ae", s95=("ae", "autoencoder")),
    _words("which", "loss", s100=("loss", "losses"), s95=("err", "error", "cost", "objective", "nelbo", "elbo")),
    _words("which", "kl", s100=("kl", "kld", "kldiv", "kullback"), s70=("latent", "regularization", "regularisation", "prior")),
    _words("which", "reconstruction", s100=("recon", "reconstruction", "reconst", "rec", "recons"), s70=("r", "bce", "mse", "nll", "rl")),
    _words("which", "penalty", s100=("penalty", "gp", "r1"), s80=("lipschitz",)),
    _words("which", "learning_rate", s100=("lr", "learningrate")),
    _words("which", "grad_norm", s95=("gradnorm",)),
    _words("which", "score", s100=("d(x)", "d(g(z))")),
    _words("whose", "real", s100=("real", "d(x)")),
    _words("whose", "fake", s100=("fake", "generated", "d(g(z))")),
    _words("when", "held_out", s100=("val", "valid", "validation", "test", "eval", "dev", "heldout", "held")),
    # Numbers that are no loss, whoever's they are.
    _words("which", "other", s100=(
        "acc", "accuracy", "weight", "beta", "alpha", "lambda", "time", "elapsed", "seconds", "sec", "eta", "ratio", "fid", "psnr", "ssim",
        "entropy", "std", "var", "variance", "size", "seed", "momentum", "wd", "decay", "lambda", "gpu", "memory", "mem", "steps", "count",
    )),
    # Words that change nothing.
    _words("", "", s100=("train", "training", "avg", "average", "mean", "total", "running", "epoch", "batch", "step", "scalars")),
    # D and G of two letters, as in DR and DF.
    {"dr": [("who", "d", 1.0), ("whose", "real", 1.0)], "df": [("who", "d", 1.0), ("whose", "fake", 1.0)]},
)  # fmt: skip

MEANINGS = {
    "d/loss": "the discriminator's loss",
    "g/loss": "the generator's loss",
    "d/real_loss": "the discriminator's loss on real examples",
    "d/fake_loss": "the discriminator's loss on generated examples",
    "d/penalty": "the penalty on the discriminator",
    "d/real_score": "the mean probability that the discriminator gives to real examples",
    "d/fake_score": "the mean probability that the discriminator gives to generated examples",
    "d/real_logit": "the discriminator's mean output for real examples",
    "d/fake_logit": "the discriminator's mean output for generated examples",
    "vae/loss": "the loss of the VAE",
    "vae/kl": "the KL term",
    "vae/reconstruction": "the reconstruction term",
    "vae/held_out_loss": "the VAE's loss on held-out examples",
    "vae/held_out_kl": "the KL term on held-out examples",
    "vae/held_out_reconstruction": "the reconstruction term on held-out examples",
    "ae/loss": "the autoencoder's loss",
    "ae/held_out_loss": "the autoencoder's loss on held-out examples",
    "ae/reconstruction": "the reconstruction error",
    "ae/held_out_reconstruction": "the reconstruction error on held-out examples",
    "model/loss": "the training loss",
    "model/held_out_loss": "the loss on held-out examples",
}
# Of any player.
QUANTITIES = {"learning_rate": "the learning rate", "grad_norm": "the norm of the gradient"}
PLAYERS = {"d": "discriminator", "g": "generator"}
