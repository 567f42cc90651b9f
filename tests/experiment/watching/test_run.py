"""A watched loop writes an ordinary run, whatever it was given, and says what is missing."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

import saddlepoint as sp
from saddlepoint.cli.main import main
from saddlepoint.errors import DataError, RunError, SettingError
from saddlepoint.models.capabilities import Encodes, GenerativeModel, Judges, has
from tests.experiment.watching.loops import GAN, RECORDS, VAE, Findings


def quiet(folder: Path, **arguments: Any) -> Any:
    return sp.watch(folder / "run", **{"settings": RECORDS, "pictures": False, "listener": Findings(), **arguments})


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, GAN]:
    """The folder of a watched GAN, its watch, and the GAN."""
    folder, gan = tmp_path_factory.mktemp("watched"), GAN()
    arguments = {"players": gan.players, "objective": "bce", "data": gan.data, "held_out": gan.data[:50] + 0.1}
    with quiet(folder, **arguments, sample=gan.sample, steps=200) as watch:
        gan.train(watch, 40)
    return folder / "run", watch, gan


def test_the_folder_is_that_of_a_run(watched: tuple[Path, Any, GAN]) -> None:
    folder, watch, _ = watched
    run = sp.Run(folder)
    assert run.recipe.model.family == "watched"
    assert run.recipe.model.objective == "non-saturating"  # type: ignore[attr-defined]
    assert run.summary["state"] == "finished"
    assert watch.verdict == f"{run.headline}. {run.verdict}"
    values = run.records[-1].values
    of_hooks = {"d/grad_norm", "g/grad_norm", "d/update_ratio", "g/update_ratio", "d/learning_rate", "g/learning_rate"}
    of_probes = {"d/advantage", "d/overfitting", "d/dead_units", "g/dead_units", "g/coverage", "g/sample_gradient"}
    of_loop = {"d/loss", "g/loss", "d/real_score", "d/fake_score", "time/steps_per_second"}
    assert of_hooks | of_probes | of_loop | {"quality/energy_distance", "g/copied"} <= set(values)
    assert (values["d/learning_rate"], run.records[-1].step) == (1e-3, 40)
    assert 0.2 < values["d/real_score"] < 0.8
    assert list(run.folder.samples.glob("*.png"))


def test_diagnose_finds_in_the_folder_what_was_found_live(watched: tuple[Path, Any, GAN]) -> None:
    folder, watch, _ = watched
    assert [f.code for f in sp.diagnose(folder).findings] == [f.code for f in watch.findings]
    assert sp.diagnose(folder).objectives == ("gan", "non-saturating")


def test_the_model_samples_and_judges(watched: tuple[Path, Any, GAN]) -> None:
    _, watch, gan = watched
    model = watch.model
    assert has(model, GenerativeModel)
    assert has(model, Judges)
    assert not has(model, Encodes)
    one, other = (model.sample(5, generator=torch.Generator().manual_seed(0)) for _ in range(2))
    assert torch.equal(one, other)
    assert not torch.equal(one, model.sample(5))
    gan.D.eval()
    with torch.no_grad():
        assert torch.allclose(model.logits(gan.data[:7]), gan.D(gan.data[:7]).flatten())
    gan.D.train()


@pytest.mark.parametrize("command", ["sample", "evaluate", "resume", "train"])
def test_commands_that_need_the_networks_say_so(
    command: str, watched: tuple[Path, Any, GAN], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, str(watched[0])]) == 2
    said = capsys.readouterr().err
    assert "a loop of your own" in said
    assert said.count("\n") < 6


def test_the_functions_that_need_the_networks_say_so(watched: tuple[Path, Any, GAN]) -> None:
    for function in (sp.load, sp.evaluate, sp.resume):
        with pytest.raises(RunError, match=r"a loop of your own.*watch\.model"):
            function(watched[0])


@pytest.mark.slow
def test_report_and_diagnose_work(watched: tuple[Path, Any, GAN], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(watched[0])]) == 0
    page = (watched[0] / "report.html").read_text("utf-8")
    assert "run your script again" in page
    assert "saddlepoint train" not in page
    capsys.readouterr()
    assert main(["diagnose", str(watched[0]), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == 40


@pytest.mark.parametrize(
    "given", [(), ("players",), ("data",), ("sample",), ("objective",), ("data", "sample", "players")]
)
def test_any_argument_may_be_missing_and_the_verdict_says_what_that_costs(
    given: tuple[str, ...], tmp_path: Path
) -> None:
    gan = GAN()
    whole = {"players": gan.players, "data": gan.data, "sample": gan.sample, "objective": "minimax"}
    with quiet(tmp_path, **{name: whole[name] for name in given}) as watch:
        gan.train(watch, 12)
    run = sp.Run(tmp_path / "run")
    assert run.records[-1].step == run.recipe.training.steps == 12
    assert "d/loss" in run.records[-1].values
    missing = {"players", "data", "sample", "objective"} - set(given)
    told = {name for name in missing if f"{name}=" in run.verdict}
    assert told == missing
    assert "GAN103" in run.verdict or {"data", "sample"} <= set(given)


def test_should_stop_when_a_finding_opens(tmp_path: Path) -> None:
    with quiet(tmp_path, stop_on=["num301"]) as watch:
        watch.step(d_loss=1.0)
        assert not watch.should_stop
        for _ in range(30):
            watch.step(d_loss=float("nan"))
        assert watch.should_stop
    assert {finding.code for finding in watch.findings} >= {"NUM301"}


def test_findings_are_logged_as_they_open(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "saddlepoint"), quiet(tmp_path, listener=None) as watch:
        for _ in range(30):
            watch.step(loss=float("inf"))
    assert "NUM301" in caplog.text


def test_other_names_are_recorded_as_they_are(tmp_path: Path) -> None:
    with quiet(tmp_path, steps=200) as watch:
        for number in range(10):
            watch.step(accuracy=number, d_loss=torch.tensor([1.0, 3.0]), **{"mine/thing": torch.tensor(2)})
    values = sp.Run(tmp_path / "run").records[-1].values
    assert (values["accuracy"], values["d/loss"], values["mine/thing"]) == (4.5, 2.0, 2.0)


def test_logits_of_the_loop_replace_those_of_the_networks(tmp_path: Path) -> None:
    with quiet(tmp_path, objective="non-saturating") as watch:
        for _ in range(10):
            watch.step(d_loss=1.0, g_loss=1.0, real_logits=torch.full((4, 1), 2.0), fake_logits=torch.zeros(4))
    values = sp.Run(tmp_path / "run").records[-1].values
    assert values["d/real_score"] == pytest.approx(torch.sigmoid(torch.tensor(2.0)).item())
    assert (values["d/fake_logit"], values["d/advantage"]) == (0.0, 1.0)


class Reads(TorchDispatchMode):
    """Counts the numbers that are read from tensors, each of which would wait for a GPU."""

    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


SCALARS: dict[str, dict[str, Tensor]] = {
    "vae": {"loss": torch.ones(()), "kl": torch.ones(()), "mean": torch.ones(4, 2), "log_variance": torch.ones(4, 2)},
    "bce": {"d_loss": torch.ones(()), "real_logits": torch.ones(4), "fake_logits": torch.zeros(4)},
}


@pytest.mark.parametrize("objective", SCALARS)
def test_a_step_between_records_reads_no_number_from_a_device(objective: str, tmp_path: Path) -> None:
    with quiet(tmp_path, objective=objective, steps=10_000, settings={"training.tick": 200}) as watch:
        for _ in range(130):  # the first steps are checked
            watch.step(**SCALARS[objective])
        with Reads() as reads:
            for _ in range(40):
                watch.step(**SCALARS[objective])
        assert reads.count == 0
        with reads:
            float(torch.ones(()))
        assert reads.count == 1


def test_empty_tensors_are_no_broken_numbers(tmp_path: Path) -> None:
    with quiet(tmp_path, objective="autoencoder", steps=2, settings={"training.tick": 1}) as watch:
        watch.step(loss=torch.ones(0), other=[], val_loss=1.0)
        watch.step(loss=2.0)
        with pytest.raises(SettingError, match="give a number or a tensor"):
            watch.step(loss=[torch.ones((), requires_grad=True), "text"])
        with pytest.raises(SettingError, match="whole number of at least 0"):
            watch.advance(-1, loss=2.0)
    assert not watch.findings


def test_tensors_that_cannot_be_combined_stop_the_recording_and_not_the_loop(tmp_path: Path) -> None:
    mean, elsewhere = torch.ones(4, 2), torch.ones(4, 2, device="meta")
    with quiet(tmp_path, objective="vae") as watch:
        with pytest.warns(RuntimeWarning, match="Your training continues"):
            watch.step(loss=1.0, kl=1.0, mean=mean, log_variance=elsewhere)
        watch.step(loss=1.0)
    assert sp.Run(tmp_path / "run").summary["state"] == "finished"


@pytest.mark.slow
def test_a_vae_with_its_functions_can_encode_and_sample(tmp_path: Path) -> None:
    vae = VAE()
    with quiet(tmp_path, players={"vae": vae}, data=vae.data, encode=vae.encode, decode=vae.decoder) as watch:
        vae.learn(watch, 20)
    assert watch.model.encode(vae.data[:3]).shape == (3, 2)
    assert watch.model.sample(4).shape == (4, 2)
    values = sp.Run(tmp_path / "run").records[-1].values
    assert {"vae/kl", "vae/head_kl", "vae/dead_units", "quality/energy_distance", "vae/reconstruction_distance"} <= set(
        values
    )


@pytest.mark.pictures
@pytest.mark.slow
def test_all_pictures_of_a_vae_of_images_are_drawn(tmp_path: Path) -> None:
    encoder, decoder = nn.Sequential(nn.Flatten(), nn.Linear(16, 4)), nn.Linear(2, 16)
    network, listener = nn.ModuleList([encoder, decoder]), Findings()
    arguments = {"players": {"vae": network}, "data": torch.rand(60, 1, 4, 4), "listener": listener, "pictures": True}
    with quiet(tmp_path, **arguments, encode=lambda x: encoder(x).chunk(2, 1), decode=decoder) as watch:
        watch.step(loss=1.0)
    assert not listener.notes
    assert (tmp_path / "run" / "figures" / "traversals.png").is_file()


class Pairs(torch.utils.data.Dataset[tuple[Tensor, int]]):
    def __len__(self) -> int:
        return 30

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return torch.rand(1, 4, 4), index % 3


@pytest.mark.parametrize("data", [Pairs(), torch.utils.data.DataLoader(Pairs(), 5)])
def test_data_may_be_a_torch_dataset_or_loader(data: Any, tmp_path: Path) -> None:
    before = torch.get_rng_state()
    with quiet(tmp_path, data=data) as watch:
        watch.step(loss=1.0)
    assert torch.equal(before, torch.get_rng_state())
    assert sp.Run(tmp_path / "run").summary["data"]["shape"] == [1, 4, 4]


@pytest.mark.parametrize("example", [{"image": 1}, None, "text"])
def test_a_torch_dataset_of_other_things_is_one_sentence(example: Any, tmp_path: Path) -> None:
    class Things(torch.utils.data.Dataset[Any]):
        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> Any:
            return example

    with pytest.raises(DataError, match="give a tensor"), quiet(tmp_path, data=Things(), objective="bce"):
        pass
    assert not (tmp_path / "run").exists()


def test_a_loss_that_the_loop_adds_to_in_place_is_recorded_as_it_was(tmp_path: Path) -> None:
    total = torch.zeros(())
    with quiet(tmp_path, objective="bce", steps=200) as watch:
        for _ in range(10):
            total += 1
            watch.step(d_loss=total)
    assert sp.Run(tmp_path / "run").records[-1].values["d/loss"] == pytest.approx(5.5)


def test_a_discriminator_that_takes_flat_images_is_asked(tmp_path: Path) -> None:
    critic = nn.Sequential(nn.Linear(16, 1))
    generator = nn.Sequential(nn.Linear(2, 16))
    data = torch.rand(50, 1, 4, 4)
    arguments = {
        "players": {"critic": critic, "generator": generator},
        "sample": lambda n: generator(torch.randn(n, 2)),
    }
    with quiet(tmp_path, data=data, **arguments) as watch:
        watch.step(d_loss=1.0)
    assert "d/real_logit" in sp.Run(tmp_path / "run").records[0].values


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "players": ({"players": {"generator": 3}}, "the generator is 3"),
    "objective": ({"objective": "non-saturatin"}, 'Did you mean "non-saturating"'),
    "stop_on": ({"stop_on": ["GAN999"]}, "no finding has the code GAN999"),
    "sample": ({"sample": 5}, "give a function"),
    "steps": ({"steps": 0}, "steps must be a whole number"),
    "settings": ({"settings": {"training.tik": 5}}, "training.tik"),
    "two of one name": ({"players": {"critic": nn.Linear(1, 1), "discriminator": nn.Linear(1, 1)}}, "use other names"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments_are_one_sentence_and_write_nothing(case: str, tmp_path: Path) -> None:
    arguments, said = WRONG[case]

    def enter() -> None:
        with quiet(tmp_path, **{"objective": "vae", **arguments}):
            pass

    with pytest.raises(SettingError, match=said):
        enter()
    assert not list(tmp_path.iterdir())


def test_a_sampler_that_fails_before_the_first_step_writes_nothing(tmp_path: Path) -> None:
    def enter() -> None:
        with quiet(tmp_path, sample=lambda n: torch.zeros(n, 2)[:1], objective="hinge", data=GAN().data):
            pass

    with pytest.raises(sp.SaddlepointError, match="samples were asked for"):
        enter()
    assert not list(tmp_path.iterdir())


def test_an_existing_run_stays(tmp_path: Path) -> None:
    with quiet(tmp_path) as watch:
        watch.step(loss=1.0)
    with pytest.raises(RunError, match=r"already holds a run.*in Python run=.*in Python overwrite=True"):
        quiet(tmp_path).__enter__()
    with quiet(tmp_path, overwrite=True) as watch:
        watch.step(loss=1.0)


def test_step_outside_of_the_block_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="within the block"):
        quiet(tmp_path).step(loss=1.0)


def test_of_a_distributed_training_the_first_process_alone_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 1)
    gan = GAN()
    with quiet(tmp_path, players=gan.players, data=gan.data) as watch:
        gan.train(watch, 2)
    assert (watch.findings, watch.should_stop, watch.folder) == ((), False, None)
    assert not list(tmp_path.iterdir())


def test_several_steps_at_once(tmp_path: Path) -> None:
    gan = GAN()
    with quiet(tmp_path, players=gan.players, steps=200) as watch:
        for _ in range(6):
            gan.train(None, 5)
            watch.advance(5, d_loss=1.0)
        watch.advance(0, lateness=2.0)
        for steps in (-1, 1.5, "5"):
            with pytest.raises(SettingError, match=r"watch\.advance"):
                watch.advance(steps)
    records = sp.Run(tmp_path / "run").records
    assert [record.step for record in records] == [0, 10, 20, 30]
    assert {"d/loss", "d/grad_norm", "d/update_ratio"} <= set(records[-1].values)
