"""The attempts at a faster DCGAN step: each that claims to compute the same does."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
import torch


@pytest.fixture
def attempts() -> ModuleType:
    import dcgan_attempts

    return dcgan_attempts  # type: ignore[no-any-return]


# What is compiled is checked by torch.
@pytest.mark.parametrize("name", ["Contiguous", "FoldedFirstLayer", "FoldedLastLayer"])
def test_an_attempt_trains_what_the_step_as_it_is_trains(attempts: Any, name: str) -> None:
    x = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(1)) * 2 - 1
    plain, attempt = attempts.make(attempts.DCGAN), attempts.make(getattr(attempts, name))
    for _ in range(2):
        expected, found = plain.step(x), attempt.step(x)
    for player, loss in expected.items():
        torch.testing.assert_close(found[player], loss, rtol=1e-3, atol=1e-4)


def test_one_pass_normalises_both_batches_together(attempts: Any) -> None:
    x = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(1)) * 2 - 1
    plain, attempt = attempts.make(attempts.DCGAN), attempts.make(attempts.OnePass)
    assert not torch.allclose(plain.step(x)["d"], attempt.step(x)["d"], rtol=1e-4)
    assert not next(entry for entry in attempts.ATTEMPTS if entry.game is attempts.OnePass).same


def test_an_attempt_that_fails_is_reported_and_the_others_are_measured(attempts: Any) -> None:
    class Broken(attempts.DCGAN):  # type: ignore[name-defined, misc]
        def step(self, x: torch.Tensor) -> Any:
            raise RuntimeError("no compiler")

    chosen = [attempts.Attempt("broken", Broken), *attempts.ATTEMPTS[:1]]
    found = attempts.measure(chosen, 2, 1)
    assert found["broken"] == "failed: RuntimeError"
    assert len(found[attempts.ATTEMPTS[0].title]) == 1


@pytest.mark.slow
def test_a_quick_run_gives_a_row_for_all_but_the_compiled(attempts: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert attempts.main(["--quick"]) == 0
    said = capsys.readouterr().out
    assert [attempt.title in said for attempt in attempts.ATTEMPTS] == [True] * 5 + [False]


def test_the_figure_of_an_attempt_is_the_median_with_its_quartiles(attempts: Any) -> None:
    assert "2.000 (1.500 to 3.000)" in attempts.body({attempts.ATTEMPTS[0].title: [1.0, 1.5, 2.0, 3.0, 9.0]}, 5)
