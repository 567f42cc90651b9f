"""The kinds of runs match their descriptions, the ground truth follows the measurements, and the rates are correct."""

from __future__ import annotations

import copy
import math
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from tests.benchmarks import program

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "diagnosis.py"
RESULTS = BENCHMARK.with_name("RESULTS.md")
DESIGNED = (
    *(f"GAN{n}" for n in range(101, 110)),
    *(f"GAN{n}" for n in range(121, 124)),
    "AE251",
    *(f"EM{n}" for n in range(801, 805)),
    *(f"VAE{n}" for n in range(201, 209)),
    "AR503",
    "DIFF703",
    *(f"NUM{n}" for n in range(301, 305)),
    *(f"DATA{n}" for n in range(401, 406)),
)


def test_every_code_is_injected_in_both_splits_and_every_recipe_is_trained() -> None:
    from failures.base_recipes import BASES
    from failures.kinds import HEALTHY, INJECTED
    from saddlepoint.recipe.recipe import shipped_names

    assert len(INJECTED) >= 24
    assert sum(kind.seeds for kind in HEALTHY) >= 300
    assert {base.recipe for base in BASES.values()} >= set(shipped_names())
    for code in DESIGNED:
        halves = {kind.on.half for kind in INJECTED if kind.code == code}
        assert halves == {"calibration", "reporting"}, code
        assert sum(kind.seeds for kind in INJECTED if kind.code == code) >= 10, code


@pytest.mark.slow
def test_every_seed_of_every_kind_makes_a_recipe_of_a_strength_within_its_range() -> None:
    from failures.kinds import KINDS
    from failures.runs import recipe_of

    for kind in KINDS.values():
        strengths = {kind.strength_of(seed) for seed in range(kind.seeds)}
        low, high = kind.strength
        assert all(low * 0.999 <= strength <= high * 1.001 for strength in strengths), kind.name
        assert low == high or len(strengths) == kind.seeds, kind.name
        assert recipe_of(kind, kind.seeds - 1).training.seed == kind.seeds


@pytest.mark.slow
def test_sections_name_kinds_and_no_kind_is_in_two() -> None:
    from failures.kinds import KINDS
    from failures.sections import SECTIONS

    named = [name for section in SECTIONS.values() for name in section.kinds]
    assert set(named) <= set(KINDS)
    assert len(named) == len(set(named))
    families = {KINDS[name].code for name in SECTIONS["families"].kinds} - {""}
    assert families >= {
        "VAE207",
        "AR501",
        "AR502",
        "AR503",
        "FLOW601",
        "FLOW602",
        "FLOW603",
        "DIFF701",
        "DIFF702",
        "DIFF703",
        "EM801",
        "EM802",
        "EM803",
        "EM804",
        "VAE208",
    }


def probe(step: int, **changes: Any) -> dict[str, Any]:
    """Of a GAN on two modes that is as good as real data."""
    facts = {
        "step": step, "finite": True, "dead": {"d": 0.0, "g": 0.0}, "moved": {"d": 0.01, "g": 0.01},
        "norm": {"d": 1.0, "g": 1.0}, "gradient": {"d": 0.1, "g": 0.1}, "distance": 0.05, "raw_distance": 0.05,
        "spread": 1.0, "raw_spread": 1.0, "scale": 1.0, "mass": [0.5, 0.5], "raw_mass": [0.5, 0.5], "real_mass": [0.5, 0.5],
        "copies": 0.01, "d_real": 0.5, "d_fake": 0.5, "sure": 0.1, "advantage": 0.3, "learnt_by_heart": 0.0,
        "saturation": 1.0,
    }  # fmt: skip
    return facts | changes


DATA = {
    "examples": 10_000, "numbers": 64, "batch": 64, "parameters": 10_000, "copies": 0.0, "leaked": 0, "constant": 0,
    "low": -1.0, "high": 1.0, "output": [-1.0, 1.0], "classes": [5_000, 5_000], "empty": 0.0,
}  # fmt: skip


def run(
    later: dict[str, Any], *, onset: int = 8, probes: int = 16, data: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Healthy probes every 100 steps, changed from probe `onset` on."""
    facts = [probe(100 * at, **(copy.deepcopy(later) if at >= onset else {})) for at in range(probes)]
    return {"looks": facts, "steps": 100 * (probes - 1), "floor": 0.02, "data": DATA | (data or {})}


ILLS: dict[str, dict[str, Any]] = {
    "GAN101": {"advantage": 1.0, "sure": 1.0, "distance": 1.0},
    "GAN102": {"saturation": 1e-6, "distance": 1.0},
    "GAN103": {"mass": [1.0, 0.0], "spread": 0.4},
    "GAN104": {"advantage": 0.0, "sure": 0.0, "distance": 1.0},
    "GAN106": {"raw_distance": 9.0, "distance": 9.0, "scale": 10.0},
    "GAN107": {"learnt_by_heart": 0.9},
    "GAN108": {"copies": 0.9},
    "GAN109": {"distance": 0.5},
    "GAN111": {"unbounded": True, "gap": 50.0, "slope": 20.0, "distance": 1.0},
    "GAN112": {"target": 1.0, "slope": 9.0},
    "GAN113": {"flat": 1e-7, "distance": 1.0},
    "GAN114": {"leaked": 0.8},
    "GAN115": {"loss": 1e5},
    "GAN116": {"weight": 0.001, "distance": 1.0},
    "GAN121": {"class_recall": 0.1, "real_class_recall": 0.9, "class_chance": 0.1},
    "GAN122": {"class_spread": [1.0, 0.1]},
    "GAN123": {"codes_read": {"categorical": 0.9, "continuous": 0.0}},
    "NUM302": {"gradient": {"d": 100.0, "g": 0.1}, "distance": 1.0},
    "NUM303": {"dead": {"d": 0.8, "g": 0.0}},
    "NUM304": {"moved": {"d": 1e-9, "g": 1e-9}, "distance": 1.0},
}


@pytest.mark.parametrize("code", ILLS)
def test_truth_follows_the_facts_from_their_onset_on(code: str) -> None:
    from failures.failure_scores import Reference
    from failures.ground_truth import decide

    reference = Reference.of([run({})])
    assert decide(run({}), reference).healthy
    truth = decide(run(ILLS[code]), reference)
    assert truth.codes[code].state == "yes"
    assert truth.codes[code].onset == 800
    assert truth.failed
    assert not truth.healthy
    # What passed before the end is no failure of the run.
    passing = run(ILLS[code])
    passing["looks"][10:] = [probe(100 * at) for at in range(10, 16)]
    assert decide(passing, reference).codes[code].state == "no"


def test_modes_that_come_and_go_are_circling_and_a_consequence_is_unclear() -> None:
    from failures.failure_scores import Reference
    from failures.ground_truth import decide

    reference = Reference.of([run({})])
    circling = run({"raw_distance": 1.0, "distance": 1.0})
    for at, facts in enumerate(circling["looks"][8:]):
        facts["raw_mass"] = [1.0, 0.0] if at % 2 else [0.0, 1.0]
    assert decide(circling, reference).codes["GAN105"].state == "yes"
    both = decide(run(ILLS["GAN104"] | {"spread": 0.1}), reference).codes
    assert (both["GAN104"].state, both["GAN103"].state) == ("yes", "unclear")
    lost = decide(run(ILLS["GAN103"] | ILLS["GAN121"]), reference).codes
    assert (lost["GAN103"].state, lost["GAN121"].state) == ("yes", "unclear")


def test_weights_that_are_no_numbers_fail_whatever_else() -> None:
    from failures.failure_scores import Reference
    from failures.ground_truth import decide

    broken = run({})
    broken["looks"][-1] = {"step": 1500, "finite": False, "dead": {}, "moved": {}, "norm": {"d": "nan"}}
    truth = decide(broken, Reference.of([run({})]))
    assert (truth.codes["NUM301"].state, truth.codes["NUM301"].onset) == ("yes", 1500)
    assert truth.failed


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("DATA401", {"high": 3.0}),
        ("DATA401", {"low": 0.0, "high": 0.1}),
        ("DATA402", {"examples": 50}),
        ("DATA403", {"copies": 0.2}),
        ("DATA403", {"leaked": 3}),
        ("DATA404", {"classes": [9_990, 10]}),
        ("DATA405", {"empty": 0.1}),
        ("DATA405", {"empty": 0.0, "clipped": 0.1}),
    ],
)
def test_truth_of_data_is_counted(code: str, data: dict[str, Any]) -> None:
    from failures.failure_scores import Reference
    from failures.ground_truth import decide

    reference = Reference.of([run({})])
    assert decide(run({}), reference).codes[code].state == "no"
    assert decide(run({}, data=data), reference).codes[code].state == "yes"


def test_wrong_kl_terms_are_wrong_as_they_say() -> None:
    from failures import injections
    from saddlepoint.objectives.divergence import kl_standard_normal

    generator = torch.Generator().manual_seed(0)
    mean, log_variance = (torch.randn(50, 3, generator=generator, dtype=torch.float64) for _ in range(2))
    right = kl_standard_normal(mean, log_variance)
    torch.testing.assert_close(injections.kl_flipped(mean, log_variance, 2.0), -2 * right)
    torch.testing.assert_close(injections.kl_without_variance(mean, log_variance, 0.0), right)
    lowest = injections.kl_of_deviation(torch.zeros(1, 1), torch.full((1, 1), 2 * math.log(2.0)), 1.0)
    assert float(lowest) == pytest.approx(0.5 * (2 - 2 * math.log(2) - 1))
    assert (injections.kl_of_deviation(mean, log_variance, 1.0) >= 3 * lowest.double() - 1e-12).all()


def test_a_generator_of_examples_is_as_good_as_data_and_a_constant_one_is_not() -> None:
    from failures import injections
    from failures.probes import Prober
    from saddlepoint import data, models
    from saddlepoint.recipe import Recipe
    from saddlepoint.training import Devices, TrainingState

    recipe = Recipe.load("toy-ring").override({"data.scale": 0.05, "training.ema": 0.0, "model.latent": 64})
    dataset = data.load(recipe.data)
    model: Any = models.build(recipe.model, dataset.event, seed=0)
    injections.memory(model, dataset, 1e-3)
    prober = Prober(dataset, model, TrainingState.start(model, recipe.training, Devices.choose("cpu", "fp32", model)))
    good = prober.probe(0)
    assert good["distance"] < 3 * prober.floor()
    assert good["spread"] == pytest.approx(1.0, abs=0.1)
    assert min(good["mass"]) > 0.05
    assert good["high_quality"] == 1.0
    with torch.no_grad():
        model.players["g"].sharpness.zero_()
    flat = prober.probe(1)
    assert flat["spread"] < 1e-3
    assert max(flat["mass"]) == 1.0
    assert flat["distance"] > 10 * prober.floor()


class FakeGenerator:
    """Samples around the centre of their class; a code ends with the weights of three classes."""

    classes, latent = 3, 5
    centres = torch.tensor([[6.0, 0.0], [0.0, 6.0], [0.0, 0.0]])

    def __init__(self, *, obedient: bool, spread: tuple[float, ...]) -> None:
        self.obedient, self.spread = obedient, torch.tensor(spread)

    def fixed_noise(self, n: int, generator: torch.Generator) -> torch.Tensor:
        return self.with_labels(torch.randn(n, self.latent, generator=generator), torch.zeros(n, dtype=torch.int64))

    def with_labels(self, z: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return torch.cat([z[:, :2], torch.nn.functional.one_hot(labels, 3)], 1)

    def split_codes(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return z[:, :2], z[:, 2:]

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        noise, weights = self.split_codes(z)
        labels = weights.argmax(1) if self.obedient else torch.arange(len(z)) // 3 % 3
        return self.centres[labels] + noise * self.spread[labels][:, None]

    def sample(self, n: int, *, labels: object = None, generator: torch.Generator | None = None) -> torch.Tensor:
        return self.decode(self.fixed_noise(n, generator or torch.Generator()))


@pytest.mark.parametrize(
    ("obedient", "spread", "recall"),
    [(True, (1.0, 1.0, 1.0), 1.0), (False, (1.0, 1.0, 1.0), 1 / 3), (True, (1.0, 0.1, 1.0), 1.0)],
)
def test_labels_and_spreads_of_classes_are_measured(obedient: bool, spread: tuple[float, ...], recall: float) -> None:
    from failures.condition_probes import class_facts

    generator = torch.Generator().manual_seed(0)
    halves = []
    for _ in range(2):
        labels = torch.arange(150) % 3
        halves.append((FakeGenerator.centres[labels] + torch.randn(150, 2, generator=generator), labels))
    facts = class_facts(FakeGenerator(obedient=obedient, spread=spread), *halves, torch.Tensor.double, seed=1)
    assert facts["class_recall"] == pytest.approx(recall, abs=0.02)
    assert facts["real_class_recall"] > 0.97
    if obedient:
        assert facts["class_spread"] == pytest.approx(spread, rel=0.25)


@pytest.mark.parametrize("used", [{"categorical"}, {"continuous"}, {"categorical", "continuous"}, set()])
def test_codes_are_read_from_samples_exactly_where_samples_depend_on_them(used: set[str]) -> None:
    from failures.condition_probes import code_facts
    from saddlepoint.models.code_capabilities import NamedCodes

    def fixed_noise(n: int, generator: torch.Generator) -> torch.Tensor:
        values = torch.nn.functional.one_hot(torch.randint(0, 3, (n,), generator=generator), 3)
        return torch.cat(
            [torch.randn(n, 2, generator=generator), values, 2 * torch.rand(n, 1, generator=generator) - 1], 1
        )

    def decode(z: torch.Tensor) -> torch.Tensor:
        codes = z[:, 2:] * torch.tensor([float("categorical" in used)] * 3 + [2.0 * ("continuous" in used)])
        return torch.cat([0.1 * z[:, :2], codes], 1)

    model = SimpleNamespace(fixed_noise=fixed_noise, decode=decode)
    read = code_facts(model, NamedCodes(2, (3,), 1), torch.Tensor.double, seed=0)["codes_read"]
    assert {kind for kind, share in read.items() if share > 0.9} == used
    assert all(share < 0.1 for kind, share in read.items() if kind not in used)


def test_rates_count_detections_false_alarms_and_delays() -> None:
    from failures import accuracy
    from failures.ground_truth import Held, Truth
    from failures.kinds import KINDS
    from failures.replay import Alarm

    kind = KINDS["pulled-gaussian"]

    def case(state: Any, step: int | None, onset: int = 200) -> accuracy.Case:
        alarms = [] if step is None else [Alarm("GAN103", step, "failure", "", True)]
        return accuracy.Case(kind, 0, 1.0, 1_000, Truth({"GAN103": Held(state, onset)}, "no"), alarms, 0.0)

    cases = [
        case("yes", 400),
        case("yes", 100),
        case("yes", None),
        case("no", None),
        case("no", 50),
        case("unclear", 9),
    ]
    found = accuracy.of_code(cases, "GAN103")
    assert (found.detected.count, found.detected.of) == (2, 3)
    assert (found.false.count, found.false.of) == (1, 2)
    assert found.delay == pytest.approx((0.25 + 0.0) / 2)
    assert [c.alarms for c, _ in accuracy.misses(cases)] == [[]]
    assert [alarm.step for _, alarm in accuracy.false_alarms(cases)] == [50]
    assert accuracy.confusion(cases)["GAN103"] == {"runs": 3, "GAN103": 2, "none": 1}


def test_both_parts_of_the_verdict_are_counted_by_the_truth() -> None:
    from failures import accuracy
    from failures.ground_truth import Held, Truth
    from failures.kinds import KINDS
    from failures.replay import Alarm

    well, ill = Truth({}, "no"), Truth({"GAN103": Held("yes", 0)}, "no")
    stands, over = (Alarm("GAN103", 9, "failure", "", stands) for stands in (True, False))
    data, unreadable = (Alarm("DATA401", 0, severity, "", True) for severity in ("warning", "failure"))

    def case(truth: Truth, alarms: list[Any], level: Any) -> accuracy.Case:
        return accuracy.Case(KINDS["pulled-gaussian"], 0, 1.0, 1_000, truth, alarms, 0.0, level)

    far, close = "far from the data", "close to the data"
    rows = accuracy.verdicts(
        [
            case(well, [over], close),
            case(well, [data], far),
            case(well, [unreadable], None),
            case(ill, [stands], close),
            case(ill, [], close),
        ]
    )
    assert rows["healthy"] == {"runs": 3, "no failure found": 2, "good verdict": 1, far: 1, close: 1, "not measured": 1}
    assert rows["failed"] == {"runs": 2, "no failure found": 1, "good verdict": 1, close: 2}


def test_fresh_seeds_are_others_of_strengths_of_their_own() -> None:
    from failures.kinds import KINDS
    from failures.runs import FRESH, all_runs

    names = [*KINDS]
    old, fresh = all_runs(names, 3), all_runs(names, 3, FRESH)
    assert [(name, seed - FRESH) for name, seed in fresh] == old
    for name, seed in fresh:
        low, high = KINDS[name].strength
        assert low == high or KINDS[name].strength_of(seed) not in {
            KINDS[name].strength_of(other) for n, other in old if n == name
        }


def test_fresh_seeds_are_held_out_until_a_rule_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import diagnosis

    assert diagnosis._freshness(tmp_path) == "", "there are none"
    (tmp_path / "fresh").mkdir()
    assert "are blind" in diagnosis._freshness(tmp_path)
    assert "are blind" in diagnosis._freshness(tmp_path)
    assert (
        diagnosis._code('"""One."""\nx = 1  # a\n')
        == diagnosis._code('"""Two."""\nx = 1\n')
        != diagnosis._code("x = 2")
    )
    monkeypatch.setattr(diagnosis, "_code", lambda text: "another rule")
    assert "were blind until" in diagnosis._freshness(tmp_path)
    assert "were blind until" in diagnosis._freshness(tmp_path), "and stay so"


def test_damage_to_data_is_as_strong_as_it_says() -> None:
    from failures import injections
    from saddlepoint import data

    digits, generator = data.load("digits"), torch.Generator().manual_seed(0)
    copied = injections.with_copies(digits, 0.2, generator)
    distinct = len({row.numpy().tobytes() for row in copied.x})
    assert 1 - distinct / len(digits) == pytest.approx(0.2, abs=0.01)
    assert injections.beyond_range(digits, 7.0, generator).x.max() == pytest.approx(7.0)
    session = SimpleNamespace(state=SimpleNamespace(optimisers={"g": SimpleNamespace(param_groups=[{"lr": 1e-3}])}))
    injections.faster("g")(session, 10.0)
    assert session.state.optimisers["g"].param_groups[0]["lr"] == pytest.approx(1e-2)


@pytest.mark.slow
def test_quick_runs_from_training_to_tables_and_trains_nothing_twice(tmp_path: Path) -> None:
    before = RESULTS.read_bytes() if RESULTS.exists() else None
    done = program.run("diagnosis", "--quick", "--keep", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert re.search(r"5 runs .of [0-9,]+ in the collection. of 5 kinds \(3 with an injected failure\)", done.stdout)
    assert all(f"| {code} " in done.stdout for code in DESIGNED)
    assert {path.name for path in (tmp_path / "toy-gaussian-2" / "0").iterdir()} == {
        "recipe.yaml", "records.jsonl", "truth.json",
    }  # fmt: skip
    assert (RESULTS.read_bytes() if RESULTS.exists() else None) == before, "--quick must not write results"
    again = program.run("diagnosis", "--quick", "--keep", str(tmp_path))
    assert again.stdout == done.stdout
    assert again.stderr == ""


@pytest.mark.slow
def test_results_that_were_not_stored_cannot_be_assessed() -> None:
    done = program.run("lab", "--judge")
    assert done.returncode == 2
    assert "--folder" in done.stderr


@pytest.mark.slow
def test_a_kind_that_is_not_there_is_named() -> None:
    done = program.run("diagnosis", "--only", "no-such-kind")
    assert done.returncode == 2
    assert "no-such-kind" in done.stderr
