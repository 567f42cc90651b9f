"""Logs of other programs are read as records, by a map or by widely used names."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

from saddlepoint.diagnosis.logs.columns import PROBABILITIES, series_read
from saddlepoint.diagnosis.logs.foreign import read_log
from saddlepoint.diagnosis.logs.meanings import MEANINGS
from saddlepoint.errors import RunError, SettingError
from saddlepoint.experiment.diagnosing import diagnose

LOG = "iter,loss_D,loss_G,D(x),D(G(z)),mood\n" + "".join(
    f"{50 * i},{max(0.01, 1.3 - 0.05 * i)},{0.7 + 0.1 * i},{min(0.99, 0.5 + 0.02 * i)},{max(0.01, 0.5 - 0.02 * i)},7\n"
    for i in range(120)
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    path.write_text(LOG)
    return path


def test_widely_used_names_are_known(log: Path) -> None:
    read = read_log(log)
    assert read.taken == {"loss_D": "d/loss", "loss_G": "g/loss", "D(x)": "d/real_score", "D(G(z))": "d/fake_score"}
    assert read.left == ("mood",)
    assert [record.step for record in read.records[:3]] == [0, 50, 100]
    assert read.records[0].values == {"d/loss": 1.3, "g/loss": 0.7, "d/real_score": 0.5, "d/fake_score": 0.5}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_other_separators_are_recognised(separator: str, log: Path) -> None:
    expected = read_log(log)
    log.write_text(LOG.replace(",", separator))
    assert read_log(log) == expected


def test_a_map_takes_precedence(log: Path) -> None:
    read = read_log(log, {"vae/kl": "mood", "g/loss": "loss_D"})
    assert read.taken["mood"] == "vae/kl"
    assert read.taken["loss_D"] == "g/loss"
    with pytest.raises(RunError, match='no column "loss_d"'):
        read_log(log, {"d/loss": "loss_d"})


def test_text_is_left_out_and_nan_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("d_loss,g_loss\n1,\nnan,2\n")
    first, second = read_log(path).records
    assert first.values == {"d/loss": 1.0}
    assert math.isnan(second.values["d/loss"])
    assert (first.step, second.step) == (0, 1)


def test_a_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    for content, said in (
        (b"x,y\n1,2\n3,4\n", r"no column is known as a series \(x, y\)"),
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"d_loss,g_loss\n", "only one row"),
        (bytes(range(256)), "is not text"),
        (b"\0\1\2 abc", "is not text"),
        (b"\x89PNG\r\n\x1a\xff\xfe", "is not text"),
        (b"d_loss,g_loss\n1,2\n", "only one row of numbers"),
        (b"x,y\n", "only one row"),
        (b"nothing to see here\nat all\n", "no number in it has a name"),
        (b"1,2\n3,4\n", "first row holds numbers"),
    ):
        (tmp_path / "log.csv").write_bytes(content)
        with pytest.raises(RunError, match=said):
            read_log(tmp_path / "log.csv")
    (tmp_path / "log.csv").unlink()
    with pytest.raises(RunError, match="no log"):
        read_log(tmp_path)
    with pytest.raises(RunError, match="no such run or log"):
        diagnose(tmp_path / "nowhere")


@pytest.mark.parametrize(("name", "score"), [("D(x)", 3.2), ("D(G(z))", -0.7)])
def test_scores_outside_of_0_to_1_are_read_as_outputs(tmp_path: Path, name: str, score: float) -> None:
    path = tmp_path / "log.csv"
    path.write_text(f"step,{name}\n0,0.5\n1,nan\n2,{score}\n")
    series = "d/real_logit" if name == "D(x)" else "d/fake_logit"
    assert read_log(path).taken == {name: series}
    assert "is no probability" in " ".join(read_log(path).notes)
    # What the user says is not reinterpreted.
    with pytest.raises(RunError, match=f"a probability, but has the value .*--map {series}="):
        read_log(path, {series.replace("logit", "score"): name})


def test_ambiguous_names_are_not_read_as_scores(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("d_loss,D_real,D_fake\n1,0.7,0.7\n1,0.8,0.6\n")
    assert read_log(path).left == ("D_real", "D_fake")


def test_rows_count_where_the_step_is_not_finite(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,d_loss\n0,1\ninf,1\nnan,1\n")
    assert [record.step for record in read_log(path).records] == [0, 1, 2]


def test_a_folder_with_events_of_several_runs_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from saddlepoint.experiment.tensorboard import TensorBoard
    from saddlepoint.records import Record

    for name in ("one", "two"):
        board = TensorBoard(tmp_path / name)
        board.record(Record(0, 0.0, {"d/loss": 1.0}))
        board.close()
    with pytest.raises(RunError, match=r"events of 2 runs.*give the folder of one"):
        read_log(tmp_path)


def test_a_log_is_diagnosed_as_far_as_its_series_allow(log: Path) -> None:
    found = diagnose(log, objective="non-saturating")
    assert [finding.code for finding in found.findings] == ["GAN101"]
    assert found.process == "at risk"
    # Settings of ours mean nothing to another program.
    assert [finding.remedy for finding in (*found.findings, *found.log)] == [None, None]
    assert found.findings[0].advice
    assert "GAN101" in found.asked
    assert "g/coverage" in found.unasked["GAN103"]
    assert "VAE201" in found.not_meant
    with pytest.raises(SettingError, match="unknown objective telepathy"):
        diagnose(log, objective="telepathy")


def test_tensorboard_is_read(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from saddlepoint.experiment.tensorboard import TensorBoard
    from saddlepoint.records import Record

    board = TensorBoard(tmp_path)
    for step in range(3):
        board.record(Record(step, 0.0, {"d/loss": float(step), "Loss/G": 1.0}))
    board.close()
    read = read_log(tmp_path)
    assert read.taken == {"d/loss": "d/loss", "Loss/G": "g/loss"}
    assert [record.values["d/loss"] for record in read.records] == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("objective", [None, "non-saturating"])
def test_losses_alone_are_not_enough_for_a_verdict(tmp_path: Path, objective: str | None) -> None:
    path = tmp_path / "log.csv"
    rng = random.Random(1)
    rows = (f"{step},{0.5 + 0.2 * rng.random()},{0.7 + 0.2 * rng.random()}\n" for step in range(100))
    path.write_text("step,loss_D,loss_G\n" + "".join(rows))
    found = diagnose(path, objective=objective)
    assert found.process is None
    assert found.headline == "Not judged: the losses alone show nothing wrong"
    assert ("--objective" in found.verdict) == (objective is None)
    assert found.answer is not None
    assert 1 <= len(found.answer.help) <= 3
    assert "no failure found" not in str(found) + found._repr_html_()
    assert found.result is None
    assert {"NUM303", "GAN103"} <= found.unasked.keys()
    assert "NUM301" in found.asked
    assert found.columns == {"loss_D": "d/loss", "loss_G": "g/loss"}


def test_a_log_with_the_needed_series_has_a_verdict(tmp_path: Path) -> None:
    from saddlepoint.diagnosis.rules import RULES

    meant = [rule for rule in RULES if rule.applies_to({"vae"})]
    names = {name.replace("_", "/", 1) for rule in meant for name in rule.needs if name not in ("every_series", "run")}
    names |= {pattern.replace("*", "vae") for rule in meant for pattern in rule.reads}
    names -= {"quality/energy_distance"}
    path = tmp_path / "log.csv"
    rows = (f"{step},{','.join('0.5' for _ in names)}\n" for step in range(2))
    path.write_text(f"step,{','.join(sorted(names))}\n" + "".join(rows))
    assert diagnose(path, objective="vae").process is not None


def test_an_unknown_series_is_refused_with_a_suggestion(log: Path) -> None:
    with pytest.raises(SettingError, match=r'no rule reads a series d/los\. Did you mean "d/loss"\?'):
        read_log(log, {"d/los": "loss_D"})


def test_every_series_that_a_column_can_be_read_as_may_be_named_in_a_map() -> None:
    assert {*MEANINGS, *PROBABILITIES.values()} <= set(series_read())


def test_a_map_names_the_column_of_steps(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,epoch,batch,mood,loss_D\n0,10,5,glad,1\n1,20,6,sad,1\n")

    def steps(columns: dict[str, str]) -> list[int]:
        return [record.step for record in read_log(path, columns).records]

    assert steps({}) == [0, 1]
    assert steps({"step": "epoch"}) == [10, 20]
    assert steps({"step": "batch"}) == [5, 6]
    # What the map calls a series does not count the steps.
    assert steps({"g/loss": "step"}) == [10 * 7 + 5, 20 * 7 + 6]  # batches of an epoch go on through epochs
    with pytest.raises(RunError, match=r'no column "epoc"\. Did you mean "epoch"\? It has: step, epoch, batch, mood'):
        read_log(path, {"step": "epoc"})
    with pytest.raises(RunError, match='column "mood" holds no number'):
        read_log(path, {"d/loss": "mood"})


def test_the_search_for_events_stops_in_a_huge_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saddlepoint.diagnosis.logs.tensorboard_events.MOST_FOLDERS", 3)
    for name in "abcd":
        (tmp_path / name).mkdir()
    with pytest.raises(RunError, match="more than 3 folders"):
        read_log(tmp_path)
