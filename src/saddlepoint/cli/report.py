"""`saddlepoint report RUN`: write a run's report again from its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from saddlepoint.cli.arguments import Parser, add_json, add_networks, add_trust, networks_of
from saddlepoint.cli.console import console, print_json
from saddlepoint.cli.destination import check_file
from saddlepoint.cli.run_display import RunDisplay
from saddlepoint.errors import printable
from saddlepoint.records import find_run


def run(argv: Sequence[str]) -> int:
    """Write report.html; return the exit code."""
    parser = Parser("report", "Write a run's report.html again: one file that opens offline.")
    parser.add_argument("run", metavar="RUN", help="the run's folder")
    parser.add_argument("--out", metavar="FILE", help="write it here instead of RUN/report.html")
    parser.add_argument("--overwrite", action="store_true", help="replace that file if it exists")
    parser.add_argument(
        "--pictures", action="store_true", help="first draw the pictures that training left out (loads model and data)"
    )
    add_trust(parser)
    add_networks(parser)
    parser.add_argument("--open", action="store_true", help="open it in the browser")
    add_json(parser)
    arguments = parser.read(argv)
    folder = find_run(arguments.run)
    out = Path(arguments.out) if arguments.out else None
    if out is not None:
        check_file("report", out, overwrite=arguments.overwrite)
    if arguments.pictures:
        from saddlepoint.experiment.illustration import draw_pictures

        waiting = console(json=True)
        waiting.say("Loading PyTorch, the data and the model, and drawing ...")
        with RunDisplay(waiting) as progress:
            networks = networks_of("report", arguments.network)
            draw_pictures(folder.path, modules=networks, trust=arguments.trust, listener=progress)
    from saddlepoint.experiment.reporting import write_report

    page = write_report(folder, output=out)
    if arguments.json:
        print_json({"report": str(page), "bytes": page.stat().st_size})
    else:
        print(f"{printable(str(page))} ({page.stat().st_size / 1e6:.1f} MB)")
    if arguments.open:
        import webbrowser

        webbrowser.open(page.resolve().as_uri())
    return 0
