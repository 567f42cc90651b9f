"""Names of logged numbers as keywords of `watch.step`."""

from __future__ import annotations

from typing import Any

import pytest

from saddlepoint.errors import SettingError
from saddlepoint.integrations.keywords import MOST, Keywords


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


def test_a_loss_under_a_second_name_is_left_out() -> None:
    """A bare `loss` would be added to the series of the loss that was recognised before."""
    assert Keywords(None, {"objective": "vae"}).translate({"train_loss": 1, "loss": 2}) == {"vae_loss": 1}
    assert Keywords(None, {"objective": "vae"}).translate({"recon_loss": 1, "reconstruction": 2}) == {
        "reconstruction": 1
    }
    assert Keywords(None, {"objective": "hinge"}).translate({"loss": 2}) == {"loss": 2}


@pytest.mark.parametrize("names", ["adv", ["adv"], {"adv": 3}, {3: "g_loss"}])
def test_wrong_names_are_refused_in_one_sentence(names: Any) -> None:
    with pytest.raises(SettingError, match="watch: names"):
        Keywords(names, {})


def test_names_without_end_are_left_out() -> None:
    keywords = Keywords(None, {})
    for number in range(MOST + 50):
        found = keywords.translate({"loss": 1, f"layer_{number}": 2})
    assert found == {"loss": 1}
