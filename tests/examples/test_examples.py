"""Every example runs and brings what it says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.py"))


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_it_runs(path: Path, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, path], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr


@pytest.mark.slow
def test_samples_of_the_array_lie_where_its_points_do(tmp_path: Path) -> None:
    (path,) = (path for path in EXAMPLES if path.stem == "train_on_arrays")
    said = subprocess.run([sys.executable, path], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    found = re.search(r"distance ([\d.]+) \(the data: ([\d.]+)\)", said)
    assert found is not None
    # An untrained network's samples lie near the origin or far outside.
    assert abs(float(found[1]) - float(found[2])) < 0.5


@pytest.mark.slow
def test_the_equilibrium_of_a_gan_is_the_data_and_only_methods_for_games_arrive(tmp_path: Path) -> None:
    (path,) = (path for path in EXAMPLES if path.stem == "matrix_game_to_gan")
    said = subprocess.run([sys.executable, path], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Largest difference: ([\d.]+)", said)
    assert found is not None
    assert float(found[1]) < 1e-6
    ends = dict(re.findall(r"^   ([a-z]+)[^:\n]*: factor .* steps (\S+)$", said, re.MULTILINE))
    start = 2**0.5
    assert float(ends.pop("simultaneous")) > 10 * start
    assert float(ends.pop("alternating")) > start / 2
    assert len(ends) == 4
    assert max(map(float, ends.values())) < 0.01 * start
    assert {file.name for file in tmp_path.iterdir()} == {"matrix_game_to_gan.png", "spectrum.png"}
