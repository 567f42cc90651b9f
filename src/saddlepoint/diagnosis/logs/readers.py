"""The registry of formats. A reader is one function in a file of its own and one line here.

A reader takes a `Source` and returns a `Table`, or None where the log has another format. The first that returns a table reads the log.
"""

from __future__ import annotations

from importlib import import_module

from saddlepoint.diagnosis.logs.source import Source
from saddlepoint.diagnosis.logs.table import Table
from saddlepoint.errors import RunError

# The most particular formats first; printed lines last, since nearly every text has numbers with names.
READERS: dict[str, str] = {
    "TensorBoard events": ".tensorboard_events:read",
    "Hugging Face trainer state": ".trainer_state:read",
    "Keras history": ".keras_history:read",
    "JSON lines": ".json_lines:read",
    "Weights & Biases export": ".wandb_export:read",
    "CSV": ".comma_separated:read",
    "printed lines": ".plain_text:read",
}


def read_table(source: Source) -> Table:
    """Read a log with the first reader that knows its format.

    Raises:
        RunError: no reader knows it.
    """
    for path in READERS.values():
        module, _, name = path.partition(":")
        table: Table | None = getattr(import_module(module, __package__), name)(source)
        if table is not None:
            return table
    raise RunError(
        f"{source.name} is no log: no number in it has a name. Give a CSV file, JSON lines, printed lines such as "
        '"step 100 d_loss 0.41 g_loss 2.3", or a folder of TensorBoard events.'
    )
