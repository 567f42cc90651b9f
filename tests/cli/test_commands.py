"""The commands on one small run: what they write, and that `--json` leaves one document on stdout."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from saddlepoint.cli.main import main
from saddlepoint.cli.program import program
from saddlepoint.cli.samples import Destination
from saddlepoint.errors import RunError, SettingError
from saddlepoint.experiment import load
from saddlepoint.recipe import Recipe, shipped_names
from saddlepoint.records import RunFolder
from saddlepoint.training.checkpoint import read_manifest, steps

TINY = ["--training.steps", "6", "--training.tick=3", "--training.samples=4", "--evaluation.samples", "20"]
CLASSES = [str(digit) for digit in range(10)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("cli") / "run"
    assert main(["train", "vae-digits", *TINY, "--run", str(run), "--quiet"]) == 0
    return run


def document(capsys: pytest.CaptureFixture[str], argv: list[str], code: int = 0) -> Any:
    capsys.readouterr()
    assert main([*argv, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def pixels(path: Path | str) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.mark.slow
@pytest.mark.pictures
def test_training_shows_where_everything_is(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", str(trained)]) == 0
    printed = capsys.readouterr()
    run = Path("runs") / "vae-digits-1"
    lines = printed.out.splitlines()
    assert lines[0].startswith("vae-digits: ")
    assert any(line.startswith("step 6/6") for line in lines)
    assert any(line.endswith(str(run / "report.html")) for line in lines)
    assert any(line.startswith(f"  {program()} sample {run} -n 64") for line in lines)
    assert (run / "recipe.yaml").read_text() == (trained / "recipe.yaml").read_text()


def test_a_run_is_not_overwritten_by_default(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (trained / "summary.json").read_bytes()
    assert main(["train", "vae-digits", *TINY, "--run", str(trained)]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert (trained / "summary.json").read_bytes() == before


@pytest.mark.slow
def test_training_answers_in_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    answer = document(capsys, ["train", "toy-gaussian-1", *TINY, "--run", str(run), "--training.batch-size", "4"])
    assert answer["run"] == str(run)
    assert (answer["state"], answer["step"]) == ("finished", 6)
    assert answer["players"] == {"generator": 1153, "discriminator": 2209}
    assert [finding["code"] for finding in answer["findings"]] == [
        json.loads(line)["code"] for line in (run / "findings.jsonl").read_text().splitlines()
    ]
    assert Recipe.load(run).training.batch_size == 4


@pytest.mark.parametrize(("fail_on", "code"), [("failure", 3), ("warning", 3), (None, 0)])
def test_an_active_finding_sets_the_exit_code(
    fail_on: str | None, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = np.arange(12, dtype=np.float32).reshape(6, 2)
    np.save(tmp_path / "few.npy", rows)
    argv = ["data", str(tmp_path / "few.npy"), "--batch-size", "50", *(["--fail-on", fail_on] if fail_on else [])]
    answer = document(capsys, argv, code)
    assert "DATA402" in [finding["code"] for finding in answer["findings"]]


@pytest.mark.slow
def test_resuming_a_finished_run_trains_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = str(tmp_path / "run")
    assert main(["train", "toy-gaussian-1", *TINY, "--run", run, "--quiet"]) == 0
    (tmp_path / "run" / "report.html").touch()  # the last that a run writes
    assert main(["resume", run]) == 2
    assert "nothing to resume" in capsys.readouterr().err
    answer = document(capsys, ["resume", run, "--training.steps", "9"])
    assert (answer["state"], answer["step"]) == ("finished", 9)


@pytest.mark.slow
def test_a_dry_run_reports_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    answer = document(capsys, ["train", "toy-gaussian-1", *TINY, "--dry-run", "--no-pictures"])
    assert Recipe.from_mapping(answer["recipe"]).training.steps == 6
    assert answer["players"] == {"generator": 1153, "discriminator": 2209}
    estimate = answer["estimate"]
    assert estimate["parameters"] == 4 * (1153 + 2209)
    assert estimate["data"] == 4 * 11_000
    assert estimate["seconds"] > 6 * estimate["seconds_per_step"] > 0
    assert main(["train", "toy-gaussian-1", *TINY, "--dry-run"]) == 0
    printed = capsys.readouterr().out
    assert Recipe.parse(printed[: printed.index("#")]).training.steps == 6
    assert printed.index("steps: 6") < printed.index("2,209 parameters") < printed.index("Estimated from")
    assert list(tmp_path.iterdir()) == []


def test_help_on_a_recipe_lists_its_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "vae-digits", "--model.beta", "4.5", "--help"]) == 0
    out = capsys.readouterr().out
    assert "--model.beta 4.5   (float)" in out
    assert "model.penalties" not in out
    assert "training.players.discriminator" not in out


@pytest.mark.parametrize("n", [1, 5])
def test_samples_as_arrays_are_in_the_datas_units(trained: Path, tmp_path: Path, n: int) -> None:
    out = tmp_path / "x.npz"
    assert main(["sample", str(trained), "-n", str(n), "--out", str(out)]) == 0
    x = arrays(out)["x"]
    assert (x.shape, x.dtype) == ((n, 1, 8, 8), np.uint8)
    assert x.max() <= 16


def test_the_seed_decides_the_samples(trained: Path, tmp_path: Path) -> None:
    drawn = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert main(["sample", str(trained), "--seed", str(seed), "--out", str(tmp_path / f"{name}.npz")]) == 0
        drawn.append(arrays(tmp_path / f"{name}.npz")["x"])
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])


def test_a_folder_gets_one_picture_each_with_the_same_pixels(trained: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "pictures", tmp_path / "x.npz"
    assert main(["sample", str(trained), "-n", "3", "--out", f"{folder}/"]) == 0
    assert main(["sample", str(trained), "-n", "3", "--out", str(out)]) == 0
    assert sorted(path.name for path in folder.glob("[!.]*")) == [f"sample-{number:05d}.png" for number in range(3)]
    first = pixels(folder / "sample-00000.png")
    assert np.array_equal(first, np.rint(arrays(out)["x"][0, 0] * (255 / 16)))


def test_nothing_is_replaced_by_default(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, file = tmp_path / "pictures", tmp_path / "x.npz"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    file.write_text("mine")
    for out in (folder, file):
        assert main(["sample", str(trained), "-n", "2", "--out", str(out)]) == 2
        assert "--overwrite" in capsys.readouterr().err
    assert file.read_text() == "mine"
    for out in (folder, file):
        assert main(["sample", str(trained), "-n", "2", "--out", str(out), "--overwrite"]) == 0
    assert main(["sample", str(trained), "-n", "1", "--out", str(folder), "--overwrite"]) == 0
    assert sorted(path.name for path in folder.glob("[!.]*")) == ["mine.txt", "sample-00000.png"]
    assert arrays(file)["x"].shape == (2, 1, 8, 8)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pictures", "x.npz"]


def test_existing_samples_are_never_replaced_by_others(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ([], ["--seed", "5"], ["--step", "best"], ["--step", "best", "--seed", "5"])
    names = [document(capsys, ["sample", str(trained), "-n", "4", *flags])["out"] for flags in asked]
    assert len(set(names)) == len(names)
    assert names[:2] == [str(trained / "samples-4.png"), str(trained / "samples-4-seed-5.png")]


def test_samples_are_written_into_the_run_by_default(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        answer = document(capsys, ["sample", str(trained), "-n", "9", "--step", "best"])
        assert answer["out"] == str(trained / "samples-9-step-best.png")
    assert min(pixels(answer["out"]).shape) > 3 * 8


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--labels", "3"], "without labels"),
        (["--labels", "cat"], "without labels"),
        (["--step", "7"], "no checkpoint of step 7"),
        (["--out", "x.jpg"], "end it with .png"),
        (["--device", "abacus"], "abacus"),
    ],
)
def test_a_model_that_cannot_be_sampled_is_reported(
    trained: Path, argv: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(["sample", str(trained), *argv]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_report_is_rewritten(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = trained / "report.html"
    page.unlink(missing_ok=True)
    assert document(capsys, ["report", str(trained)]) == {"report": str(page), "bytes": page.stat().st_size}
    assert main(["report", str(trained), "--out", str(tmp_path / "elsewhere.html")]) == 0
    assert (tmp_path / "elsewhere.html").read_bytes() == page.read_bytes()
    assert main(["report", str(trained), "--out", str(tmp_path / "elsewhere.html")]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert main(["report", str(trained), "--out", str(tmp_path / "elsewhere.html"), "--overwrite"]) == 0


@pytest.mark.slow
def test_recipes_are_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    listed = document(capsys, ["recipes"])
    assert sorted(entry["name"] for entry in listed) == shipped_names()
    families = [entry["family"] for entry in listed]
    assert list(dict.fromkeys(families)) == [family for family, _ in groupby(families)]  # each family in one block
    assert main(["recipes"]) == 0
    said = capsys.readouterr().out
    assert all(entry["name"] in said and entry["description"] in said for entry in listed)
    assert main(["recipes", "show", "toy-ring"]) == 0
    assert Recipe.parse(capsys.readouterr().out) == Recipe.load("toy-ring")
    assert Recipe.from_mapping(document(capsys, ["recipes", "show", "toy-ring"])) == Recipe.load("toy-ring")


@pytest.mark.parametrize("flag", ["--points", "--data.points"])
def test_data_are_described(flag: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "ring.png"
    answer = document(capsys, ["data", "ring", flag, "500", "--out", str(picture)])
    assert (answer["examples"], answer["shape"], answer["dtype"]) == (500, [2], "float32")
    assert answer["picture"] == str(picture)
    assert pixels(picture).std() > 0
    assert main(["data", "ring", flag, "500", "--out", str(picture)]) == 2


def test_the_digits_are_what_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    answer = document(capsys, ["data", "digits"])
    assert answer["examples"] + answer["held_out"] == 1_797
    assert list(answer["classes"]) == CLASSES
    assert sum(answer["classes"].values()) == answer["examples"]
    assert answer["range"] == answer["known_range"] == [0, 16]
    assert main(["data", "digits"]) == 0
    assert answer["fingerprint"] in capsys.readouterr().out


def test_sources_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert "digits" in document(capsys, ["data", "--list"])


def test_images_that_fill_little_of_their_range_are_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # A few grey levels, saved as if there were 256.
    images = np.random.default_rng(0).integers(0, 12, (300, 8, 8)).astype(np.uint8)
    np.save(tmp_path / "dark.npy", images)
    np.save(tmp_path / "right.npy", images * 20)
    for name, expected in (("dark", True), ("right", False)):
        answer = document(capsys, ["data", str(tmp_path / f"{name}.npy")])
        assert ("DATA401" in {finding["code"] for finding in answer["findings"]}) == expected


@pytest.mark.parametrize("seed", ["-1", str(2**63)])
def test_a_seed_that_no_generator_takes_is_refused(
    trained: Path, seed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sample", str(trained), f"--seed={seed}"]) == 2
    assert "--seed must be" in capsys.readouterr().err


def test_a_recipe_is_shown_without_the_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert document(capsys, ["recipes", "toy-ring"]) == document(capsys, ["recipes", "show", "toy-ring"])


def test_the_picture_s_command_keeps_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "ring", "--data.points", "300", "--batch-size", "8"]) == 0
    assert "data ring --data.points 300 --batch-size 8 --out examples.png" in capsys.readouterr().out


def test_a_table_is_offered_arrays_alone(tmp_path: Path) -> None:
    with pytest.raises(SettingError) as caught:
        Destination.of(str(tmp_path / "t.csv"), tmp_path / "samples-4.npz", overwrite=False)
    assert ".npz" in str(caught.value)
    assert "PNG" not in str(caught.value).upper()


def saved_steps(run: Path) -> list[int]:
    return steps(RunFolder(run))


@pytest.mark.slow
def test_a_damaged_checkpoint_is_named_even_quietly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    assert main(["train", "toy-ring", *TINY, "--training.checkpoint_every", "3", "--run", str(run), "--quiet"]) == 0
    (run / "checkpoints" / "step-00000006" / "weights.safetensors").write_bytes(b"no")
    capsys.readouterr()
    before = saved_steps(run)[-2]
    assert main(["sample", str(run), "-n", "2"]) == 0
    said = capsys.readouterr().err
    assert "step-00000006" in said
    assert f"Using step {before}" in said
    with pytest.warns(UserWarning, match=f"Using step {before}"):
        load(run)
    assert main(["resume", str(run), "--quiet"]) == 0
    assert "damaged" in capsys.readouterr().err


@pytest.mark.slow
def test_the_best_step_before_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    run = tmp_path / "run"
    shared = ["--training.checkpoint_every", "3", "--evaluation.every", "3", "--run", str(run), "--quiet"]
    assert main(["train", "vae-digits", *TINY, *shared]) == 0
    folder, (*whole, damaged) = RunFolder(run), saved_steps(run)
    best = read_manifest(folder.checkpoint(whole[-1]))["extra"]["measured"]["best"]["step"]
    assert best <= whole[-1]
    (folder.checkpoint(damaged) / "weights.safetensors").write_bytes(b"no")
    said = rf"damaged.*step-00000006.*Using step {best}, the best of the steps up to {whole[-1]}"
    with pytest.warns(UserWarning, match=said):
        load(run, step="best")
    for step in whole:
        (folder.checkpoint(step) / "weights.safetensors").write_bytes(b"no")
    with pytest.raises(RunError, match="no checkpoint that can be loaded"):
        load(run, step="best")
