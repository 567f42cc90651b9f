"""The benchmark of clusters: its trials and its page."""

from __future__ import annotations


def test_trials_come_in_rounds_and_have_keys_of_their_own() -> None:
    from tables.cluster_plan import DATA, MODELS, trials

    wanted = trials(["digits", "mnist"], 2, quick=False)
    assert [one.seed for one in wanted] == sorted(one.seed for one in wanted)
    assert len({one.key for one in wanted}) == len(wanted) == 2 * sum(map(len, MODELS.values()))
    assert set(DATA) == set(MODELS)
    assert all(one.recipe.training.seed == one.seed for one in wanted)


def test_the_page_tells_better_from_worse() -> None:
    import cluster
    from saddlepoint.applications.cluster.settings import METHODS, REPRESENTATIONS
    from tables.cluster_plan import Outcome

    def outcome(seed: int, change: float) -> Outcome:
        scores = {
            name: {
                method: {"nmi": 0.7 + 0.01 * seed + change * (name == "codes"), "accuracy": 0.6, "noise": 0.0}
                for method in METHODS
            }
            for name in REPRESENTATIONS
        }
        probes = {"linear": dict.fromkeys(REPRESENTATIONS, 0.9 + 0.001 * seed)}
        return Outcome(scores, probes, 10, 1_797, 60.0)

    found = {
        "recommended": [outcome(seed, 0.05) for seed in range(5)],
        "vae-digits": [outcome(seed, -0.05) for seed in range(5)],
    }
    text = cluster.body("digits", found)
    assert "+0.050 ± 0.000 ▲" in text
    assert "-0.050 ± 0.000 ▼" in text
    half = len(METHODS)
    assert f"than raw, codes are better in {half} and worse in {half} of {2 * half} rows" in text
    assert "Not measured yet: autoencoder-digits" in text
    assert "recommended (10)" in text
