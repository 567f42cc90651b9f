"""How often the intervals of a scorecard contain the expectation of their score; the nominal value is 95 %.

    python benchmarks/coverage.py            500 repeats, some minutes; writes its section of RESULTS.md
    python benchmarks/coverage.py --quick    four repeats: shows that everything runs, writes nothing

"Different": samples that differ from the data; "equal": real examples in the samples' place, the real-data baseline. The points are
those of `sides/intervals.py`. A coverage breaks the law where its Wilson 95 % interval lies entirely outside 92 to 98 %: with 500 repeats, below
89.8 or above 99.2 %. Too wide is allowed for counts, and where samples equal the data. tests/evaluation/statistics/test_coverage_law.py
tests the lower half of the law with up to 60 repeats.
"""

from __future__ import annotations

import argparse
import sys

import results
from sides.intervals import CUTS, HIGH, LOW, REPEATS, SCORES, TRIPLES, N, coverage, lawful, simulate

SECTION = "How often intervals hold"


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="four repeats; writes nothing")
    arguments = parser.parse_args(argv)
    repeats = 4 if arguments.quick else REPEATS
    rows, broken = [], []
    both = simulate(SCORES, range(repeats))
    for key, metric in SCORES.items():
        row = [metric.title]
        for baseline, side in enumerate(both):
            expectation, share = coverage(key, side[key])
            row += [f"{expectation:.4g}", f"{share:.1%}"]
            if not lawful(key, share, repeats, baseline=bool(baseline)):
                broken.append(f"{metric.title} ({'equal' if baseline else 'different'})")
        rows.append(row)
    goal = results.goal(f"no coverage outside of {LOW:.0%} to {HIGH:.0%} by more than its own error", not broken)
    body = (
        f"{repeats} repeats with fresh real examples and samples, {N} points a set ({TRIPLES:,} samples for the modes of Stacked "
        f"MNIST), {CUTS} cuts. Where\nsamples equal the data, intervals may hold more often. Of the birthday test, the share of batches "
        f"with a duplicate.\n{goal}"
        + "".join(f"\n- outside: {one}" for one in broken)
        + "\n\n"
        + results.table(["", "different, mean", "held in", "equal, mean", "held in"], rows)
    )
    print(f"\n## {SECTION}\n\n{body}", flush=True)
    if not arguments.quick:
        results.write(SECTION, body)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
