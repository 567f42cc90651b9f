"""Markup and scripts in every text that a report shows: it must show them as text, and a browser must not execute them."""

from __future__ import annotations

import copy
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from . import run_folders
from .attempt import Attempt, Box, Kind, Outcome, saddlepoint

RUN = run_folders.RUN
REPORT = saddlepoint("report", RUN)
# What a payload becomes where it is taken for markup: an element or an attribute of this name, or a call of this function.
MARK = "xhit"
PAYLOADS = (
    f"<{MARK}>", f'"><{MARK} a="', f"'><{MARK} a='", f'" on{MARK}="1', f"<img src=x onerror={MARK}()>", f"</script><script>{MARK}()</script>",
    f"<svg/onload={MARK}()>", f"<!--><{MARK}>-->", f"<iframe srcdoc='<script>parent.{MARK}()</script>'>", f"javascript:{MARK}()",
    f"&lt;{MARK}&gt;<{MARK}>", f"</title><{MARK}>", f"</pre></style><style>@import 'http://localhost/{MARK}'</style>", f"{{{MARK}}}<{MARK}>",
    f"<a href='javascript:{MARK}()' autofocus onfocus={MARK}()>", f"\ud800<{MARK}>", f"\u2028<{MARK}>", f"[x](javascript:{MARK}())<{MARK}>",
)  # fmt: skip
FINDINGS = [
    {"code": "GAN101", "severity": "failure", "step": 10, "title": "a title", "evidence": {"d/loss": 1.5, "window": [5, 15], "series": ["d/loss"], "told": "text"},
     "advice": "an advice", "remedy": {"training.optimiser.learning_rate": None, "training.steps": "text", "model.penalties.r1": 1.0}, "state": "open"},
    {"code": "GAN103", "severity": "warning", "step": 5, "title": "another", "evidence": {}, "advice": "", "remedy": None, "state": "open"},
    {"code": "GAN103", "severity": "warning", "step": 15, "title": "another", "evidence": {}, "advice": "", "remedy": None, "state": "closed"},
]  # fmt: skip
FILES = ("summary.json", "findings.jsonl", "scorecard.json", "figures/captions.json")
MOST_IN_A_FILE = 60


def setup(shared: Path) -> None:
    """A run with findings, remedies and captions; beside it the same run without records, whose report takes no time."""
    run_folders.setup(shared)
    run = shared / RUN
    (run / "findings.jsonl").write_text("".join(json.dumps(finding) + "\n" for finding in FINDINGS))
    summary = json.loads((run / "summary.json").read_text("utf-8"))
    summary["cures"] = [run_folders.CURE]
    summary["data"] = {**summary.get("data", {}), "classes": ["one", "two"]}
    (run / "summary.json").write_text(json.dumps(summary))
    (run / "figures").mkdir(exist_ok=True)
    captions = {path.name: "a caption" for path in sorted((run / "figures").glob("*.png"))}
    (run / "figures" / "captions.json").write_text(json.dumps(captions))
    quick = shared / "quick" / RUN
    shutil.copytree(run, quick)
    for name in ("records.jsonl", "samples", "checkpoints", "tensorboard", "report.html"):
        shutil.rmtree(quick / name, ignore_errors=True)
        (quick / name).unlink(missing_ok=True)
    (quick / "figures" / "latent.npz").unlink(missing_ok=True)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """("value" or "key", path) of everything in a JSON value that may be text."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield "key", (*path, key)
            yield from places(entry, (*path, key))
    elif isinstance(value, list):
        for position, entry in enumerate(value[:2]):
            yield from places(entry, (*path, position))
    else:
        yield "value", path


def injected(value: Any, kind: str, path: Sequence[Any], payload: str) -> Any:
    """The same JSON value with the payload in one place."""
    value = copy.deepcopy(value)
    inner = value
    for part in path[:-1]:
        inner = inner[part]
    if kind == "key":
        inner[payload] = inner.pop(path[-1])
    else:
        inner[path[-1]] = payload
    return value


def _copy(box: Box, quick: bool) -> Path:
    shutil.copytree(box.shared / "quick" / RUN if quick else box.shared / RUN, box.work / RUN)
    return box.work / RUN


def _plant(box: Box, file: str, line: int, kind: str, path: Sequence[Any], payload: str) -> None:
    target = _copy(box, quick=True) / file
    lines = target.read_text("utf-8").splitlines() if file.endswith("l") else [target.read_text("utf-8")]
    lines[line] = json.dumps(injected(json.loads(lines[line]), kind, path, payload))
    target.write_text("\n".join(lines) + "\n", "utf-8")


def _inject_series(box: Box, payload: str) -> None:
    """In the names of series, which plots show."""
    run = _copy(box, quick=False)
    lines = [json.loads(line) for line in (run / "records.jsonl").read_text("utf-8").splitlines()]
    for record in lines:
        record[f"d/{payload}"] = record["step"] * 0.5
    (run / "records.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def _inject_classes(box: Box, payload: str) -> None:
    """In the names of classes, which a plot of codes shows."""
    import numpy as np

    run, rng = _copy(box, quick=True), np.random.default_rng(0)
    names = np.array([payload.replace("\ud800", ""), "other"])
    np.savez(
        run / "figures" / "latent.npz", codes=rng.normal(size=(40, 2)), labels=np.arange(40) % 2, class_names=names
    )


def _inject_recipe(box: Box, payload: str) -> None:
    path = _copy(box, quick=True) / "recipe.yaml"
    path.write_text(path.read_text("utf-8") + f"# {payload}\n", "utf-8", "replace")


def _inject_file_name(box: Box, payload: str) -> None:
    run = _copy(box, quick=True)
    picture = next(iter(sorted((run / "figures").glob("*.png"))))
    name = payload.replace("/", "-").encode("utf-8", "replace").decode()
    shutil.copyfile(picture, run / "figures" / f"{name}.png")


def _inject_folder_name(box: Box, payload: str) -> None:
    _copy(box, quick=True).rename(box.work / "moved")
    name = payload.replace("/", "-").encode("utf-8", "replace").decode()
    (box.work / "moved").rename(box.work / name)
    (box.work / RUN).symlink_to(name)


class _Elements(HTMLParser):
    """What a browser would read as elements and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.hits: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if MARK in tag or tag in ("iframe", "object", "embed", "base", "form"):
            self.hits.append(f"the element {tag}")
        for name, value in attrs:
            address = name in ("href", "src", "srcdoc", "action", "formaction", "style")
            if (
                name.startswith("on")
                or MARK in name
                or (address and MARK in (value or "") and not (value or "").startswith("data:image"))
            ):
                self.hits.append(f"the attribute {name}={value!r} of {tag}")


def _is_text(box: Box, outcomes: Sequence[Outcome]) -> str | None:
    """The law of reports: what was injected is neither an element nor an attribute."""
    report = (box.work / RUN).resolve() / "report.html"
    if not report.is_file():
        return None
    parser = _Elements()
    parser.feed(report.read_text("utf-8"))
    parser.close()
    return f"report.html: {parser.hits[0]}" if parser.hits else None


def attempts(shared: Path, rng: random.Random) -> Iterator[Attempt]:
    """All attempts."""
    quick = shared / "quick" / RUN
    payloads = _endless(rng)
    for file in FILES:
        lines = (
            (quick / file).read_text("utf-8").splitlines()
            if file.endswith("l")
            else [(quick / file).read_text("utf-8")]
        )
        found = [(line, *place) for line, text in enumerate(lines) for place in places(json.loads(text))]
        found = [found[i] for i in sorted(rng.sample(range(len(found)), min(len(found), MOST_IN_A_FILE)))]
        for line, kind, path in found:
            name = f"{file} {line} {kind} {'.'.join(map(str, path))}"
            yield _made(name, partial(_plant, file=file, line=line, kind=kind, path=path, payload=next(payloads)))
    for number, payload in enumerate(PAYLOADS):
        yield _made(f"recipe.yaml {number}", partial(_inject_recipe, payload=payload))
        yield _made(f"name of a picture {number}", partial(_inject_file_name, payload=payload))
        yield _made(f"name of the run {number}", partial(_inject_folder_name, payload=payload))
    for number, payload in enumerate(PAYLOADS[:4]):
        yield _made(f"names of series {number}", partial(_inject_series, payload=payload))
        yield _made(f"names of classes {number}", partial(_inject_classes, payload=payload))


def _endless(rng: random.Random) -> Iterator[str]:
    while True:
        yield from rng.sample(PAYLOADS, len(PAYLOADS))


def _made(name: str, prepare: Callable[[Box], None]) -> Attempt:
    return Attempt(name, prepare, (REPORT,), _is_text)


def review(boxes: Mapping[str, Box]) -> Mapping[str, str]:
    """Open every report in a browser, once as it is and once with its content policy switched off."""
    reports = {name: (box.work / RUN).resolve() / "report.html" for name, box in boxes.items()}
    pages = {name: str(path) for name, path in reports.items() if path.is_file()}
    script = Path(__file__).with_name("browser.py")
    done = subprocess.run(
        [sys.executable, str(script)],
        input=json.dumps(pages),
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )
    if done.returncode != 0:
        print(f"html: no browser was asked: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return {}
    found: dict[str, str] = json.loads(done.stdout)
    return found


KIND = Kind("html", attempts, setup, review)
