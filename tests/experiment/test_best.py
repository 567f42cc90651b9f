"""Which step was best is said with the noise of its measurement."""

from __future__ import annotations

import pytest

from saddlepoint.diagnosis.series import Series
from saddlepoint.evaluation import quality
from saddlepoint.experiment.best import in_words, with_noise

STEPS = [0, 100, 200, 300, 400]
VALUES = [0.9, 0.05, 0.020, 0.021, 0.024]


def history(error: float) -> dict[str, Series]:
    return {
        quality.SERIES: Series(quality.SERIES, STEPS, VALUES),
        quality.ERROR: Series(quality.ERROR, STEPS, [error] * len(STEPS)),
    }


def best(step: int = 200) -> dict[str, object]:
    return {"step": step, "series": quality.SERIES, "value": VALUES[STEPS.index(step)]}


@pytest.mark.parametrize(
    ("error", "alike"),
    [(0.0, []), (0.0005, [300]), (0.002, [300, 400]), (0.02, [100, 300, 400]), (1.0, [100, 300, 400])],
)
def test_the_more_noise_the_more_steps_are_as_good_but_never_the_untrained_model(
    error: float, alike: list[int]
) -> None:
    told = with_noise(best(), history(error))
    assert told == {**best(), "error": error, "alike": alike}


def test_what_no_error_is_known_of_is_told_as_it_is() -> None:
    assert with_noise(None, history(0.1)) is None
    bound = {"step": 200, "series": "vae/held_out_bound", "value": -20.0}
    assert with_noise(bound, history(0.1)) == bound
    assert with_noise(best(), {quality.SERIES: history(0.1)[quality.SERIES]}) == best()
    assert with_noise(best(), history(float("nan"))) == best()


@pytest.mark.parametrize(("error", "said"), [(0.0, "not the last"), (0.002, "as good as any")])
def test_the_last_step_is_called_worse_only_beyond_the_noise(error: float, said: str) -> None:
    told = with_noise(best(), history(error))
    assert told is not None
    assert said in in_words(told, 400)
    assert "200" in in_words(told, 400)


def test_the_last_step_may_be_the_best() -> None:
    assert in_words({**best(400)}, 400).startswith("the last step, 400:")
