"""How scripts print their rows: the lines of well-known tutorials, and files of loggers."""

from __future__ import annotations

import json
from collections.abc import Callable
from statistics import mean

Rows = list[dict[str, float]]
BATCHES = 28  # of an epoch of digits, batch 64
EVERY = 4  # steps between rows


def as_pytorch_gan(rows: Rows) -> str:
    return "".join(
        f"[Epoch {int(row['step']) // BATCHES}/40] [Batch {int(row['step']) % BATCHES}/{BATCHES}] [D loss: {row['d']:f}] [G loss: {row['g']:f}]\n"
        for row in rows
    )


def as_dcgan(rows: Rows) -> str:
    return "Starting Training Loop...\n" + "".join(
        f"[{int(row['step']) // BATCHES}/40][{int(row['step']) % BATCHES}/{BATCHES}]\tLoss_D: {row['d']:.4f}\tLoss_G: {row['g']:.4f}\n"
        for row in rows
    )


def as_csv(header: str) -> Callable[[Rows], str]:
    """Rows in a CSV file; the cells are in the order of the row."""
    separator = ";" if ";" in header else ","
    return lambda rows: (
        header + "\n" + "".join(separator.join(f"{value:g}" for value in row.values()) + "\n" for row in rows)
    )


def as_epochs(header: str) -> Callable[[Rows], str]:
    """A CSV file with the mean of each epoch; rows that are an epoch each stay."""
    return lambda rows: as_csv(header)(_by_epoch(rows))


def as_json_lines(rows: Rows) -> str:
    return "".join(
        json.dumps({"iter": row["step"], "critic_loss": row["d"], "gen_loss": row["g"]}) + "\n" for row in rows
    )


def as_history(rows: Rows) -> str:
    """Keras's History.history: one list a number."""
    epochs = _by_epoch(rows)
    names = {"d": "d_loss", "g": "g_loss", "validation": "val_loss"}
    return json.dumps(
        {names.get(name, name): [row[name] for row in epochs] for name in epochs[0] if name not in ("step", "epoch")}
    )


def as_pipes(rows: Rows) -> str:
    return "".join(
        f"epoch {row['epoch']:.0f} | loss {row['loss']:.5g} | recon {row['reconstruction']:.5g} | kl {row['kl']:.4g} | val loss {row['validation']:.5g}\n"
        for row in rows
    )


def as_lightning(rows: Rows) -> str:
    """Training and validation in rows of their own, as Lightning's metrics.csv has them."""
    cells = (f"{row['epoch']:.0f},{row['loss']:g},\n{row['epoch']:.0f},,{row['validation']:g}\n" for row in rows)
    return "epoch,train_loss,val_loss\n" + "".join(cells)


def _by_epoch(rows: Rows) -> Rows:
    if "epoch" in rows[0]:
        return rows
    width = 2  # rows of an epoch: shorter epochs than those of the digits, so that a log has enough of them
    groups = [rows[start : start + width] for start in range(0, len(rows), width)]
    return [
        {"epoch": float(place), **{name: mean(row[name] for row in group) for name in ("d", "g")}}
        for place, group in enumerate(groups)
    ]
