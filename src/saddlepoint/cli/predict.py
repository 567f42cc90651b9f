"""`saddlepoint predict DATA --out FOLDER`: train a predictor of next frames and measure it; `predict RUN --data SEQUENCES`: apply one."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from saddlepoint.applications.predict.settings import (
    BASELINES,
    FRAMES_IN,
    FRAMES_OUT,
    LOSS,
    METHODS,
    PREDICTOR,
    SCORES,
    STEPS,
)
from saddlepoint.arguments import check_count
from saddlepoint.cli.arguments import Parser, add_json, add_trust
from saddlepoint.cli.console import Output, console, print_json
from saddlepoint.cli.destination import check_outside, check_place, check_written_here
from saddlepoint.errors import RunError, SettingError
from saddlepoint.records import RunFolder, read_json, write_json

REQUEST = "request.json"
USUAL = {"frames_in": FRAMES_IN, "frames_out": FRAMES_OUT, "loss": LOSS, "steps": STEPS, "channels": "auto", "seed": 0}
TRAINING = ("frames_in", "frames_out", "loss", "steps", "size", "stride", "points", "channels", "width", "seed")


def run(argv: Sequence[str]) -> int:
    """Train and measure a predictor, or apply one; return the exit code."""
    arguments = _parser().read(argv)
    if arguments.sequences is not None:
        return _apply(arguments)
    if RunFolder(Path(arguments.data)).recipe.is_file():
        raise SettingError(f"predict: {arguments.data} is a trained run; say what it is to continue: --data SEQUENCES.")
    return _train(arguments)


def _train(arguments: argparse.Namespace) -> int:
    request = {"data": arguments.data} | {name: getattr(arguments, name) for name in TRAINING}
    for name, usual in USUAL.items():
        request[name] = usual if request[name] is None else request[name]
    out = Path(arguments.out)
    from saddlepoint.applications.predict.sources import read_videos
    from saddlepoint.applications.predict.start import check_request, measure_run
    from saddlepoint.applications.predict.training import trained_run
    from saddlepoint.applications.predict.writing import PAGE, RESULT, write_prediction
    from saddlepoint.cli.run_display import RunDisplay
    from saddlepoint.progress import visible

    recipe, settings = check_request(**request)
    _check_out(out, request, RESULT, overwrite=arguments.overwrite)
    if Path(arguments.data).exists():
        check_outside("predict", out, Path(arguments.data))
    output, waiting = console(arguments.json), console(json=True)
    with visible():
        dataset = read_videos(settings)
    out.mkdir(parents=True, exist_ok=True)
    (out / RESULT).unlink(missing_ok=True)
    write_json(out / REQUEST, request)
    with RunDisplay(waiting) as progress:
        found = trained_run(recipe, dataset, out / "run", progress)
    waiting.say("Measuring test sequences ...")
    done = measure_run(found, dataset, out / "run")
    document = write_prediction(done, out)
    if arguments.json:
        print_json({"out": str(out), "page": str(out / PAGE), **document})
    else:
        _say(document, output)
        output.say(str(out / PAGE))
    return 0


def _check_out(out: Path, request: Mapping[str, Any], result: str, *, overwrite: bool) -> None:
    """Check that the folder can be written: it is new, or an earlier call for the same was killed in it."""
    check_place("predict", out / result)
    if out.is_file():
        raise SettingError(f"predict: --out {out} is a file; name a folder.")
    if not out.exists() or not any(out.iterdir()):
        return
    check_written_here(out, REQUEST)
    same = read_json(out / REQUEST) == dict(request)
    if overwrite or (same and not (out / result).exists()):
        return
    what = "holds the result of such a call" if same else "holds what an earlier call with other options wrote"
    raise RunError(f"{out} {what}; name another folder, or replace it with --overwrite.")


def _apply(arguments: argparse.Namespace) -> int:
    for name in ("frames_in", "loss", "steps", "size", "stride", "points", "channels", "width", "seed"):
        if getattr(arguments, name) is not None:
            option = name.replace("_", "-")
            raise SettingError(f"predict: --{option} is for training, and {arguments.data} is trained; leave it out.")
    if arguments.overwrite:
        raise SettingError("predict: --overwrite is for training; name a new folder with --out.")
    frames = arguments.frames_out
    if frames is not None:
        check_count("predict", "--frames-out", frames, 1)
    source, out = Path(arguments.sequences), Path(arguments.out)
    check_outside("predict", out, source)
    check_place("predict", out / "x")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RunError(f"{out} exists and is not empty; name another folder with --out.")
    output = console(arguments.json)
    output.say(f"Loading PyTorch and {arguments.data} ...")
    from saddlepoint.applications.predict.applying import continue_sequences, load_predictor
    from saddlepoint.applications.predict.continuing import write_continued

    model = load_predictor(Path(arguments.data), trust=arguments.trust)
    facts = write_continued(continue_sequences(model, source, frames), out)
    if arguments.json:
        print_json({"run": arguments.data, "data": arguments.sequences, "out": str(out), "sequences": facts})
    else:
        total = sum(one["predicted"] for one in facts)
        output.say(f"{total:,} frames predicted after {len(facts):,} sequences", "bold")
        output.say(str(out))
    return 0


def _say(document: Mapping[str, Any], output: Output) -> None:
    output.say(document["headline"], "bold")
    for sentence in document["sentences"]:
        output.say(f"  {sentence}")
    output.say(f"  {document['sequences']:,} test sequences, means and 95 % intervals over them:")
    for name, score in SCORES.items():
        output.say(f"  {score.title}{f' / {score.unit}' if score.unit else ''}")
        for row in document["rows"]:
            own, digits = row["scores"][name], score.digits
            known = f"{own['value']:.{digits}f} [{own['low']:.{digits}f}, {own['high']:.{digits}f}]"
            output.say(f"    {row['name']:<15} {known}")
    for note in document["notes"]:
        output.say(f"  {note}")


def _parser() -> Parser:
    trained = "\n".join(f"  {name:<20} {title}" for name, title in METHODS.items())
    baselines = "\n".join(f"  {name:<20} {baseline.title}" for name, baseline in BASELINES.items())
    parser = Parser(
        "predict",
        "Train a predictor of the next frames of videos, and measure it on test sequences beside predictions without training; "
        "or continue sequences with a trained one.",
        "DATA --out FOLDER [options]\n       saddlepoint predict RUN --data SEQUENCES --out FOLDER [options]",
        epilog=f"losses:\n{trained}\n\nbaselines beside the {PREDICTOR}:\n{baselines}",
    )
    parser.add_argument(
        "data",
        metavar="DATA",
        help="moving-digits, moving-mnist, a video file, or a folder of videos or of folders with frames; with --data a trained run",
    )
    parser.add_argument("--out", required=True, metavar="FOLDER", help="where run, page, pictures and film are written")
    parser.add_argument("--data", dest="sequences", metavar="SEQUENCES", help="continue these with the trained run")
    parser.add_argument("--frames-in", type=int, metavar="N", help=f"frames that are given ({FRAMES_IN})")
    parser.add_argument("--frames-out", type=int, metavar="N", help=f"frames that are predicted ({FRAMES_OUT})")
    parser.add_argument("--loss", metavar="NAME", help=f"{', '.join(METHODS)} ({LOSS})")
    parser.add_argument("--steps", type=int, metavar="N", help=f"training steps ({STEPS:,})")
    parser.add_argument("--size", type=int, metavar="N", help="height and width to which frames are brought")
    parser.add_argument("--stride", type=int, metavar="N", help="frames from the start of an example to the next one's")
    parser.add_argument(
        "--points",
        type=int,
        metavar="N",
        help="moving digits: training videos; another number also changes the test videos",
    )
    parser.add_argument("--channels", choices=("auto", "grey", "rgb"), help="colours; auto takes what the files have")
    parser.add_argument("--width", type=int, metavar="N", help="channels of the network")
    parser.add_argument("--seed", type=int, metavar="N", help="seed of training (0)")
    add_trust(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace what an earlier call wrote")
    add_json(parser)
    return parser
