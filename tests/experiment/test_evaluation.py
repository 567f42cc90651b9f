"""From a run or any model to a scorecard, and the scorecard that a run stores."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import saddlepoint as sp
from saddlepoint.errors import DataError, RunError, SettingError
from saddlepoint.evaluation.scorecard.scorecard import Scorecard
from saddlepoint.evaluation.settings import AssessmentSettings
from saddlepoint.experiment import Evaluation, Run, resume, train
from saddlepoint.records import Finding
from saddlepoint.training.checkpoint import steps
from tests.experiment.runs import recipe

pytestmark = pytest.mark.slow  # every run is measured whole

QUICK = AssessmentSettings(samples=40, seeds=1, resamples=5)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(recipe("vae", steps=12), run=tmp_path_factory.mktemp("evaluation") / "run")


def test_a_run_keeps_its_scorecard_and_shows_it(run: Run) -> None:
    sp.write_report(run)
    before = run.folder.report.stat().st_mtime_ns
    found = sp.evaluate(run, samples=40, seeds=1, features="pca")
    assert isinstance(found, sp.Scorecard)
    assert sp.Scorecard.load(run.folder.scorecard) == found
    assert run.folder.report.stat().st_mtime_ns > before
    run.folder.report.unlink()  # which every other evaluation of this run would write again
    assert (found.card.model, found.card.step, found.card.ema) == (str(run.folder.path), 12, False)
    assert found.card.n_fake == 40
    assert found["likelihood"].title == "Held-out log-likelihood (lower bound)"


def test_a_run_and_its_folder_give_equal_scores(run: Run) -> None:
    first, second = (sp.evaluate(one, samples=40, seeds=1, features="raw") for one in (run, run.folder.path))
    assert repr(first.scores) == repr(second.scores)


def test_a_scorecard_answers_the_same_question_only(run: Run) -> None:
    asked = Evaluation(run, QUICK, features=["pca"])
    asked.measure()
    assert asked.stored()[0] is not None
    for other in (
        replace(asked, settings=AssessmentSettings(samples=41, seeds=1, resamples=5)),
        replace(asked, features=["raw"]),
        replace(asked, features=[torch.nn.Flatten()]),
        replace(asked, data="ring"),
        replace(asked, step=10),
    ):
        assert other.stored()[0] is None


def test_a_run_that_was_trained_further_is_measured_again(tmp_path: Path) -> None:
    trained = train(recipe("gan", steps=4), run=tmp_path / "run")
    asked = Evaluation(trained, QUICK, features="pca")
    assert asked.stored()[0] is None
    asked.measure()
    assert asked.stored()[0] is not None
    resume(tmp_path / "run", steps=6)
    assert asked.stored()[0] is None
    trained.folder.scorecard.write_text("{")
    assert asked.stored()[0] is None


def test_changed_data_of_the_same_name_are_measured_again(tmp_path: Path) -> None:
    x = sp.load_data("digits").x[:300].numpy()
    file = tmp_path / "x.npy"
    np.save(file, x)
    trained = train(recipe("gan", steps=4), run=tmp_path / "run")
    asked = Evaluation(trained, QUICK, data=str(file), features=["raw"])
    asked.measure()
    assert replace(asked).stored() == (Scorecard.load(trained.folder.scorecard), "")
    np.save(file, x[::-1])
    found, why = replace(asked).stored()
    assert found is None
    assert "has changed since" in why
    np.save(file, x)
    assert replace(asked).stored()[0] is not None


def test_weights_that_are_not_those_that_were_measured_answer_nothing(tmp_path: Path) -> None:
    trained = train(recipe("gan", steps=4), run=tmp_path / "run")
    asked = Evaluation(trained, QUICK, features="raw", step=4)
    asked.measure()
    assert asked.stored()[0] is not None
    weights = next(trained.folder.checkpoints.glob("*04/weights.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    found, why = asked.stored()
    assert found is None
    assert "not those that were measured" in why
    with pytest.raises(RunError):
        asked.measure()


def test_one_s_own_features_are_always_computed(run: Run) -> None:
    """Their code may have changed under their name."""
    asked = Evaluation(run, QUICK, features=["torch.nn:Flatten"])
    asked.measure()
    assert asked.stored()[0] is None


def test_averaged_weights_are_on_the_card(tmp_path: Path) -> None:
    trained = train(recipe("dcgan", steps=2), run=tmp_path / "run")
    assert Evaluation(trained, QUICK, features="raw").measure().card.ema is True


def test_examples_that_a_run_keeps_are_found_where_it_was_moved(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(400, 2)).astype(np.float32)
    content = recipe("vae", steps=2, batch_size=8)
    trained = train(content, data=x, model={"likelihood": "gaussian"}, run=tmp_path / "run")
    trained.folder.path.rename(tmp_path / "moved")
    found = sp.evaluate(tmp_path / "moved", seeds=1)
    assert found.card.n_real == 40


class Mine:
    """No more than the contract."""

    def __init__(self, data: sp.Dataset) -> None:
        self.event = data.event
        self.x = data.x

    def sample(self, n: int, *, labels: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        return self.x[torch.randint(len(self.x), (n,), generator=generator)]


def test_any_model_is_measured_on_any_data(tmp_path: Path) -> None:
    digits = sp.load_data("digits")
    model = Mine(digits)
    by_name, by_value = (sp.evaluate(model, data, samples=40, seeds=1, features="pca") for data in ("digits", digits))
    assert repr(by_name.scores) == repr(by_value.scores)
    assert by_name.card.model == "Mine"
    assert by_name["near_copies"].value > 0.9

    x = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    ours = Mine(sp.from_array(x))
    cards = [sp.evaluate(ours, data, seeds=1) for data in (x, torch.from_numpy(x), tmp_path / "x.npy")]
    assert len({repr(card.scores) for card in cards}) == 1
    labelled = sp.evaluate(ours, (x, (x[:, 0] > 0).astype(int)), seeds=1)
    assert labelled.card.n_real == 30


class Fixed:
    """Samples that are what they are."""

    def __init__(self, data: sp.Dataset, samples: Callable[[int], Tensor]) -> None:
        self.event, self.samples = data.event, samples

    def sample(self, n: int, *, labels: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        return self.samples(n)


NORMAL = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)


@pytest.mark.parametrize(
    ("x", "samples", "words"),
    [
        (NORMAL, lambda n: torch.full((n, 3), torch.nan), "hold NaN or infinite values"),
        (NORMAL, lambda n: torch.zeros(n, 4), r"samples have shape \(\d+, 4\)"),
        (NORMAL[:1], lambda n: torch.zeros(n, 3), "too few to compare"),
    ],
    ids=["NaN samples", "mismatched shapes", "one example"],
)
def test_broken_input_is_one_sentence(x: np.ndarray, samples: Callable[[int], Tensor], words: str) -> None:
    with pytest.raises(DataError, match=words) as raised:
        sp.evaluate(Fixed(sp.from_array(x), samples), x, seeds=1)
    assert "\n" not in str(raised.value)
    assert str(raised.value).rstrip().endswith(".")


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (np.random.default_rng(0).normal(size=(60, 40)).astype(np.float32), None, "below twice the features"),
        (np.ones((200, 3), dtype=np.float32), None, "features of raw values are constant"),
        (NORMAL, None, "the data have no labels"),
        (NORMAL, np.zeros(200, dtype=int), "class"),
    ],
    ids=["fewer samples than features", "constant features", "labels missing", "one class"],
)
def test_poor_input_is_reported_on_the_card(x: np.ndarray, y: np.ndarray | None, words: str) -> None:
    draw = Fixed(sp.from_array(x), lambda n: torch.from_numpy(np.resize(x, (n, x.shape[1]))))
    card = sp.evaluate(draw, x if y is None else (x, y), seeds=1, features="raw")
    sentences = [*card.warnings, *(skipped.reason for skipped in card.skipped)]
    assert any(words in sentence for sentence in sentences), sentences
    assert all("\n" not in sentence for sentence in sentences)


def test_a_run_that_cannot_be_evaluated_gives_the_reason(run: Run, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="name the data"):
        sp.evaluate(Mine(sp.load_data("ring")))
    with pytest.raises(SettingError, match="is no model"):
        sp.evaluate(object(), "ring")  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="samples cannot be 1"):
        sp.evaluate(run, samples=1)
    with pytest.raises(RunError, match="is not a run"):
        sp.evaluate(tmp_path)
    with pytest.raises(RunError, match="no checkpoint of step 7"):
        sp.evaluate(run, step=7)
    with pytest.raises(SettingError, match='features "nothing"'):
        sp.evaluate(run, features="nothing")


@pytest.mark.result
def test_the_result_of_a_run_is_the_newest_evaluation_of_its_last_step(tmp_path: Path) -> None:
    trained = train(recipe("vae", steps=20), run=tmp_path / "run")
    ended, process, page = trained.result, trained.process, sp.write_report(trained).read_text("utf-8")
    assert ended is not None
    assert process is not None
    found = Evaluation(trained, QUICK, features="pca").measure()
    assert found.result is not None
    assert trained.result == found.result
    assert ended.level is not None
    assert found.result.samples == 40 != ended.samples
    assert trained.process == process
    assert str(found.result) in trained.verdict
    assert sp.diagnose(trained).result == found.result
    assert trained.folder.report.read_text("utf-8") != page
    trained.folder.report.unlink()  # which takes longer to write than a result to measure
    # Nothing else in the summary changed, and an earlier step or other data say nothing of the run's last step.
    summary = trained.summary
    Evaluation(trained, QUICK, features="pca", step=steps(trained.folder)[0]).measure()
    Evaluation(trained, QUICK, features="pca", data="digits").measure()
    assert trained.summary == summary


@pytest.mark.result
def test_a_summary_of_version_0_1_gets_a_result(tmp_path: Path) -> None:
    trained = train(recipe("vae", steps=4), run=tmp_path / "run")
    old = {name: value for name, value in trained.summary.items() if name not in ("process", "result")}
    trained.folder.summary.write_text(json.dumps({**old, "health": "healthy", "verdict": "run: healthy."}), "utf-8")
    assert trained.result is None
    assert trained.process == "no failure found"
    found = Evaluation(trained, QUICK, features="pca").measure()
    assert trained.result == found.result
    assert trained.process == "no failure found"
    assert "health" not in trained.summary
    assert "healthy" not in trained.verdict


def test_a_run_whose_summary_names_no_process_gets_the_one_that_its_findings_say(tmp_path: Path) -> None:
    trained = train(recipe("vae", steps=4), run=tmp_path / "run")
    old = {name: value for name, value in trained.summary.items() if name not in ("process", "result")}
    trained.folder.summary.write_text(json.dumps(old), "utf-8")
    finding = Finding("VAE201", "failure", 3, "The posterior has collapsed.")
    trained.folder.findings.write_text(json.dumps(finding.to_json()) + "\n", "utf-8")
    assert trained.process == "failed"
    Evaluation(trained, QUICK, features="pca").measure()
    assert trained.summary["process"] == "failed"
    assert ". VAE201: The posterior" in trained.verdict
    assert trained.headline == "Failed: posterior collapse, the decoder ignores the latent code"


@pytest.mark.slow
def test_a_run_with_networks_given_as_objects_is_evaluated_from_its_folder(tmp_path: Path) -> None:
    def discriminator() -> nn.Module:
        layer = torch.nn.utils.spectral_norm(nn.Linear(64, 1))  # whose weight cannot be copied as it is
        return nn.Sequential(nn.Flatten(), layer)

    torch.manual_seed(0)
    run = sp.train(
        "gan-digits", training={"steps": 20}, run=tmp_path / "run", modules={"discriminator": discriminator()}
    )
    with pytest.raises(RunError, match="modules="):
        sp.evaluate(tmp_path / "run", samples=60, seeds=1, features="raw", progress=False)
    card = sp.evaluate(
        tmp_path / "run",
        samples=60,
        seeds=1,
        features="raw",
        progress=False,
        modules={"discriminator": discriminator()},
    )
    assert card["duality_gap"].value is not None
    assert not any("could not be measured" in skipped.reason for skipped in card.skipped)
    assert run.folder.scorecard.is_file()
