"""Every example runs and produces what it promises."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests import processes

EXAMPLES = {path.stem: path for path in sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.py"))}
Run = Callable[[str], tuple[str, Path]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run an example once; return its output and the folder in which it ran."""

    @cache
    def run_example(name: str) -> tuple[str, Path]:
        folder = tmp_path_factory.mktemp(name)
        done = processes.run(EXAMPLES[name], cwd=folder)
        assert done.returncode == 0, done.stderr
        assert not done.stderr
        return done.stdout, folder

    return run_example


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_it_runs(name: str, run: Run) -> None:
    run(name)


@pytest.mark.slow
def test_samples_are_where_the_points_of_the_array_are(run: Run) -> None:
    said, _ = run("train_on_arrays")
    found = re.search(r"distance ([\d.]+) \(the data: ([\d.]+)\)", said)
    assert found is not None
    # An untrained network's samples lie near the origin or far outside.
    assert abs(float(found[1]) - float(found[2])) < 0.5


@pytest.mark.slow
def test_the_equilibrium_of_a_gan_is_the_data_and_only_methods_for_games_arrive(run: Run) -> None:
    said, folder = run("matrix_game_to_gan")
    found = re.search(r"Largest difference: ([\d.]+)", said)
    assert found is not None
    assert float(found[1]) < 1e-6
    ends = dict(re.findall(r"^   ([a-z]+)[^:\n]*: factor .* steps (\S+)$", said, re.MULTILINE))
    start = 2**0.5
    assert float(ends.pop("simultaneous")) > 10 * start
    assert float(ends.pop("alternating")) > start / 2
    assert len(ends) == 4
    assert max(map(float, ends.values())) < 0.01 * start
    assert {file.name for file in folder.iterdir()} == {"matrix_game_to_gan.png", "spectrum.png"}


@pytest.mark.slow
def test_the_answer_about_a_log_names_the_labels(run: Run) -> None:
    said, _ = run("diagnose_a_log")
    assert said.startswith("Failed: the discriminator gets its examples wrong")
    assert "Check the labels" in said


@pytest.mark.slow
def test_the_predictor_beats_the_floors(run: Run) -> None:
    said, _ = run("next_frames")
    errors = {name: float(value) for name, value in re.findall(r"^(.+?) +squared error +([\d.]+)", said, re.MULTILINE)}
    assert errors.pop("predictor") < min(errors.values())


@pytest.mark.slow
def test_planning_in_the_learnt_task_earns_more_than_chance(run: Run) -> None:
    said, _ = run("learn_a_task")
    found = re.search(r"return by planning (-[\d.]+), by random pushes (-[\d.]+)", said)
    assert found is not None
    assert float(found[1]) > float(found[2])


@pytest.mark.slow
def test_clusters_of_every_method_and_representation_are_scored(run: Run) -> None:
    said, _ = run("cluster_codes")
    rows = re.findall(r"^  (\S+): codes (-?[\d.]+), raw (-?[\d.]+), pca (-?[\d.]+)$", said, re.MULTILINE)
    assert {row[0] for row in rows} == {"k-means", "mixture", "hdbscan"}
    # Three rings around one centre: k-means cannot separate them in the plane, and HDBSCAN can.
    raw = {method: float(value) for method, _, value, _ in rows}
    assert raw["k-means"] < 0.5 < raw["hdbscan"]
