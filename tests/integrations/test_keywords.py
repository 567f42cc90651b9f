"""Names of logged numbers as keywords of `watch.step`."""

from __future__ import annotations

import pytest

from saddlepoint.integrations.keywords import Keywords


@pytest.mark.parametrize(
    ("objective", "names", "expected"),
    [
        (None, ["train/loss_D", "train/loss_G"], ["d_loss", "g_loss"]),
        ("hinge", ["errD", "errG", "accuracy"], ["d_loss", "g_loss", "accuracy"]),
        (None, ["vae_loss", "recon_loss", "kl", "lr"], ["vae_loss", "reconstruction", "kl", "lr"]),
        ("autoencoder", ["loss", "val_loss"], ["ae_loss", "ae/held_out_loss"]),
        (None, ["loss", "val_loss"], ["loss", "model/held_out_loss"]),
    ],
)
def test_a_name_is_guessed_or_kept(objective: str | None, names: list[str], expected: list[str]) -> None:
    values = dict(zip(names, range(len(names)), strict=True))
    assert Keywords(None, {"objective": objective}).translate(values) == dict(
        zip(expected, values.values(), strict=True)
    )


def test_a_given_keyword_is_taken_and_never_given_twice() -> None:
    assert Keywords({"adv": "g_loss"}, {}).translate({"adv": 1, "errG": 2}) == {"g_loss": 1, "errG": 2}


def test_later_names_change_nothing() -> None:
    keywords = Keywords(None, {})
    assert keywords.translate({"loss_G": 1}) == {"g_loss": 1}
    assert keywords.translate({"generator_loss": 2, "loss_G": 1}) == {"generator_loss": 2, "g_loss": 1}
