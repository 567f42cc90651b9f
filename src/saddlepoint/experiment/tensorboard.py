"""A copy of series, findings, sample pictures and histograms for TensorBoard, in the run's `tensorboard/` folder."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from torch import Tensor

from saddlepoint.markup import escaped
from saddlepoint.records import Finding, Record

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


def plain_markdown(text: str) -> str:
    """Escape text so that Markdown shows it literally: TensorBoard would render pictures, links and tags in it."""
    # In Markdown, a backslash escapes only these characters; a tilde, which begins a code block, needs an entity.
    return re.sub(r"([\\`*_{}\[\]()#+!|-])", r"\\\1", escaped(text)).replace("~", "&#126;")


class TensorBoard:
    """Writes event files. A resumed run hides the events that an interrupted session wrote after its last checkpoint."""

    def __init__(self, folder: Path, *, first_step: int = 0) -> None:
        """Open a log.

        Args:
            folder: of the log.
            first_step: of this session; TensorBoard hides the events of earlier sessions for this and later steps.
        """
        with warnings.catch_warnings():
            # It uses names that protobuf deprecates.
            warnings.simplefilter("ignore", DeprecationWarning)
            from torch.utils.tensorboard import SummaryWriter
        self._writer: SummaryWriter = SummaryWriter(str(folder), purge_step=first_step)
        self._silence_thread()

    def record(self, record: Record) -> None:
        """Write a record's values as scalars."""
        # One event for all series: the writer's thread, which competes with training, wakes once and not for each.
        from tensorboard.compat.proto.summary_pb2 import Summary

        values = [Summary.Value(tag=name, simple_value=value) for name, value in record.values.items()]
        self._add(Summary(value=values), record.step)

    def picture(self, name: str, path: Path, step: int) -> None:
        """Write the PNG at `path` as an image; copying its bytes is much faster than encoding them again."""
        from tensorboard.compat.proto.summary_pb2 import Summary

        with Image.open(path) as picture:  # reads only the header
            width, height = picture.size
        image = Summary.Image(height=height, width=width, colorspace=3, encoded_image_string=path.read_bytes())
        self._add(Summary(value=[Summary.Value(tag=name, image=image)]), step)

    def histograms(self, values: Mapping[str, Tensor], step: int) -> None:
        """Write histograms of the finite values; a quantity without finite values is left out."""
        for name, value in values.items():
            finite = value[value.isfinite()]
            if len(finite):
                self._writer.add_histogram(name, finite.numpy(), step)

    def finding(self, finding: Finding) -> None:
        """Write a finding as text."""
        self._writer.add_text(f"findings/{finding.code}", plain_markdown(str(finding)), finding.step)

    def _silence_thread(self) -> None:
        """Keep the writer's thread from printing a traceback when it fails (a full disk, a removed folder).

        The next write raises the error again, and the caller can handle it.
        """
        writer: Any = self._writer._get_file_writer()  # type: ignore[no-untyped-call]
        asynchronous = getattr(getattr(writer, "event_writer", None), "_async_writer", None)
        worker = getattr(asynchronous, "_worker", None)
        if worker is not None and hasattr(worker, "_invoke_excepthook"):
            worker._invoke_excepthook = lambda thread: None

    def close(self) -> None:
        """Write all pending events, and close the log."""
        self._writer.close()

    def _add(self, summary: Any, step: int) -> None:
        self._writer._get_file_writer().add_summary(summary, step)  # type: ignore[no-untyped-call]
