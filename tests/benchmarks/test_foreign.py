"""The benchmark of logs: its scripts print logs that are read, its halves share nothing, and its page counts."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest


def test_the_halves_share_neither_scripts_nor_seeds() -> None:
    from tables.foreign_plan import CALIBRATION, REPORT, trials

    halves = {half: trials([half], 3, quick=False) for half in (CALIBRATION, REPORT)}
    assert {one.half for one in halves[REPORT]} == {REPORT}
    for attribute in ("script", "seed"):
        seen = [{getattr(trial, attribute) for trial in wanted} for wanted in halves.values()]
        assert seen[0].isdisjoint(seen[1])
    keys = [trial.key for wanted in halves.values() for trial in wanted]
    assert len(set(keys)) == len(keys)


def test_watched_runs_have_keys_of_their_own_and_more_mistakes() -> None:
    from loops import SCRIPTS
    from saddlepoint.diagnosis.settings import CODES
    from tables.foreign_plan import HALVES, trials

    logs, watched = (trials(HALVES, 2, quick=False, watched=of_loops) for of_loops in (False, True))
    assert {trial.key for trial in logs}.isdisjoint(trial.key for trial in watched)
    for script in SCRIPTS.values():
        known = script.watched_mistakes
        assert all(codes <= known[mistake] for mistake, codes in script.mistakes.items())
        assert all(codes <= CODES.keys() for codes in known.values())
        assert len(known) > len(script.mistakes)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gan", "vae", "denoising"])
def test_a_watched_script_trains_as_it_does_alone(name: str, tmp_path: Path) -> None:
    import saddlepoint as sp
    from loops import NO_MISTAKE, SCRIPTS

    script = SCRIPTS[name]
    watching = partial(sp.watch, tmp_path / "run", pictures=False, listener=sp.Listener())
    assert script.train(NO_MISTAKE, 0, True, watching) == script.train(NO_MISTAKE, 0, True)
    assert all(finding.severity == "info" for finding in sp.Run(tmp_path / "run").findings)


def test_an_outcome_holds_its_log() -> None:
    from tables.foreign_plan import Outcome

    assert Outcome.of("step 1 loss nan\n" * 50, 1.0).log == "step 1 loss nan\n" * 50


def test_every_code_that_names_a_mistake_is_one_that_a_log_can_have() -> None:
    from loops import SCRIPTS
    from saddlepoint.diagnosis.log_rules import LOG_RULES

    known = {problem.rule.code for problem in LOG_RULES.values()}
    assert all(codes and codes <= known for script in SCRIPTS.values() for codes in script.mistakes.values())


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["gan", "lsgan", "wgan", "vae", "autoencoder", "dcgan", "hinge", "wgan-gp", "conditional", "beta-vae", "denoising"],
)
def test_every_script_prints_a_log_that_is_read(name: str, tmp_path: Path) -> None:
    from loops import NO_MISTAKE, SCRIPTS
    from saddlepoint.diagnosis.logs.foreign import read_log

    script = SCRIPTS[name]
    path = tmp_path / "train.log"
    path.write_text(script.print_rows(script.train(NO_MISTAKE, 0, True)))
    log = read_log(path)
    losses = (
        {"d/loss", "g/loss"}
        if "d/loss" in log.taken.values()
        else {"vae/loss", "vae/kl"}
        if "vae" in name
        else {"model/loss"}
    )
    assert losses <= set(log.taken.values())
    assert log.left == ()
    assert len(log.records) >= 6


def test_scripts_are_those_of_the_registry() -> None:
    from loops import SCRIPTS

    assert [
        mark.args[1] for mark in test_every_script_prints_a_log_that_is_read.pytestmark if mark.name == "parametrize"
    ] == [list(SCRIPTS)]  # type: ignore[attr-defined]


def test_the_page_counts_what_is_found() -> None:
    from tables.foreign_page import page
    from tables.foreign_plan import Trial, Verdict

    found = [
        (Trial("dcgan", "a NaN in the data", 1, True), Verdict(("NUM301",), ())),
        (Trial("dcgan", "a NaN in the data", 2, True), Verdict((), ("NUM301",))),
        (Trial("dcgan", "a NaN in the data", 3, True), Verdict((), ())),
        (Trial("dcgan", "none", 1, True), Verdict((), ())),
        (Trial("dcgan", "none", 2, True), Verdict(("GAN101",), ())),
    ]
    text = page(found)
    assert "1 of 3" in text
    assert "2 of 3" in text
    assert "1 of 2" in text
    assert "67%, at least 70%: not met" in text
    assert "no runs" in text  # of the calibration half
