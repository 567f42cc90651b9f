"""How long work will still take."""

from __future__ import annotations

import pytest

from saddlepoint.progress import Speed, TimeLeft, clock
from saddlepoint.progress.time_left import RECENT


def test_time_left_is_that_of_an_even_pace() -> None:
    pace = TimeLeft([1.0, 3.0])
    pace.advance(1, 0.0, 0.0)
    assert pace.seconds_left(4.0) is None
    pace.advance(1, 0.1, 5.0)  # the clock starts here
    assert pace.seconds_left(5.0) is None
    pace.advance(1, 0.4, 14.0)
    assert pace.share == pytest.approx(0.3)
    assert pace.seconds_left(14.0) == pytest.approx(28.0)
    pace.advance(0, 1.0, 14.0)
    # One group is left, which needs twice as long again as for what it has done: the idle worker does not help it.
    assert pace.seconds_left(14.0) == pytest.approx(18.0)
    pace.advance(1, 1.0, 40.0)
    assert pace.seconds_left(40.0) == 0.0


def test_the_speed_is_that_of_the_clock_and_forgets() -> None:
    speed = Speed()
    assert speed.per_second is None
    speed.tick(100, 7.0)
    assert speed.per_second is None
    speed.tick(150, 12.0)
    assert speed.per_second == pytest.approx(10.0)
    for tick in range(RECENT):
        speed.tick(1_000 + tick, 100.0 + 4 * tick)
    assert speed.per_second == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0:00"), (0, "0:00"), (59.4, "0:59"), (59.6, "1:00"), (725, "12:05"), (10_800, "3:00:00")],
)
def test_the_clock_format(seconds: float, text: str) -> None:
    assert clock(seconds) == text
