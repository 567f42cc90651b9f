"""`saddlepoint reproduce C8 ...`: test claims of the literature; a table of verdicts and a page with the pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.cli.arguments import Parser, add_json
from saddlepoint.cli.console import Output, console, print_json
from saddlepoint.errors import SettingError

if TYPE_CHECKING:
    from rich.table import Table

ALL = "all"
FOLDER, QUICK_FOLDER = "reproduced", "reproduced-quick"
QUICK_LOOK = "quick look"  # instead of a verdict
STYLES = {"holds": "green", "holds in part": "yellow", "does not hold": "red", "not decided": "cyan", QUICK_LOOK: "dim"}
SEEDS = 256
WIDTH = 300  # without a terminal


def run(argv: Sequence[str]) -> int:
    """Test the named claims, or list them all; return the exit code."""
    parser = Parser(
        "reproduce",
        "Test claims of the literature over many seeds: each with numbers, intervals, a verdict and pictures.",
        epilog="Without a claim, lists all claims. A stated rule decides each verdict; quick looks have none. After an interruption "
        "the same command continues with what is trained already.",
    )
    parser.add_argument("claims", metavar="CLAIM", nargs="*", help="numbers of claims, such as C8; or all")
    parser.add_argument(
        "--quick", action="store_true", help="few seeds and steps, to see whether everything runs; gives no verdicts"
    )
    parser.add_argument("--seeds", type=int, default=SEEDS, metavar="N", help=f"number of seeds (default: {SEEDS})")
    parser.add_argument(
        "--out",
        metavar="DIR",
        help=f"folder of the results, which are added to those in it (default: {FOLDER}; with --quick: {QUICK_FOLDER})",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="test these claims again, and replace what the folder holds of them"
    )
    add_json(parser)
    arguments = parser.read(argv)
    output = console(arguments.json)
    if not arguments.claims:
        _list(output, arguments.json)
        return 0
    if arguments.seeds < 2:
        raise SettingError(f"reproduce: --seeds is 2 or more, since one run tells nothing; got {arguments.seeds}.")
    folder = Path(arguments.out or (QUICK_FOLDER if arguments.quick else FOLDER))
    if folder.is_file():
        raise SettingError(f"reproduce: --out {folder} is a file: name a folder.")
    results, page = _test(output, arguments, folder)
    if arguments.json:
        print_json({"folder": str(folder), "page": str(page), "claims": results})
    else:
        _show(output, results)
        output.say(f"numbers and pictures: {page}")
    return 0


def _test(output: Output, arguments: Any, folder: Path) -> tuple[list[dict[str, Any]], Path]:
    """Test the claims and write the page of all results, also of those finished before an interruption."""
    from saddlepoint.studies.claims import CLAIMS, claim

    names = list(CLAIMS) if ALL in (name.lower() for name in arguments.claims) else arguments.claims
    for name in names:
        claim(name)  # an unknown claim is refused before the first is trained
    from saddlepoint.progress import Display
    from saddlepoint.report.claims import write_claims_page
    from saddlepoint.studies.claims.laboratory import QUICK_SEEDS
    from saddlepoint.studies.claims.results import load, reproduce

    def print_result(result: Mapping[str, Any]) -> None:
        output.say(f"{result['id']} {_verdict(result)}: {result['because']}", STYLES[_verdict(result)])

    seeds = min(arguments.seeds, QUICK_SEEDS) if arguments.quick else arguments.seeds
    counts: dict[int, list[str]] = {}
    for one in map(claim, dict.fromkeys(name.upper() for name in names)):
        most = max((setup.most or seeds for setup in one.setups(arguments.quick).values()), default=seeds)
        counts.setdefault(min(seeds, most), []).append(one.id)
    plan = "; ".join(f"{', '.join(own)}: {count} seeds a setup" for count, own in counts.items())
    output.say(f"Testing {plan}")
    try:
        with Display(output, every=5.0, share=1.0, summary=False, say=output.say) as display:
            results = reproduce(
                names,
                folder,
                seeds=arguments.seeds,
                quick=arguments.quick,
                overwrite=arguments.overwrite,
                report=display.report,
                on_result=print_result,
            )
    except KeyboardInterrupt:
        again = "the same command without --overwrite" if arguments.overwrite else "the same command"
        output.say(f"What is finished is kept in {folder}: {again} goes on.")
        raise
    finally:
        kept = load(folder)
        page = write_claims_page(kept, folder) if kept else folder
    return results, page


def _list(output: Output, as_json: bool) -> None:
    """Print all claims with their sources."""
    from saddlepoint.studies.claims import CLAIMS, claim

    if as_json:
        keys = ("id", "claim", "source", "rule")
        print_json(
            {"claims": [dict(zip(keys, (c.id, c.words, c.source, c.rule), strict=True)) for c in map(claim, CLAIMS)]}
        )
        return
    from rich.table import Table

    rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("", "claim", "source"):
        rows.add_column(name, style="dim" if name == "source" else None, no_wrap=not name)
    for one in map(claim, CLAIMS):
        rows.add_row(one.id, one.words, one.source.partition(", http")[0])
    _print(output, rows)
    output.say("To test one: saddlepoint reproduce C8; all of them: saddlepoint reproduce all")


def _show(output: Output, results: Sequence[Mapping[str, Any]]) -> None:
    """Print one line per quantity below its claim."""
    from rich.table import Table
    from rich.text import Text

    from saddlepoint.report.claims import quantity_text

    rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("claim", "quantity", "measured [95 % interval]", "claimed", "verdict"):
        rows.add_column(Text(name), no_wrap=name in ("claim", "verdict"))
    for result in results:
        rows.add_section()
        rows.add_row(
            result["id"], Text(result["claim"]), "", Text(result["source"].partition(", http")[0], "dim"),
            Text(_verdict(result), STYLES[_verdict(result)]),
        )  # fmt: skip
        for quantity in result["quantities"]:
            rows.add_row("", Text(quantity["name"]), Text(quantity_text(quantity)), Text(quantity["claimed"]), "")
    _print(output, rows)


def _verdict(result: Mapping[str, Any]) -> str:
    return str(result["verdict"] or QUICK_LOOK)


def _print(output: Output, rows: Table) -> None:
    if not output.is_terminal:  # no width to fit, and a broken line is hard to search
        output.width = max(WIDTH, output.width)
    output.print(rows, highlight=False)
