"""Games of shipped recipes are compared seed by seed."""

from __future__ import annotations


def test_differences_are_those_of_equal_seeds() -> None:
    import defaults

    def outcomes(*distances: float) -> list[defaults.Outcome]:
        return [defaults.Outcome(distance, None, None, "", (), 100.0) for distance in distances]

    # The games differ by 0.001 at every seed, and seeds by more, so that only pairs show it exactly.
    found = {("r", defaults.PLAIN): outcomes(0.001, 0.005, 0.009), ("r", "with R1"): outcomes(0.0, 0.004, 0.008)}
    plain, r1 = defaults.body(found, 3).splitlines()[-2:]
    assert [cell.strip() for cell in plain.split("|")][4:6] == ["-", "3 of 3"]
    assert [cell.strip() for cell in r1.split("|")][4] == "-1.00 ± 0.00"
