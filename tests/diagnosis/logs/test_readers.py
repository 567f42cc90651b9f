"""Every format gives the same numbers at the same steps; damage costs at most the damaged rows."""

from __future__ import annotations

import gzip
import json
import math
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from saddlepoint.diagnosis.logs.foreign import Log, read_log
from saddlepoint.diagnosis.logs.numbers import number
from saddlepoint.diagnosis.logs.readers import READERS
from saddlepoint.errors import RunError

D = [0.5 + 0.01 * step for step in range(12)]
G = [2.0 - 0.1 * step for step in range(12)]


def csv(separator: str = ",", end: str = "\n") -> str:
    rows = [
        separator.join(("step", "d_loss", "g_loss")),
        *(separator.join(map(str, row)) for row in zip(range(12), D, G, strict=True)),
    ]
    return end.join([*rows, ""])


def lines(form: str) -> str:
    return "".join(
        form.format(step=step, d=d, g=g, total=12) + "\n" for step, (d, g) in enumerate(zip(D, G, strict=True))
    )


FORMS: dict[str, tuple[str, str | bytes]] = {
    "CSV": ("log.csv", csv()),
    "spaces": ("log.txt", csv("   ")),
    "NumPy": ("log.txt", "# " + csv(" ")),
    "commented": ("log.csv", "# lr=0.1, batch_size=64\n# für mich\n" + csv()),
    "Excel": ("log.csv", "sep=;\n" + csv(";").replace(".", ",")),
    "decimal commas and tabs": ("log.tsv", csv("\t").replace(".", ",")),
    "decimal commas in lines": ("out", lines("step {step}: d_loss {d:.3f} g_loss {g:.3f}").replace(".", ",")),
    "newest first": ("log.csv", "step,d_loss,g_loss\n" + "\n".join(reversed(csv().splitlines()[1:]))),
    "compressed": ("log.csv.gz", gzip.compress(csv().encode())),
    "tabs": ("log.tsv", csv("\t")),
    "Windows": ("log.csv", csv(end="\r\n")),
    "JSON lines": ("log.jsonl", lines('{{"step": {step}, "d_loss": {d}, "nested": {{"g_loss": {g}}}, "host": "a"}}')),
    "JSON list": ("log.json", json.dumps([{"step": s, "d_loss": d, "g_loss": g} for s, (d, g) in enumerate(zip(D, G, strict=True))])),
    "trainer state": (
        "trainer_state.json",
        json.dumps(
            {
                "epoch": 1.0,
                "log_history": [
                    *({"epoch": s / 12, "step": s, "d_loss": d, "g_loss": g} for s, (d, g) in enumerate(zip(D, G, strict=True))),
                    {"step": 12, "train_runtime": 5.0, "train_loss": 0.2},
                ],
            }
        ),
    ),
    "Keras history": ("history.json", json.dumps({"d_loss": D, "g_loss": G, "epoch": list(range(12))})),
    "CSVLogger": ("training.log", csv().replace("step", "epoch", 1)),
    "Lightning": (
        "metrics.csv",
        "d_loss,epoch,g_loss,step\n" + "".join(f"{d},0,,{s}\n,0,{g},{s}\n" for s, (d, g) in enumerate(zip(D, G, strict=True))),
    ),
    "W&B": (
        "wandb_export.csv",
        '"Step","calm-sun-1 - d_loss","calm-sun-1 - d_loss__MIN","calm-sun-1 - d_loss__MAX","calm-sun-1 - g_loss"\n'
        + "".join(f'"{s}","{d}","0","9","{g}"\n' for s, (d, g) in enumerate(zip(D, G, strict=True))),
    ),
    "PyTorch-GAN": ("log.txt", "Namespace(lr=0.0002, n_epochs=200)\n" + lines("[Epoch 0/200] [Batch {step}/{total}] [D loss: {d}] [G loss: {g}]")),
    "DCGAN": ("out", lines("[0/25][{step}/{total}]\tLoss_D: {d} Loss_G: {g} D(x): .8 D(G(z)): .3 / .1")),
    "bars": ("out", lines("step {step} | dsc loss {d} | gen loss {g} | 3.2s | 170.1it/s")),
    "dictionaries": ("out", lines("{{'d_loss': {d}, 'g_loss': {g}, 'step': {step}}}")),
    "two lines": ("out", lines("step {step}/{total} 12:01:{step:02d}\nD loss = tensor({d}, device='cuda:0', grad_fn=<MeanBackward0>)\nG loss = {g}")),
    "logging": ("out", lines("2026-11-30 12:00:01,123 INFO train: step {step}, errD={d:.4f}, errG={g:.4f}, eta 0:12:03")),
    "tqdm": ("out", "".join(f"\r {s}%|##  | {s}/12 [00:05<00:00, 2.0it/s, loss_d={d}, loss_g={g}]" for s, (d, g) in enumerate(zip(D, G, strict=True)))),
    "colours": ("out", lines("\x1b[32mIter {step}\x1b[0m discriminator loss: \x1b[1m{d}\x1b[0m, generator loss: {g}")),
}  # fmt: skip


def read(tmp_path: Path, text: str | bytes, name: str = "log.csv") -> Log:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_log(path)


def test_every_reader_has_a_form_here(tmp_path: Path) -> None:
    kinds = {read(tmp_path, text, name).kind for name, text in FORMS.values()}
    assert kinds == set(READERS) - {"TensorBoard events"}  # which test_foreign.py reads


@pytest.mark.parametrize("form", FORMS)
def test_every_format_gives_the_same_numbers(form: str, tmp_path: Path) -> None:
    name, text = FORMS[form]
    log = read(tmp_path, text, name)
    assert set(log.taken.values()) >= {"d/loss", "g/loss"}
    assert [record.step for record in log.records] == list(range(12))
    assert [record.values["d/loss"] for record in log.records] == pytest.approx(D)
    assert [record.values["g/loss"] for record in log.records] == pytest.approx(G)


@pytest.mark.parametrize("name", ["metrics.csv", "trainer_state.json", "history.json"])
def test_a_log_is_found_in_its_folder(name: str, tmp_path: Path) -> None:
    text = next(text for known, text in FORMS.values() if known == name)
    assert isinstance(text, str)
    inner = tmp_path / "logs" / "version_0"
    inner.mkdir(parents=True)
    (inner / name).write_text(text)
    assert len(read_log(inner).records) == len(read_log(tmp_path / "logs").records) == 12
    other = tmp_path / "logs" / "version_1"
    other.mkdir()
    (other / name).write_text(text)
    with pytest.raises(RunError, match=r"several logs \(version_0, version_1\)"):
        read_log(tmp_path / "logs")


@pytest.mark.parametrize(("cell", "value"), [
    ("1,234.5", 1234.5), ("-1,000,000", -1e6), ("nan", math.nan), ("-inf", -math.inf), ("Infinity", math.inf), ("3e-7", 3e-7), (".5", 0.5),
    ("80%", 0.8), ("tensor(0.41, device='cuda:0', grad_fn=<AddBackward0>)", 0.41), ("np.float64(2.5)", 2.5), ("", None), ("abc", None), ("1.2.3", None),
])  # fmt: skip
def test_numbers_are_read_as_programs_print_them(cell: str, value: float | None) -> None:
    assert number(cell) == value or (value is not None and math.isnan(value) and math.isnan(number(cell) or 0.0))


def test_thousands_are_no_decimal_commas(tmp_path: Path) -> None:
    """A German 0,968 is below 1; 1,234 beside 0.5 is above a thousand."""
    assert number("0,968") is None
    log = read(tmp_path, "step 1 g_loss 1,234 d_loss 0.5\nstep 2 g_loss 1,234 d_loss 0.5\n", "out")
    assert [record.values["g/loss"] for record in log.records] == [1234.0, 1234.0]


def test_a_line_below_its_epoch_ends_with_its_last_batch(tmp_path: Path) -> None:
    """Keras's progress bars count the epoch in a line of its own."""
    rows = (f"Epoch {e}/12\n469/469 [=====] - 5s 10ms/step - d_loss: 0.{e} - g_loss: 1.2\n" for e in range(1, 13))
    log = read(tmp_path, "".join(rows), "out")
    assert (log.unit, [record.step for record in log.records]) == ("epoch", list(range(1, 13)))


def test_of_a_compressed_log_that_is_cut_the_rest_is_read(tmp_path: Path) -> None:
    content = gzip.compress("".join(f"step {i} d_loss {random.Random(i).random()}\n" for i in range(500)).encode())
    assert 100 < len(read(tmp_path, content[: len(content) // 2], "out").records) < 400
    for damaged in (content[:3], content[:2] + b"\xff" * 50):
        with pytest.raises(RunError, match=r"is empty|cannot be read"):
            read(tmp_path, damaged)


def test_decimal_commas_are_read_where_semicolons_separate(tmp_path: Path) -> None:
    log = read(tmp_path, "step;d_loss\n0;0,5\n1;0,25\n")
    assert [record.values["d/loss"] for record in log.records] == [0.5, 0.25]


def test_utf_16_as_a_windows_shell_writes_it_is_read(tmp_path: Path) -> None:
    assert len(read(tmp_path, csv().encode("utf-16")).records) == 12


def test_duplicated_headers_keep_their_columns_apart(tmp_path: Path) -> None:
    log = read(tmp_path, "step,d_loss,d_loss\n0,1,2\n1,1,2\n")
    assert log.taken == {"d_loss": "d/loss"}
    assert log.left == ("d_loss (2)",)


def test_a_repeated_header_and_a_truncated_last_line_are_left_out(tmp_path: Path) -> None:
    text = csv()
    log = read(tmp_path, text + text + "12,0.")
    assert [record.step for record in log.records] == list(range(12))
    assert "header occurs again" in " ".join(log.notes)
    assert "last line is incomplete" in " ".join(log.notes)


def test_after_a_resumption_later_rows_replace_earlier_ones(tmp_path: Path) -> None:
    rows = [(step, 1.0) for step in range(10)] + [(step, 2.0) for step in range(6, 15)]
    log = read(tmp_path, "step,d_loss\n" + "".join(f"{step},{value}\n" for step, value in rows))
    assert [record.step for record in log.records] == list(range(15))
    assert [record.values["d/loss"] for record in log.records] == [1.0] * 6 + [2.0] * 9
    assert "went on from 6" in " ".join(log.notes)


def test_a_few_rows_that_go_back_cost_no_other_rows(tmp_path: Path) -> None:
    log = read(tmp_path, csv() + "1,9,9\n")
    assert [record.values["d/loss"] for record in log.records] == pytest.approx(D)
    assert "were left out" in " ".join(log.notes)


def test_an_index_without_a_name_counts_the_steps(tmp_path: Path) -> None:
    log = read(tmp_path, "d_loss,g_loss\n" + "".join(f"{10 * i},0.5,1.5\n" for i in range(5)))
    assert [record.step for record in log.records] == [0, 10, 20, 30, 40]
    assert log.records[0].values == {"d/loss": 0.5, "g/loss": 1.5}


def test_a_counter_that_starts_again_in_every_epoch_goes_on(tmp_path: Path) -> None:
    rows = "".join(
        f"Epoch [{epoch}/3], Step [{step}/40], d_loss: 0.5, g_loss: 1.5\n"
        for epoch in range(3)
        for step in range(0, 40, 10)
    )
    assert [record.step for record in read(tmp_path, rows, "out").records] == list(range(0, 120, 10))
    dcgan = "".join(f"[{epoch}/3][{batch}/40] Loss_D: 0.5\n" for epoch in range(3) for batch in range(0, 40, 10))
    assert [record.step for record in read(tmp_path, dcgan, "out").records] == list(range(0, 120, 10))
    bare = "iter,d_loss\n" + "".join(f"{step},0.5\n" for _ in range(3) for step in range(4))
    assert [record.step for record in read(tmp_path, bare).records] == list(range(12))


def test_nan_stands_for_an_empty_cell_only_where_numbers_follow(tmp_path: Path) -> None:
    rows = [(step, 1.0, 2.0 if step % 3 == 0 else math.nan) for step in range(12)]
    text = "step,loss,val_loss\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows)
    log = read(tmp_path, text)
    assert (
        sum("model/held_out_loss" in record.values for record in log.records) == 4 + 2
    )  # the last rows may be a failure
    assert all(math.isnan(record.values["model/held_out_loss"]) for record in log.records[-2:])


def test_a_pytorch_vae_example_is_read_by_epoch(tmp_path: Path) -> None:
    text = "".join(
        "".join(f"Train Epoch: {e} [{b}/60000 ({b // 600}%)]\tLoss: {200 - e:.6f}\n" for b in (0, 1280))
        + f"====> Epoch: {e} Average loss: {190 - e}\n====> Test set loss: {180 - e}\n"
        for e in range(1, 10)
    )
    log = read(tmp_path, text, "out")
    assert log.taken["Test set loss"] == "model/held_out_loss"
    assert log.taken["Loss"] == "model/loss" or log.taken["Average loss"] == "model/loss"


MANGLERS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "cut": lambda content, rng: content[: rng.randrange(len(content))],
    "bytes changed": lambda content, rng: bytes(
        rng.randrange(256) if rng.random() < 0.02 else byte for byte in content
    ),
    "lines shuffled": lambda content, rng: b"\n".join(rng.sample(parts := content.split(b"\n"), len(parts))),
    "lines doubled": lambda content, _: b"\n".join(line for line in content.split(b"\n") for _ in range(2)),
}


@pytest.mark.parametrize("mangled", MANGLERS)
@pytest.mark.parametrize("form", ["CSV", "JSON lines", "trainer state", "Lightning", "PyTorch-GAN", "tqdm"])
def test_damage_is_read_or_refused_in_words(form: str, mangled: str, tmp_path: Path) -> None:
    name, text = FORMS[form]
    rng = random.Random(form + mangled)
    for _ in range(8):
        try:
            log = read(tmp_path, MANGLERS[mangled](text.encode(), rng), name)
        except RunError:
            continue
        steps = [record.step for record in log.records]
        assert steps == sorted(steps)
