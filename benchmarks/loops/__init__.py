"""Plain training loops in the manner of the usual tutorials, each with mistakes that can be injected, and the log that such a script prints.

`SCRIPTS` is the registry. A script is trained for seconds on the 8 x 8 digits of scikit-learn. The scripts of the calibration half were used to
choose thresholds; those of the reporting half were not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from loops.encoders import ENCODER_MISTAKES, OVERFIT, WATCHED_ENCODER, WATCHED_OVERFIT, train_encoder
from loops.games import (
    CRITIC_MISTAKES,
    PENALTY_MISTAKES,
    PLAYER_MISTAKES,
    WATCHED_CRITIC,
    WATCHED_LOGITS,
    WATCHED_PENALTY,
    WATCHED_PLAYER,
    train_game,
)
from loops.printed import as_csv, as_dcgan, as_epochs, as_history, as_json_lines, as_lightning, as_pipes, as_pytorch_gan

Codes = frozenset[str]
NO_MISTAKE = "none"


@dataclass(frozen=True)
class Script:
    """A training script.

    Attributes:
        train: trains with a mistake and a seed, and returns rows of numbers: (mistake, seed, quick, watching) -> rows. `watching` is
            `sp.watch`, or a function that takes its arguments.
        print_rows: the log that the script prints, from these rows.
        mistakes: what can be injected, with the codes of a log that name it.
        watched_mistakes: the same where the loop is watched, and mistakes that losses do not show.
        calibrates: whether thresholds were chosen on it.
    """

    train: Callable[..., list[dict[str, float]]]
    print_rows: Callable[[list[dict[str, float]]], str]
    mistakes: Mapping[str, Codes]
    watched_mistakes: Mapping[str, Codes]
    calibrates: bool


SCRIPTS: dict[str, Script] = {
    "gan": Script(partial(train_game, "gan"), as_pytorch_gan, PLAYER_MISTAKES, WATCHED_LOGITS, True),
    "lsgan": Script(
        partial(train_game, "lsgan"), as_epochs("epoch,d_loss,g_loss"), PLAYER_MISTAKES, WATCHED_PLAYER, True
    ),
    "wgan": Script(partial(train_game, "wgan"), as_json_lines, CRITIC_MISTAKES, WATCHED_CRITIC, True),
    "vae": Script(partial(train_encoder, "vae"), as_pipes, ENCODER_MISTAKES, WATCHED_ENCODER, True),
    "autoencoder": Script(partial(train_encoder, "autoencoder"), as_lightning, OVERFIT, WATCHED_OVERFIT, True),
    "dcgan": Script(partial(train_game, "dcgan"), as_dcgan, PLAYER_MISTAKES, WATCHED_LOGITS, False),
    "hinge": Script(
        partial(train_game, "hinge"), as_csv("step,dsc_loss,gen_loss"), PLAYER_MISTAKES, WATCHED_PLAYER, False
    ),
    "wgan-gp": Script(
        partial(train_game, "wgan-gp"), as_csv("iter;loss_critic;loss_gen"), PENALTY_MISTAKES, WATCHED_PENALTY, False
    ),
    "conditional": Script(partial(train_game, "conditional"), as_history, PLAYER_MISTAKES, WATCHED_LOGITS, False),
    "beta-vae": Script(
        partial(train_encoder, "beta-vae"),
        as_epochs("epoch,loss,reconstruction_loss,kl_loss,val_loss"),
        ENCODER_MISTAKES,
        WATCHED_ENCODER,
        False,
    ),
    "denoising": Script(partial(train_encoder, "denoising"), as_history, OVERFIT, WATCHED_OVERFIT, False),
}
