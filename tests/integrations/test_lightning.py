"""Lightning's trainer with the callback: an ordinary run, the training unchanged, whichever way the module optimises."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss
from torch.utils.data import DataLoader, TensorDataset

import saddlepoint as sp
from saddlepoint.errors import SettingError
from tests.experiment.watching.loops import NOISE, RECORDS, Findings, examples

pl = pytest.importorskip("pytorch_lightning", reason="needs Lightning (pytorch-lightning)")
from saddlepoint.integrations.lightning import WatchCallback  # noqa: E402 - needs Lightning

pytestmark = [
    pytest.mark.slow,
    # Of Lightning, about torch and about how this data is loaded.
    pytest.mark.filterwarnings("ignore:.*LeafSpec.* is deprecated:FutureWarning"),
    pytest.mark.filterwarnings("ignore:The .*dataloader.* does not have many workers:UserWarning"),
    pytest.mark.filterwarnings("ignore:The number of training batches:UserWarning"),
]
EPOCHS, BATCHES, BATCH = 3, 10, 20


class Adversarial(pl.LightningModule):  # type: ignore[misc, name-defined]
    """A GAN with manual optimisation, as in Lightning's documentation."""

    def __init__(self, moves: bool = True) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.moves = moves
        self.G = nn.Sequential(nn.Linear(NOISE, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
        self.D = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Dropout(0.1), nn.Linear(8, 1))

    def configure_optimizers(self) -> Any:
        return [torch.optim.Adam(net.parameters(), 1e-3) for net in (self.D, self.G)]

    def training_step(self, batch: Any, index: int) -> None:
        (x,) = batch
        of_d, of_g = self.optimizers()
        ones, fake = torch.ones(len(x), 1), self.G(torch.randn(len(x), NOISE))
        loss = binary_cross_entropy_with_logits(self.D(x), ones)
        loss = loss + binary_cross_entropy_with_logits(self.D(fake.detach()), 0 * ones)
        of_d.zero_grad()
        self.manual_backward(loss)
        of_d.step()
        push = binary_cross_entropy_with_logits(self.D(fake), ones)
        of_g.zero_grad()
        self.manual_backward(push)
        if self.moves:
            of_g.step()
        self.log_dict({"train/loss_D": loss, "train/loss_G": push}, on_step=True, on_epoch=True)


class Autoencoder(pl.LightningModule):  # type: ignore[misc, name-defined]
    """An autoencoder with automatic optimisation, which is validated."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name  # of the number that validation logs
        self.network = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 2))

    def configure_optimizers(self) -> Any:
        return torch.optim.Adam(self.parameters(), 1e-2)

    def training_step(self, batch: Any, index: int) -> Tensor:
        loss = mse_loss(self.network(batch[0]), batch[0])
        self.log("loss", loss)
        return loss

    def validation_step(self, batch: Any, index: int) -> None:
        self.log(self.name, 2 + mse_loss(self.network(batch[0]), batch[0]))


def fit(module: Any, *callbacks: Any, validate: bool = False, **arguments: Any) -> Any:
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    data = DataLoader(TensorDataset(examples(BATCHES * BATCH)), batch_size=BATCH)
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
    trainer = pl.Trainer(
        accelerator="cpu", callbacks=list(callbacks), logger=False, **{"max_epochs": EPOCHS, **quiet, **arguments}
    )
    torch.manual_seed(3)
    trainer.fit(module, data, data if validate else None)
    return trainer


def watching(folder: Path, module: Adversarial, **arguments: Any) -> WatchCallback:
    given = {
        "players": {"discriminator": module.D, "generator": module.G},
        "objective": "bce",
        "data": examples(),
        "sample": lambda n: module.G(torch.randn(n, NOISE)),
    }
    quiet = {"settings": RECORDS, "pictures": False, "listener": Findings()}
    return WatchCallback(folder / "run", **{**given, **quiet, **arguments})


def adversarial(**arguments: Any) -> Adversarial:
    torch.manual_seed(4)
    return Adversarial(**arguments)


def test_a_gan_with_manual_optimisation_is_a_run(tmp_path: Path) -> None:
    module = adversarial()
    callback = watching(tmp_path, module)
    fit(module, callback)
    run = sp.Run(tmp_path / "run")
    assert (run.summary["state"], run.records[-1].step) == ("finished", EPOCHS * BATCHES)
    assert run.recipe.training.steps == EPOCHS * BATCHES  # as the trainer said
    assert {"d/loss", "g/loss", "d/real_score", "d/grad_norm", "g/update_ratio", "quality/energy_distance"} <= set(
        run.records[-1].values
    )
    assert not any("epoch" in name for name in run.records[-1].values)
    assert callback.watch is not None
    assert callback.watch.verdict == f"{run.headline}. {run.verdict}"


def test_training_is_the_same_bit_for_bit(tmp_path: Path) -> None:
    alone, observed = adversarial(), adversarial()
    fit(alone)
    fit(observed, watching(tmp_path, observed))
    for ours, theirs in zip(observed.state_dict().values(), alone.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_generator_that_never_moves_is_found(tmp_path: Path) -> None:
    module = adversarial(moves=False)
    callback = watching(tmp_path, module)
    fit(module, callback)
    assert callback.watch is not None
    assert "LOOP902" in {finding.code for finding in callback.watch.findings}


@pytest.mark.parametrize("name", ["val_loss", "loss"])
def test_automatic_optimisation_counts_updates_and_keeps_validation_apart(name: str, tmp_path: Path) -> None:
    module = Autoencoder(name)
    quiet = {"settings": {"training.tick": 5}, "pictures": False, "listener": Findings()}
    callback = WatchCallback(tmp_path / "run", players={"autoencoder": module.network}, **quiet)
    fit(module, callback, validate=True, accumulate_grad_batches=2)
    records = sp.Run(tmp_path / "run").records
    assert records[-1].step == EPOCHS * BATCHES // 2
    assert all(record.values["ae/loss"] < 2 for record in records[1:])
    # Validation follows every 5th step, and its number counts with the next one.
    assert [record.step for record in records if record.values.get("ae/held_out_loss", 0) > 2] == [6, 11]


def test_a_second_fit_and_a_resumed_one_count_the_steps_that_are_left(tmp_path: Path) -> None:
    module = Autoencoder("val_loss")
    quiet = {"settings": {"training.tick": 5}, "pictures": False, "listener": Findings()}
    callback = WatchCallback(tmp_path / "run", players={"autoencoder": module.network}, **quiet)
    trainer = fit(module, callback, validate=True)
    trainer.fit_loop.max_epochs = EPOCHS + 1
    data = DataLoader(TensorDataset(examples(BATCHES * BATCH)), batch_size=BATCH)
    trainer.fit(module, data, data)
    first, second = (sp.Run(tmp_path / name) for name in ("run", "run-2"))
    assert (first.recipe.training.steps, second.recipe.training.steps) == (EPOCHS * BATCHES, BATCHES)
    assert second.records[-1].step == BATCHES


def test_a_returned_loss_is_that_of_a_batch_where_gradients_are_accumulated(tmp_path: Path) -> None:
    class Returning(Autoencoder):
        def training_step(self, batch: Any, index: int) -> Tensor:
            return 0 * mse_loss(self.network(batch[0]), batch[0]) + 3

    module = Returning("val_loss")
    quiet = {"settings": {"training.tick": 5}, "pictures": False, "listener": Findings()}
    fit(
        module,
        WatchCallback(tmp_path / "run", objective="autoencoder", **quiet),
        accumulate_grad_batches=2,
        validate=True,
    )
    assert sp.Run(tmp_path / "run").records[-1].values["ae/loss"] == 3


def test_a_finding_stops_the_trainer(tmp_path: Path) -> None:
    module = adversarial(moves=False)
    callback = watching(tmp_path, module, stop_on=["LOOP902"])
    trainer = fit(module, callback, max_epochs=50)
    assert callback.watch is not None
    assert callback.watch.should_stop
    assert trainer.current_epoch < 49
    assert sp.Run(tmp_path / "run").records[-1].step == 120  # steps after which the weights are compared


def test_an_error_of_the_module_passes_and_leaves_a_complete_folder(tmp_path: Path) -> None:
    module = adversarial()
    original = module.training_step

    def fails(batch: Any, batch_idx: int) -> None:
        if batch_idx == 4:
            raise ValueError("my own error")
        original(batch, batch_idx)

    module.training_step = fails  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="my own error"):
        fit(module, watching(tmp_path, module))
    assert sp.Run(tmp_path / "run").summary["state"] == "interrupted"


def test_names_that_are_not_guessed_can_be_given(tmp_path: Path) -> None:
    module = adversarial()
    module.log_dict = lambda values, **_: module.log("adv", values["train/loss_G"])  # type: ignore[method-assign]
    fit(module, watching(tmp_path, module, names={"adv": "g_loss"}))
    assert "g/loss" in sp.Run(tmp_path / "run").records[-1].values


def test_a_wrong_argument_is_refused_before_training() -> None:
    with pytest.raises(SettingError, match="unknown objective 'wassersten'"):
        WatchCallback(objective="wassersten")
