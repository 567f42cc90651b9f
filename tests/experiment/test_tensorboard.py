"""TensorBoard shows the records, and after a resume each step once."""

from __future__ import annotations

import math
import warnings
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from saddlepoint.experiment.tensorboard import TensorBoard, plain_markdown
from saddlepoint.records import Finding, Record


def events(folder: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    accumulator = EventAccumulator(str(folder))
    accumulator.Reload()
    return accumulator


def test_scalars_pictures_histograms_and_findings(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    Image.new("RGB", (7, 5), (200, 0, 0)).save(picture)
    board = TensorBoard(tmp_path / "log")
    board.record(Record(5, 1.0, {"d/loss": 0.5, "g/loss": math.nan}))
    board.picture("samples", picture, 5)
    board.histograms({"heads/mean": torch.tensor([1.0, math.inf, 3.0]), "heads/none": torch.tensor([math.nan])}, 5)
    board.finding(Finding("NUM301", "failure", 5, "g/loss became nan."))
    board.close()
    seen = events(tmp_path / "log")
    assert [(event.step, event.value) for event in seen.Scalars("d/loss")] == [(5, 0.5)]
    assert math.isnan(seen.Scalars("g/loss")[0].value)
    (image,) = seen.Images("samples")
    assert (image.width, image.height) == (7, 5)
    assert image.encoded_image_string == picture.read_bytes()
    assert seen.Tags()["histograms"] == ["heads/mean"]
    assert seen.Histograms("heads/mean")[0].histogram_value.num == 2
    assert any("NUM301" in tag for tag in seen.Tags()["tensors"])


HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "[a](javascript:alert(1))",
    "![a](http://localhost/a)",
    "`code` *bold* _more_ <http://localhost>",
    "# title",
    "| a | b |",
    "&lt;b&gt;",
    "~~~\nfenced\n~~~",
    "a | b\n--- | ---\n1 | 2",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_it_is(text: str, tmp_path: Path) -> None:
    board = TensorBoard(tmp_path)
    board.finding(Finding("NUM301", "failure", 5, text, {text: 1.0}, text))
    board.close()
    seen = events(tmp_path)
    (tag,) = (tag for tag in seen.Tags()["tensors"] if "NUM301" in tag)
    (event,) = seen.Tensors(tag)
    stored = event.tensor_proto.string_val[0].decode()
    assert plain_markdown(text) in stored
    assert shown_by_tensorboard(stored).count(text) >= 2


def shown_by_tensorboard(text: str) -> str:
    """The text that a reader of TensorBoard's page sees, after its Markdown and its cleaning of HTML."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from tensorboard import plugin_util

        page = plugin_util.markdown_to_safe_html(text)
    reader = Words()
    reader.feed(page)
    reader.close()
    assert set(reader.tags) <= {"p"}, page
    return "".join(reader.words)


class Words(HTMLParser):
    """Text and names of elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("first_step", [0, 6])
def test_a_later_session_replaces_what_it_repeats(first_step: int, tmp_path: Path) -> None:
    for first, steps in ((0, (0, 5, 10)), (first_step, (first_step, 15))):
        board = TensorBoard(tmp_path, first_step=first)
        for step in steps:
            board.record(Record(step, 0.0, {"d/loss": float(first)}))
        board.close()
        for file in tmp_path.glob("events.out.tfevents.1*"):
            # TensorBoard reads files in the order of their names: the second of their start, then a counter as text,
            # in which 10 comes before 9. Sessions do not follow each other within a second; tests do.
            file.rename(tmp_path / f"events.out.tfevents.0{steps[-1]}")
    kept = [step for step in (0, 5, 10) if step < first_step]
    assert [event.step for event in events(tmp_path).Scalars("d/loss")] == [*kept, first_step, 15]
