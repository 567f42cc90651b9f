"""`saddlepoint evaluate RUN [RUN ...]`: measure how good a run's samples are, or compare runs."""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from saddlepoint.cli.arguments import Parser, add_json, add_networks, add_trust, checkpoint_step, networks_of
from saddlepoint.cli.console import Output, console, print_json
from saddlepoint.cli.destination import check_file
from saddlepoint.cli.evaluate_table import card_document, evaluate_rows, is_rows, show_card
from saddlepoint.errors import DataError, SettingError
from saddlepoint.records import RunFolder, find_run

if TYPE_CHECKING:
    from saddlepoint.evaluation.scorecard.ranking import Ranking
    from saddlepoint.evaluation.scorecard.scorecard import Scorecard
    from saddlepoint.evaluation.tables.card import TableCard
    from saddlepoint.experiment import Evaluation

OF_ROWS = ("test", "schema", "page")  # options that runs do not have


def run(argv: Sequence[str]) -> int:
    """Evaluate, print and save the scorecard; return the exit code."""
    parser = _parser()
    arguments = parser.read(argv)
    if arguments.real is not None or is_rows(arguments.run):
        return evaluate_rows(arguments, parser.read(arguments.run))
    if arguments.target is not None and not all((Path(name) / "table.json").exists() for name in arguments.run):
        raise SettingError("evaluate: --target is for rows of a table; leave it out for other runs.")
    for option in OF_ROWS:
        if getattr(arguments, option) is not None:
            raise SettingError(
                f"evaluate: --{option} is for a table of rows (evaluate ROWS --real TABLE), not for runs."
            )
    runs = _runs(arguments.run)
    step = checkpoint_step("evaluate", arguments.step)
    if arguments.out is not None:
        if len(runs) == 1:
            raise SettingError("evaluate: --out is the picture of a comparison: name a second run, or leave it out.")
        check_file("evaluate", Path(arguments.out), [".png"], overwrite=arguments.overwrite)
    output = console(arguments.json)
    waiting = console(json=True)
    found: dict[str, Scorecard] = {}
    waiting.say("Loading PyTorch ...")
    for name in runs:
        found[name] = _scorecard(name, arguments, step, waiting)
    if len(runs) == 1:
        name, scorecard = next(iter(found.items()))
        card = _table_card(name, arguments, step, waiting)
        if arguments.json:
            print_json({"run": name, **scorecard.to_json(), **card_document(card)})
            return 0
        from saddlepoint.cli.scores import show

        if card is not None:
            show_card(output, card)
            output.say(f"{RunFolder(Path(name)).table_page}")
            output.say("\nScores of the encoded rows:", "bold")
        show(output, scorecard)
        output.say(f"{RunFolder(Path(name)).scorecard}")
        return 0
    from saddlepoint.evaluation.scorecard.ranking import rank

    ranking = rank(found, force=arguments.force)
    picture = _draw_comparison(ranking, Path(arguments.out) if arguments.out else _beside(runs))
    if arguments.json:
        print_json({"picture": str(picture), **_strict(ranking)})
    else:
        from saddlepoint.cli.scores import show_ranking

        show_ranking(output, ranking)
        output.say(str(picture))
    return 0


def _runs(given: Sequence[str]) -> list[str]:
    """The runs, each once, checked before anything is measured."""
    names = list(dict.fromkeys(str(Path(name)) for name in given))
    if len(given) > 1 and len(names) == 1:
        raise SettingError(f"evaluate: {names[0]} is named twice; name another run to compare it with.")
    for name in names:
        find_run(name)
    return names


def _scorecard(
    name: str, arguments: argparse.Namespace, step: Literal["newest", "best"] | int, output: Output
) -> Scorecard:
    """The run's saved scorecard if it answers the same question, else a new one."""
    from saddlepoint.progress import Display, visible

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        evaluation = _evaluation(name, arguments, step)
        with visible():
            stored, why = (None, "") if arguments.again else evaluation.stored()
            if stored is not None:
                output.say(f"{name}: its scorecard answers this already (--again measures it again)")
                return stored
            output.say(f"Evaluating {name}{why and f': {why}'}")
            with Display(output, every=5.0, share=1.0, summary=False, say=output.say) as display:
                scorecard = evaluation.measure(display.report)
    for warning in caught:
        output.say(f"saddlepoint: {warning.message}")
    return scorecard


def _evaluation(name: str, arguments: argparse.Namespace, step: Literal["newest", "best"] | int) -> Evaluation:
    from saddlepoint.evaluation.settings import AssessmentSettings
    from saddlepoint.experiment import Evaluation, Run
    from saddlepoint.experiment.evaluation_arguments import checked_settings

    features = None if arguments.features is None else [word.strip() for word in arguments.features.split(",")]
    asked = checked_settings(
        samples=arguments.samples, seeds=arguments.seeds, seed=arguments.seed, likelihood=arguments.likelihood
    )
    run = Run(name, modules=networks_of("evaluate", arguments.network), trust=arguments.trust)
    return Evaluation(run, AssessmentSettings(**asked), arguments.data, features, step, arguments.device)


def _table_card(
    name: str, arguments: argparse.Namespace, step: Literal["newest", "best"] | int, output: Output
) -> TableCard | None:
    """The card of a run on a table: the stored one if it answers the same question, else a new one; None for other runs or data."""
    if not RunFolder(Path(name)).table.exists():
        return None
    if arguments.data is not None:
        output.say("Rows of the table are scored against the run's own data alone; leave --data out for these scores.")
        return None
    from saddlepoint.experiment.table_evaluation import TableEvaluation
    from saddlepoint.progress import Display, visible

    evaluation = TableEvaluation(_evaluation(name, arguments, step), arguments.samples, arguments.target)
    if not evaluation.applies:
        return None
    stored = None if arguments.again else evaluation.stored()
    if stored is not None:
        return stored
    try:
        with visible(), Display(output, every=5.0, share=1.0, summary=False, say=output.say) as display:
            return evaluation.measure(display.report)
    except DataError as error:  # such as too few rows, for which the scorecard of the vectors still stands
        if arguments.target is not None:
            raise
        output.say(f"Rows of the table are not scored: {error}")
        return None


def _draw_comparison(ranking: Ranking, path: Path) -> Path:
    """Draw a picture of all scores to `path`."""
    import numpy as np

    from saddlepoint.cli.scores import short
    from saddlepoint.evaluation.scorecard.answer import answer
    from saddlepoint.evaluation.scorecard.ranking import table
    from saddlepoint.figures.comparison import comparison_figure
    from saddlepoint.figures.style import write_png

    rows = table(ranking)
    names = list(ranking.scorecards)

    def column(entry: str) -> list[list[float]]:
        values = [[getattr(scores.get(name), entry, None) for name in names] for _, scores in rows]
        return [[float("nan") if value is None else value for value in row] for row in values]

    def reference(entry: str) -> list[float]:
        firsts = [getattr(next(iter(scores.values())), entry) for _, scores in rows]
        return [float("nan") if bounds is None else bounds.value for bounds in firsts]

    drawing = comparison_figure(
        [title for title, _ in rows],
        short(names),
        np.array(column("value")),
        np.array(column("low")),
        np.array(column("high")),
        np.array(reference("baseline")),
        np.array(reference("worst_case")),
        [next(iter(scores.values())).better for _, scores in rows],
        title=answer(ranking).sentence,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_png(drawing, path)


def _beside(runs: Sequence[str]) -> Path:
    """comparison.png in the folder that holds all the runs."""
    common = os.path.commonpath([str(Path(name).resolve().parent) for name in runs])
    return Path(os.path.relpath(Path(common) / "comparison.png"))


def _strict(ranking: Ranking) -> dict[str, object]:
    from saddlepoint.evaluation.scorecard.answer import answer
    from saddlepoint.records.schema import number_to_json

    document = number_to_json({"answer": answer(ranking).to_json(), **ranking.to_json()})
    assert isinstance(document, dict)
    return dict(document)


def _parser() -> Parser:
    parser = Parser(
        "evaluate",
        "Measure how good a run's samples are: every score with a 95 % interval, beside the scores of real data and of a "
        "bad generator. Writes RUN/scorecard.json and updates the run's report. With several runs, says which differences "
        "are significant. Scores that the scorecard already has for this checkpoint, data and settings are not measured "
        "again, unless --again is given. For a run on a table, its rows are also scored, with real rows and simple generators as baselines, in "
        "RUN/table_card.json and RUN/table.html; `evaluate ROWS --real TABLE` scores the rows of any program.",
    )
    parser.add_argument(
        "run",
        metavar="RUN",
        nargs="+",
        help="folders of one run or several; or, with --real, a table of rows (CSV, TSV, Parquet)",
    )
    parser.add_argument("--real", metavar="TABLE", help="the real rows that a table of rows imitates")
    parser.add_argument(
        "--test", metavar="TABLE", help="real rows that its generator has not seen, for copies and privacy"
    )
    parser.add_argument(
        "--target", metavar="COLUMN", help="column that classifiers predict, to say how useful the rows are"
    )
    parser.add_argument("--schema", metavar="FILE.yaml", help="schema of the real rows (default: inferred)")
    parser.add_argument(
        "--features",
        metavar="NAME,...",
        help="raw, pca, classifier, random, self-supervised, inception, clip, dino, or package.module:function "
        "(default: what suits the data)",
    )
    parser.add_argument(
        "--samples", type=int, metavar="N", help="samples per seed (default: as many as are held out, at most 10,000)"
    )
    parser.add_argument("--seeds", type=int, default=3, metavar="K", help="number of sampling seeds (default: 3)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="first sampling seed (default: 0)")
    parser.add_argument(
        "--step", default="newest", metavar="STEP", help="checkpoint: newest (default), best, or a step's number"
    )
    parser.add_argument(
        "--likelihood",
        default="bounds",
        metavar="HOW",
        help="bounds (default), or annealed: annealed importance sampling with its gap, and a kernel estimate (takes minutes)",
    )
    parser.add_argument("--data", metavar="SOURCE", help="measure against this data instead of the run's own")
    parser.add_argument("--device", default="cpu", metavar="DEVICE", help="cpu (default), auto, cuda, cuda:1 or mps")
    parser.add_argument("--again", action="store_true", help="measure again, even if the scorecard has the answer")
    parser.add_argument(
        "--force", action="store_true", help="compare runs even if they were measured in different ways"
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        help="FILE.png: picture of a comparison (default: comparison.png beside the runs)",
    )
    parser.add_argument("--page", metavar="FILE.html", help="page of a table of rows; --out FILE.html is the same")
    parser.add_argument("--overwrite", action="store_true", help="replace that file if it exists")
    add_trust(parser)
    add_networks(parser)
    add_json(parser)
    return parser
