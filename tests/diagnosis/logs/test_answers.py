"""What `diagnose` answers about logs as people post them: without flags, under any names of columns."""

from __future__ import annotations

import ast
import inspect
import io
import json
import sys
from pathlib import Path

import pytest

import saddlepoint as sp
from saddlepoint.cli.main import main
from saddlepoint.diagnosis.headlines import LONGEST_PHRASE
from saddlepoint.diagnosis.log_rules import LOG_RULES, Problem
from saddlepoint.diagnosis.log_rules.checks import step_in_words
from saddlepoint.diagnosis.logs.answer import _SURENESS
from saddlepoint.experiment.diagnosed import Diagnosed
from tests.diagnosis.logs.made_logs import CASES, generator_wins, least_squares_dead, nothing_wrong


def answered(tmp_path: Path, text: str, **given: object) -> Diagnosed:
    path = tmp_path / "log.csv"
    path.write_text(text)
    found = sp.diagnose(path, **given)  # type: ignore[arg-type]
    assert found.answer is not None
    return found


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", CASES)
def test_a_log_is_answered_as_somebody_who_knows_would(name: str, seed: int, tmp_path: Path) -> None:
    made, code, said, first = CASES[name]
    found = answered(tmp_path, made(seed))
    assert found.answer is not None
    assert [finding.code for finding in found.findings][:1] == ([code] if code else [])
    assert said.lower() in found.verdict.lower()
    assert first in (found.answer.steps or ("",))[0]
    assert bool(code) == bool(found.answer.how_sure) == bool(found.answer.steps)
    assert found.process is None or code
    assert len(found.answer.numbers) == 3
    assert len(found.answer.help) <= 3
    assert len(found.headline.split()) <= 12


def test_a_discriminator_that_is_certain_of_every_sample_has_learnt(tmp_path: Path) -> None:
    """0 and -log 1e-12: a higher learning rate, the answer to players that never moved, would make it worse."""
    found = answered(tmp_path, "epoch,d_loss,g_loss\n" + "".join(f"{i},0.0,27.631\n" for i in range(30)))
    assert [finding.code for finding in found.findings] == ["GAN101"]
    assert "non-saturating" in found.objectives


def test_numbers_that_the_log_has_are_not_asked_for(tmp_path: Path) -> None:
    text = "step,d_loss,g_loss,D(x),D(G(z))\n" + "".join(f"{i},0.9,1.1,0.7,0.4{i % 3}\n" for i in range(20))
    asked = answered(tmp_path, text).answer
    assert asked is not None
    assert len(asked.numbers) == 3
    assert not {"d/real_score", "d/fake_score"} & {name for number in asked.numbers for name in number.series}


@pytest.mark.parametrize(
    ("header", "objective", "given"),
    [("d_loss,g_loss", "hinge", "hinge"), ("loss,kl", "vae", None), ("ae_loss,lr", "autoencoder", None)],
)
def test_the_lines_to_paste_are_a_call_of_watch(header: str, objective: str, given: str | None, tmp_path: Path) -> None:
    text = f"step,{header}\n" + "".join(f"{i},0.9,1.1\n" for i in range(20))
    asked = answered(tmp_path, text, objective=given).answer
    assert asked is not None
    (block,) = ast.parse("\n".join(asked.lines)).body
    assert isinstance(block, ast.With)
    call = block.items[0].context_expr
    assert isinstance(call, ast.Call)
    names = inspect.signature(sp.watch).parameters
    assert {keyword.arg for keyword in call.keywords} <= set(names)
    assert f'objective="{objective}"' in asked.lines[0]


def test_a_log_of_few_epochs_is_judged_by_its_rows(tmp_path: Path) -> None:
    """Thirty epochs at steps 1 to 30 give the same answer as the same rows at steps 1,000 to 30,000."""
    by_epoch = answered(tmp_path, CASES["KL vanished"][0](0))
    rows = CASES["KL vanished"][0](0).splitlines()
    many = "\n".join(
        [
            rows[0].replace("epoch", "step"),
            *(f"{line.partition(',')[0]}000,{line.partition(',')[2]}" for line in rows[1:]),
        ]
    )
    by_step = answered(tmp_path, many + "\n")
    assert [f.code for f in by_epoch.findings] == [f.code for f in by_step.findings] == ["VAE201"]
    assert by_epoch.answer is not None
    assert by_epoch.answer.unit == "epoch"


def test_an_objective_that_the_losses_exclude_is_not_judged(tmp_path: Path) -> None:
    assert "wasserstein" in answered(tmp_path, CASES["critic runs away"][0](0)).objectives
    assert "least-squares" in answered(tmp_path, least_squares_dead(0)).objectives
    assert "non-saturating" in answered(tmp_path, generator_wins(0)).objectives


def test_where_losses_do_not_decide_each_objective_is_answered(tmp_path: Path) -> None:
    """A loss of .72 is near that of guessing under cross-entropies (.69), and above it under least squares (.5)."""
    text = "step,d_loss,g_loss\n" + "".join(f"{i},{0.71 + 0.01 * (i % 3)},{0.4 + 0.05 * (i % 4)}\n" for i in range(60))
    found = answered(tmp_path, text)
    assert found.answer is not None
    assert [(one.objective, one.code) for one in found.answer.possibilities] == [
        ("non-saturating", ""),
        ("least-squares", "GAN104"),
    ]
    assert all(str(one).startswith("If this is ") for one in found.answer.possibilities)
    assert [finding.severity for finding in found.findings] == ["warning"]
    assert found.findings[0].title.startswith("If this is least squares")
    decided = answered(tmp_path, text, objective="least-squares")
    assert decided.answer is not None
    assert decided.answer.possibilities == ()
    assert decided.findings[0].title.startswith("The discriminator gets")
    assert answered(tmp_path, text, objective="non-saturating").findings == ()


@pytest.mark.parametrize("name", ["d/loss", "g/loss"])
def test_a_map_decides(name: str, tmp_path: Path) -> None:
    found = answered(tmp_path, nothing_wrong(0), columns={name: "g_loss"})
    assert found.columns["g_loss"] == name


def test_the_command_answers_and_documents_it_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.csv"
    path.write_text(generator_wins(0))
    assert main(["diagnose", str(path)]) == 0
    said = capsys.readouterr().out
    for words in (
        '"dsc_loss" read as the discriminator\'s loss',
        "Most likely: ",
        "How sure: ",
        "Try first: ",
        "Try third: ",
        "Log next time:",
        "sp.watch(",
    ):
        assert words in said
    assert "Not checked" not in said
    assert main(["diagnose", str(path), "--json", "--fail-on", "failure"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert document["answer"]["steps"][0].startswith("Check the labels")
    assert document["findings"][0]["code"] == "GAN104"
    # The same from standard input.
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
    assert main(["diagnose", "-", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {**document, "source": "standard input"}
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"step 1 d_loss 0.7\n")))
    assert main(["diagnose", "-"]) == 2
    assert "standard input has only one row" in capsys.readouterr().err


def test_a_log_without_findings_is_answered_in_few_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log.csv"
    path.write_text(nothing_wrong(0))
    assert main(["diagnose", str(path)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Not judged: ")
    assert 1 <= said.count("What would help") <= 3
    assert "missing" not in said


@pytest.mark.parametrize(("content", "said"), [
    (b"", "is empty"), (b"\0\1\2", "is not text"), (b"step,d_loss\n1,2\n", "only one row"), (b"no numbers\n", "no number in it has a name"),
])  # fmt: skip
def test_what_is_no_log_is_refused_in_one_sentence(
    content: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    assert main(["diagnose", str(path)]) == 2
    printed = capsys.readouterr()
    assert said in printed.err + printed.out
    assert "Traceback" not in printed.err
    assert main(["diagnose", str(tmp_path / "nowhere")]) == 2


@pytest.mark.parametrize("problem", LOG_RULES.values(), ids=LOG_RULES)
def test_every_problem_has_words_and_three_steps(problem: Problem) -> None:
    assert len(problem.phrase.split()) <= LONGEST_PHRASE
    assert problem.sure in _SURENESS
    assert len(problem.steps) == 3
    words = [step_in_words(step, 1_000) for step in problem.steps]
    assert len(set(words)) == 3
    assert not any("`" in step or "{" in step for step in words)
    assert "log" in problem.rule.traits
