"""`saddlepoint sample RUN`: draw samples from a trained model into a picture, a folder of files, arrays (.npz) or texts (.txt)."""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from saddlepoint.cli.arguments import Parser, add_json, add_networks, add_trust, checkpoint_step, networks_of
from saddlepoint.cli.console import console, print_json
from saddlepoint.errors import RunError, SettingError, printable, suggestion
from saddlepoint.records import find_run, writing
from saddlepoint.records.lock import is_locked

if TYPE_CHECKING:
    from torch import Tensor

    from saddlepoint.data import Event
    from saddlepoint.models.base import Model


WAIT = 10.0  # seconds for another command that writes a file into the run
ELSEWHERE = "wait for it, or write elsewhere with --out"


def run(argv: Sequence[str]) -> int:
    """Draw samples and write them; return the exit code."""
    arguments = _parser().read(argv)
    if arguments.count < 1:
        raise SettingError(f"sample: -n must be at least 1, got {arguments.count}.")
    if not 0 <= arguments.seed < 2**63:
        raise SettingError(f"sample: --seed must be 0 to 2^63 - 1, got {arguments.seed}.")
    step = checkpoint_step("sample", arguments.step)
    folder = find_run(arguments.run)
    if arguments.out is None and is_locked(folder.path):
        raise RunError(f"{folder.path} is being worked on by another process: {ELSEWHERE}.")
    output = console(arguments.json)
    output.say(f"Loading PyTorch and {arguments.run} ...")
    import torch

    from saddlepoint import experiment
    from saddlepoint.cli.rows import codec_of, write_rows
    from saddlepoint.cli.samples import Destination, write
    from saddlepoint.models.capabilities import HasNamedCodes, has, lacks
    from saddlepoint.models.class_samples import sample_with_codes, sample_with_labels

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        model = experiment.load(
            arguments.run,
            step=step,
            device=arguments.device,
            modules=networks_of("sample", arguments.network),
            trust=arguments.trust,
        )
    for warning in caught:
        print(f"saddlepoint: {printable(str(warning.message))}", file=sys.stderr)
    codec = codec_of(arguments.run, arguments.out, arguments.condition)
    if codec is not None:
        labels = None if arguments.labels is None else _asked_labels(arguments, model)
        return write_rows(model, codec, arguments, Path(arguments.run) / f"{_name(arguments)}.csv", labels, output)
    default = Path(arguments.run) / (_name(arguments) + {"image": ".png", "text": ".txt"}.get(model.event.kind, ".npz"))
    destination = Destination.of(arguments.out, default, overwrite=arguments.overwrite)
    destination.check(model.event)
    asked = None if arguments.labels is None else _asked_labels(arguments, model)
    coded = model if has(model, HasNamedCodes) else None
    if arguments.codes is not None and coded is None:
        raise SettingError(f"sample: --codes: {arguments.run}: {lacks(model, HasNamedCodes)}")
    generator = torch.Generator(model.device).manual_seed(arguments.seed)
    started = time.perf_counter()
    if coded is not None and arguments.codes is not None:
        values = _codes(arguments.codes)
        samples, labels = sample_with_codes(coded, arguments.count, values, asked, generator)
    else:
        samples, labels = sample_with_labels(model, arguments.count, asked, generator)
    samples = samples.cpu()
    seconds = time.perf_counter() - started
    own = writing(folder, wait=WAIT, otherwise=ELSEWHERE) if arguments.out is None else contextlib.nullcontext()
    with own:
        write(samples, labels, model.event, destination)
    if arguments.json:
        print_json(
            {
                "out": str(destination.path),
                "n": arguments.count,
                "shape": list(samples.shape),
                "dtype": model.event.dtype,
                "seed": arguments.seed,
                "seconds": seconds,
                **({} if labels is None else {"classes": _counts(labels, model.event)}),
            }
        )
    else:
        shape = "x".join(map(str, model.event.shape))
        output.say(
            f"{destination.path}: {arguments.count:,} {model.event.plural} of {shape} {model.event.dtype}, "
            f"seed {arguments.seed}, drawn in {seconds:.2g} s"
        )
    return 0


def _asked_labels(arguments: argparse.Namespace, model: Model) -> Tensor:
    """The classes (n,) int64 that --labels asks for."""
    from saddlepoint.models.capabilities import SamplesClasses, has

    if not has(model, SamplesClasses):
        raise SettingError(
            f"sample: the model of {arguments.run} was trained without labels and cannot sample a class: leave --labels out, "
            "or train a model that takes labels on labelled data (model.conditional true, or model.condition of a GAN)."
        )
    model.check_request(arguments.count, None)  # before so many labels are made
    return _labels(arguments.labels, arguments.count, model.event)


def _labels(text: str, count: int, event: Event) -> Tensor:
    """ "3" or "cat,dog" -> (count,) int64, the named classes in turn; numbers count classes from 0, unless they are names."""
    import torch

    from saddlepoint.data.classes import numeric_labels

    names = event.class_names or ()
    are_numbers = numeric_labels(names) is not None
    chosen = []
    for word in (part.strip() for part in text.split(",")):
        if word in names:
            chosen.append(names.index(word))
        elif word.isdecimal() and not are_numbers and (not names or int(word) < len(names)):
            chosen.append(int(word))
        else:
            classes = f" The classes are {', '.join(names)}." if names else ""
            raise SettingError(f'sample: there is no class "{word}".{suggestion(word, names)}{classes}')
    if count < len(chosen):
        raise SettingError(
            f"sample: -n {count} is fewer than the {len(chosen)} classes of --labels, so that some would get no sample; give -n "
            f"{len(chosen)} or more."
        )
    return torch.tensor(chosen, dtype=torch.int64).repeat(-(-count // len(chosen)))[:count]


def _codes(text: str) -> dict[str, float]:
    """ "category-1=3,number-1=0.5" -> {"category-1": 3.0, "number-1": 0.5}."""
    values = {}
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        try:
            values[name] = float(value)
        except ValueError:
            raise SettingError(
                f'sample: --codes takes NAME=VALUE pairs separated by commas, such as category-1=3,number-1=0.5; got "{text}".'
            ) from None
    return values


def _counts(labels: Tensor, event: Event) -> dict[str, int]:
    """The number of samples of each class by name, in the order of the classes."""
    import torch

    names = event.class_names or ()
    numbers = torch.bincount(labels, minlength=len(names)).tolist()
    return {names[i] if i < len(names) else str(i): number for i, number in enumerate(numbers) if number}


def _name(arguments: argparse.Namespace) -> str:
    """The default file's name without an ending; it contains every option, so that other samples never replace it."""
    asked = {
        "step": "" if arguments.step == "newest" else arguments.step,
        "labels": arguments.labels or "",
        "condition": arguments.condition or "",
        "codes": (arguments.codes or "").replace("=-", "=minus"),
        "seed": str(arguments.seed or ""),
    }
    parts = [f"{name}-{'-'.join(re.findall('[A-Za-z0-9]+', words))}" for name, words in asked.items() if words]
    return "-".join([f"samples-{arguments.count}", *parts])


def _parser() -> Parser:
    parser = Parser("sample", "Draw samples from a run's model. The same seed gives the same samples.")
    parser.add_argument("run", metavar="RUN", help="the run's folder")
    parser.add_argument("-n", dest="count", type=int, default=64, metavar="N", help="number of samples (default: 64)")
    parser.add_argument(
        "--out",
        metavar="PATH",
        help="FILE.png: one picture; FILE.npz: array x in the data's own units, and y with labels; "
        "FILE.txt: texts; FILE.csv, .tsv, .csv.gz or .parquet: rows of a table, as its source has them; a folder: one file a sample (PNG, WAV, text, CSV of a series, .npy of a volume), in a folder for each class of "
        "a conditional model (default: RUN/samples-N.png for images, .txt for texts, .csv for tables, else .npz; the name contains --step, --labels "
        "and --seed if they are given)",
    )
    parser.add_argument(
        "--labels",
        metavar="L,...",
        help="classes of a conditional model, by name or number, in turn (default: the shares of its training data)",
    )
    parser.add_argument(
        "--codes",
        metavar="NAME=VALUE,...",
        help="codes of an InfoGAN: category-1=3 is value 3 of the first categorical code, number-1=0.5 the first continuous one "
        "(default: drawn)",
    )
    parser.add_argument(
        "--condition",
        metavar="COLUMN=VALUE,...",
        help="tables: conditions that all rows meet, such as age>60,sex=F",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the noise (default: 0)")
    parser.add_argument(
        "--step", default="newest", metavar="STEP", help="checkpoint: newest (default), best, or a step's number"
    )
    parser.add_argument("--device", default="cpu", metavar="DEVICE", help="cpu (default), auto, cuda, cuda:1 or mps")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file or existing pictures")
    add_trust(parser)
    add_networks(parser)
    add_json(parser)
    return parser
