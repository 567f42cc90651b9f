"""The commands of the program. A new one is a module and a line here."""

from __future__ import annotations

# Command: the module whose `run(argv) -> int` it is, and one line of help.
COMMANDS: dict[str, tuple[str, str]] = {
    "train": ("saddlepoint.cli.train", "train a recipe into a run folder with samples, curves and a report"),
    "resume": ("saddlepoint.cli.resume", "continue an interrupted run, or train a finished one further"),
    "sample": ("saddlepoint.cli.sample", "draw samples from a run: a picture, a folder of pictures, or an .npz"),
    "evaluate": ("saddlepoint.cli.evaluate", "measure how good a run's samples are, or compare runs"),
    "diagnose": (
        "saddlepoint.cli.diagnose",
        "say what went wrong in a run or in another program's log, and what to do",
    ),
    "report": ("saddlepoint.cli.report", "write a run's report.html again"),
    "study": ("saddlepoint.cli.study", "train many runs along axes and seeds; tables and pictures with intervals"),
    "reproduce": ("saddlepoint.cli.reproduce", "test claims of the literature over many seeds; verdicts and pictures"),
    "augment": (
        "saddlepoint.cli.augment",
        "generate labelled examples of every class, and measure whether they help",
    ),
    "impute": ("saddlepoint.cli.impute", "fill in the missing cells of a table, for prediction or for inference"),
    "label": (
        "saddlepoint.cli.label",
        "fill in missing labels, with calibrated probabilities; or measure it with hidden ones",
    ),
    "cluster": ("saddlepoint.cli.cluster", "cluster the codes of a run or of data; probes, outliers, baselines"),
    "predict": ("saddlepoint.cli.predict", "predict the next frames of videos, and measure how well"),
    "simulate": (
        "saddlepoint.cli.simulate",
        "learn a task from trajectories; plan or train policies in the learnt one",
    ),
    "recipes": ("saddlepoint.cli.recipes", "list the ready-made recipes, or show one"),
    "data": ("saddlepoint.cli.data", "describe a data source and check it before training"),
}
