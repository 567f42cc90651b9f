"""`saddlepoint cluster RUN|DATA`: clusters, probes and outliers of codes, beside raw values and principal components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.applications.cluster.settings import CHOICES, LIMIT, METHODS, OUTLIERS, PARTS, SEEDS
from saddlepoint.cli.arguments import Parser, add_json, add_seed, add_trust, checkpoint_step
from saddlepoint.cli.console import Output, console, print_json, progress_display
from saddlepoint.cli.destination import check_outside, check_place
from saddlepoint.errors import RunError, SettingError
from saddlepoint.records import write_json
from saddlepoint.report.words import with_interval

if TYPE_CHECKING:
    from saddlepoint.applications.cluster.clustered import Clustered

FILES = ("clusters.csv", "report.html", "clusters.json")  # the last one is written last
RUNS = "runs"
NAMED = 5  # outliers that are listed


def run(argv: Sequence[str]) -> int:
    """Cluster and write; return the exit code."""
    arguments = _parser().read(argv)
    from saddlepoint.applications.cluster.pictures import write_page
    from saddlepoint.applications.cluster.sources import is_run
    from saddlepoint.applications.cluster.start import check_request, cluster

    check_request(
        arguments.clusters, arguments.limit, arguments.seeds, arguments.outliers, arguments.seed, arguments.steps,
        arguments.part, arguments.choose,
    )  # fmt: skip
    step = checkpoint_step("cluster", arguments.step or "newest")
    trained = is_run(arguments.source)
    for name in ("step", "device"):
        if not trained and getattr(arguments, name) is not None:
            raise SettingError(f"cluster: --{name} is for a trained run, and {arguments.source} is none; leave it out.")
    out = _out(arguments.source, arguments.out, overwrite=arguments.overwrite)
    output = console(arguments.json)
    with progress_display() as display:
        done = cluster(
            arguments.source, clusters=arguments.clusters, target=arguments.target, recipe=arguments.recipe,
            steps=arguments.steps, size=arguments.size, part=arguments.part, limit=arguments.limit, choose=arguments.choose,
            seeds=arguments.seeds, outliers=arguments.outliers, seed=arguments.seed, step=step,
            device=arguments.device or "cpu", keep=None if trained else out / RUNS, trust=arguments.trust,
            progress=display.report,
        )  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    (out / FILES[2]).unlink(missing_ok=True)  # while it is absent, the result is not complete
    done.write_assignments(out / FILES[0])
    page = write_page(done, out / FILES[1])
    document = write_json(out / FILES[2], done.to_json())
    if arguments.json:
        print_json({"out": str(out), "page": str(page), "assignments": str(out / FILES[0]), **document})
    else:
        _say(done, document, output)
        output.say(str(page))
    return 0


def _out(source: str, given: str | None, *, overwrite: bool) -> Path:
    """The folder to write, which is new, of this command, or interrupted before its result was written."""
    name = Path(source).name.partition(".")[0] or "data"
    out = Path("clusters") / name if given is None else Path(given)
    if out.exists() and not out.is_dir():
        raise SettingError(f"cluster: --out {out} is a file; name a folder.")
    if Path(source).expanduser().is_dir():
        check_outside("cluster", out, Path(source))
    check_place("cluster", out / FILES[0])
    others = {path.name for path in out.iterdir()} - {*FILES, RUNS} if out.is_dir() else set()
    if others:
        raise RunError(f"{out} holds other files, such as {min(others)}; name another folder with --out.")
    # Without clusters.json, files beside trained runs are those of a killed call, and others may be anybody's.
    decisive = FILES[2:] if (out / RUNS).is_dir() else FILES
    there = [name for name in decisive if (out / name).exists()]
    if there and not overwrite:
        raise RunError(
            f"{out} holds {there[-1]} already: name another folder with --out, or replace the result with --overwrite."
        )
    return out


def _say(done: Clustered, document: Mapping[str, Any], output: Output) -> None:
    output.say(done.headline, "bold")
    output.say(
        f"  {done.clusters} cluster{'s' if done.clusters > 1 else ''} ({done.how}) of {len(done.subject):,} {done.subject.event.plural}"
    )
    labelled = done.verdict is not None
    shown = ("ami", "nmi", "ari", "accuracy") if labelled else ("stability", "silhouette")
    output.say(f"  {'':<18} " + "  ".join(f"{metric:<20}" for metric in shown))
    for method in METHODS:
        for name, scores in document["scores"].items():
            one = scores[method]
            cells = "  ".join(f"{with_interval(one.get(metric)):<20}" for metric in shown)
            noise = f"  {one['clusters']} clusters, {one['noise']:.0%} noise" if METHODS[method].noise else ""
            output.say(f"  {method:<10}{name:<8} {cells}{noise}".rstrip())
    if done.probes is not None:
        for probe, some in done.probes.scores.items():
            parts = [f"{name} {with_interval(vars(one.accuracy))}" for name, one in some.items()]
            output.say(f"  {probe} probe on {done.probes.tested:,} examples: {', '.join(parts)}")
    for criterion, title in document["criteria"].items():
        names = [one.name for one in done.outliers if one.criterion == criterion][:NAMED]
        output.say(f"  {title}: {', '.join(names)}")
    for note in done.notes:
        output.say(f"  {note}", "yellow")


def _parser() -> Parser:
    methods = "\n".join(f"  {name:<10} {entry.title}" for name, entry in METHODS.items())
    choices = "\n".join(f"  {name:<10} {title}" for name, title in CHOICES.items())
    parser = Parser(
        "cluster",
        "Cluster the codes of a run's model, beside raw values and principal components; probe them, and list outliers.",
        "RUN|DATA [options]",
        epilog=f"methods:\n{methods}\nhow the number of clusters is chosen (--choose):\n{choices}",
    )
    parser.add_argument(
        "source",
        metavar="RUN|DATA",
        help="the folder of a run whose model has codes; or data, a built-in name or a path, for which an autoencoder is trained first",
    )
    parser.add_argument(
        "--clusters", type=int, metavar="K", help="number of clusters (that of the classes, else chosen)"
    )
    parser.add_argument(
        "--out", metavar="FOLDER", help="folder of the page, clusters.csv and clusters.json (clusters/NAME)"
    )
    parser.add_argument(
        "--target", metavar="COLUMN", help="tables: the column of known classes, which is not clustered"
    )
    parser.add_argument("--recipe", metavar="NAME", help="data: the recipe to train (chosen by the kind of data)")
    parser.add_argument("--steps", type=int, metavar="N", help="data: training steps (default: those of the recipe)")
    parser.add_argument("--size", type=int, metavar="N", help="data, images: height and width in pixels")
    parser.add_argument("--part", default="all", metavar="PART", help=f"which examples: {', '.join(PARTS)} (all)")
    parser.add_argument(
        "--limit",
        type=int,
        default=LIMIT,
        metavar="N",
        help=f"examples that are clustered, at random of more ({LIMIT})",
    )
    parser.add_argument("--choose", default="bic", metavar="NAME", help="criterion for the number of clusters (bic)")
    parser.add_argument(
        "--seeds", type=int, default=SEEDS, metavar="N", help=f"runs of each method that draws random numbers ({SEEDS})"
    )
    parser.add_argument(
        "--outliers", type=int, default=OUTLIERS, metavar="N", help=f"outliers by each criterion ({OUTLIERS})"
    )
    parser.add_argument("--step", metavar="STEP", help="run: checkpoint: newest (default), best or a number")
    parser.add_argument("--device", metavar="DEVICE", help="run: cpu (default), auto, cuda or mps")
    add_trust(parser)
    add_seed(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier result; trained runs are kept")
    add_json(parser)
    return parser
