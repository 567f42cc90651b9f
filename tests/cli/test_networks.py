"""A run whose networks were given as objects is used from the command line, with the networks named by import path."""

from __future__ import annotations

from pathlib import Path

import pytest

import saddlepoint as sp
from saddlepoint.cli.arguments import networks_of
from saddlepoint.cli.main import main
from saddlepoint.errors import SettingError

CODE = """
from torch import nn

WIDTH = 8

class Generator(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 2))

def discriminator():
    return nn.Sequential(nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 1))

def wider():
    return nn.Sequential(nn.Linear(2, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 2))

instance = discriminator()

def needs(width):
    return nn.Linear(2, width)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    Path("nets_of_a_user.py").write_text(CODE, "utf-8")
    return "nets_of_a_user"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["generator"], "is not ROLE=PACKAGE.MODULE:NAME"),
        (["generator=nets_of_a_user"], "is not ROLE=PACKAGE.MODULE:NAME"),
        (["generator=nets_of_a_user:instance", "generator=nets_of_a_user:instance"], "named twice"),
        (["generator=nets_of_a_user:Missing"], 'has no "Missing"'),
        (["generator=no_such_module:make"], "there is no module"),
        (["generator=nets_of_a_user:WIDTH"], "is of type int"),
        (["generator=nets_of_a_user:needs"], "failed: TypeError"),
    ],
)
def test_arguments_that_make_no_network_are_refused_in_a_sentence(module: str, given: list[str], words: str) -> None:
    with pytest.raises(SettingError, match=words) as raised:
        networks_of("sample", given)
    assert str(raised.value).startswith("sample: --network")


@pytest.mark.slow
def test_a_run_trained_with_objects_is_sampled_evaluated_resumed(
    module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    import nets_of_a_user as nets  # type: ignore[import-not-found]

    networks = {"generator": nets.Generator(), "discriminator": nets.discriminator()}
    sp.train("toy-ring", data={"points": 200}, modules=networks, training={"steps": 20}, run="run", pictures=False)
    assert main(["sample", "run", "-n", "30", "--out", "all.npz"]) == 2
    assert "--network generator=PACKAGE.MODULE:NAME --network discriminator=" in capsys.readouterr().err
    wrong = ["--network", f"generator={module}:wider", "--network", f"discriminator={module}:instance"]
    assert main(["sample", "run", "-n", "30", "--out", "all.npz", *wrong]) == 2
    assert "0.weight has shape (8, 2) in the network, (5, 2) in the checkpoint" in capsys.readouterr().err
    flags = ["--network", f"generator={module}:Generator", "--network", f"discriminator={module}:instance"]
    assert main(["sample", "run", "-n", "30", "--out", "all.npz", *flags]) == 0
    assert main(["evaluate", "run", "--samples", "60", "--seeds", "1", *flags]) == 0
    assert main(["resume", "run", "--steps", "30", "--no-pictures", *flags]) == 0
    assert sp.Run("run").summary["step"] == 30
