"""Cluster the examples of a run or of data in one call."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from saddlepoint.applications.cluster.choosing import choose_number
from saddlepoint.applications.cluster.clustered import Clustered
from saddlepoint.applications.cluster.limitations import limitations
from saddlepoint.applications.cluster.measuring import measure, represent
from saddlepoint.applications.cluster.outliers import find_outliers
from saddlepoint.applications.cluster.probing import measure_probes
from saddlepoint.applications.cluster.settings import (
    CHOICES,
    CODES,
    LIMIT,
    OUTLIERS,
    PARTS,
    SEEDS,
    Choice,
    Part,
    check_choice,
)
from saddlepoint.applications.cluster.sources import Source, is_run, read_data, read_run_data
from saddlepoint.applications.cluster.training import SHARE, check_encodes, choose_recipe, train_once
from saddlepoint.arguments import check_count
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import DataError, SettingError
from saddlepoint.evaluation.tables.threads import one_thread
from saddlepoint.experiment.loading import Which, load
from saddlepoint.experiment.run import Run
from saddlepoint.models.capabilities import Encodes, lacks
from saddlepoint.progress import report_for
from saddlepoint.progress.protocol import Report

MOST_SEED = 2**32 - 1_000  # scikit-learn takes seeds below 2^32, and each repetition has its own


def cluster(
    source: Any,
    *,
    clusters: int | None = None,
    target: str | None = None,
    recipe: str | Path | None = None,
    steps: int | None = None,
    size: int | None = None,
    part: Part = "all",
    limit: int = LIMIT,
    choose: Choice = "bic",
    seeds: int = SEEDS,
    outliers: int = OUTLIERS,
    seed: int = 0,
    step: Which = "newest",
    device: str = "cpu",
    keep: str | Path | None = None,
    trust: bool = False,
    progress: Report | bool = True,
) -> Clustered:
    """Cluster examples on a model's codes, and compare them with raw values and principal components.

        sp.cluster("runs/vae-digits-1").scores["codes"]["k-means"].metrics["nmi"]
        sp.cluster("people.csv", target="income", keep="people-clusters").outliers

    Args:
        source: a run or its folder, whose model has codes; or data: a built-in name, a path, a table, arrays, a pair (x, y) of arrays, or a
            Dataset. On data, an autoencoder is trained first.
        clusters: their number; None for that of the classes, or one that is chosen.
        target: of a table, the column of known classes, by which clusters are scored; it is not clustered.
        recipe: for data, the recipe to train; None chooses one by their kind and size.
        steps: for data, training steps; None for the recipe's.
        size: of images in data, height and width; None keeps them.
        part: which examples are clustered: "all", "training" or "held-out".
        limit: examples that are clustered, a random subset of more.
        choose: how the number of clusters is chosen without classes: "bic" or "silhouette".
        seeds: runs of each method that draws random numbers, over which scores are averaged.
        outliers: examples that are listed by each criterion.
        seed: of everything random.
        step: of a run, the checkpoint: "newest", "best" or a step.
        device: on which the model runs.
        keep: for data, the folder in which the trained run is kept, and found by the next call; None keeps nothing.
        trust: whether code that the run or recipe names by import path may run.
        progress: a function that receives the progress, or whether to show it on a terminal or in a notebook.

    Raises:
        SettingError: a setting is not possible, such as more clusters than examples.
        DataError: the model has no codes, or the data cannot be read or clustered.
    """
    check_request(clusters, limit, seeds, outliers, seed, steps, part, choose)
    read = None
    if isinstance(source, Run):
        source, run = source.folder.path, source
    else:
        run = Run(source, trust=trust) if is_run(source) else None
    with report_for(progress) as report, tempfile.TemporaryDirectory() as scratch:
        if run is not None:
            given = {"--target": target, "--recipe": recipe, "--steps": steps, "--size": size, "keep": keep}
            for option, value in given.items():
                if value is not None:
                    raise SettingError(
                        f"cluster: {option} is for data that have no model, and {source} is a run; leave it out."
                    )
        else:
            place = Path(scratch if keep is None else keep)
            run, read = _train(
                source, clusters, part, limit, target, recipe, steps, size, seed, place, report, trust=trust
            )
        return cluster_run(
            run, read, clusters=clusters, part=part, limit=limit, choose=choose, seeds=seeds, outliers=outliers, seed=seed, step=step,
            device=device, report=report,
        )  # fmt: skip


def check_request(
    clusters: int | None, limit: int, seeds: int, outliers: int, seed: int, steps: int | None, part: str, choose: str
) -> None:
    """Raise SettingError for numbers out of range and for names that do not exist."""
    ranges: list[tuple[str, int, int, int]] = [
        ("--clusters", 1 if clusters is None else clusters, 1, 10_000),
        ("--limit", limit, 2, 10_000_000),
        ("--seeds", seeds, 1, 100),
        ("--outliers", outliers, 1, 1_000),
        ("--seed", seed, 0, MOST_SEED),
        ("--steps", 1 if steps is None else steps, 1, 2**31),
    ]
    for option, value, least, most in ranges:
        check_count("cluster", option, value, least, most)
    check_choice("--part", part, PARTS)
    check_choice("--choose", choose, CHOICES)


@one_thread()
def cluster_run(
    run: Run,
    read: Source | None,
    *,
    clusters: int | None,
    part: Part,
    limit: int,
    choose: Choice,
    seeds: int,
    outliers: int,
    seed: int,
    step: Which,
    device: str,
    report: Report | None,
) -> Clustered:
    """Cluster the examples of a trained run.

    For other arguments see `cluster`.

    Args:
        run: its model encodes.
        read: its data, if they were read already; None reads them.
    """
    folder = run.folder.path
    _say(report, f"loading {folder}", SHARE)
    model = load(folder, step=step, device=device, modules=run.modules, trust=run.trust)
    reason = lacks(model, Encodes)
    if reason is not None:
        raise DataError(
            f"cluster: {folder} has no codes: {reason.rstrip('.')}; give a run of an autoencoder, a VAE, a VQ-VAE or a GAN with an encoder."
        )
    source = read_run_data(run.recipe.data, model.event) if read is None else read
    subject = source.subject(model, part, limit, seed)
    points = represent(subject)
    number, how = choose_number(points[CODES], subject.y, clusters, choose, seed)

    def within(words: str, share: float) -> None:
        _say(report, words, SHARE + 0.1 + 0.2 * share)

    scores, assignments = measure(subject, points, number, seeds, seed, within)
    _say(report, "probing", 0.9)
    probes = measure_probes(subject, seed)
    _say(report, "looking for outliers", 0.98)
    found = find_outliers(subject, points[CODES], number, seed, outliers)
    return Clustered(
        assignments,
        scores,
        probes,
        found,
        subject,
        points,
        number,
        how,
        source.name,
        str(folder),
        run.recipe.name,
        limitations(run, subject, source),
        seed,
    )


def _train(
    source: Any,
    clusters: int | None,
    part: Part,
    limit: int,
    target: str | None,
    name: str | Path | None,
    steps: int | None,
    size: int | None,
    seed: int,
    keep: Path,
    report: Report | None,
    *,
    trust: bool,
) -> tuple[Run, Source]:
    """The run of a recipe on data, and these data, with everything checked that can be before it is trained."""
    settings = DataSettings(target=target, size=None if size is None else (size,))
    _say(report, "reading the data", 0.0)
    found = read_data(source, settings)
    recipe = choose_recipe(found.dataset.event, found.dataset.table is not None, name, steps, seed)
    if found.settings is not None:
        given = {"source": found.settings.source, "target": target, "size": found.settings.size}
        own = recipe.override(
            {f"data.{key}": value for key, value in given.items() if value is not None}, where="cluster"
        )
        if own.data != found.settings:  # the recipe reads data in its own way
            found = read_data(source, own.data)
        recipe = own
    if recipe.training.batch_size > (most := len(found.dataset)):
        recipe = recipe.override({"training.batch_size": most}, where="cluster")
    check_encodes(recipe, found.dataset.event)
    examples = len(found.subject(None, part, limit, seed))
    if clusters is not None and clusters > examples:
        raise SettingError(
            f"cluster: --clusters is {clusters:,} and there are {examples:,} examples; give at most as many clusters as examples."
        )
    return train_once(found, recipe, keep, report, trust=trust), found


def _say(report: Report | None, words: str, share: float) -> None:
    if report is not None:
        report(words, share)
