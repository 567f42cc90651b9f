"""Records the traces in tests/diagnosis/traces again: for every rule a short run that fails and one that does not.

    python tests/diagnosis/record_traces.py [--keep DIR]

Takes some minutes. The runs are kinds with injected failures (benchmarks/failures) and loops of other people's scripts with injected
mistakes (benchmarks/loops), named "SCRIPT: MISTAKE"; what is kept of them are the series that the
rule reads, rounded to five digits, and the settings.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
TRACES = Path(__file__).resolve().parent / "traces"
sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "benchmarks")]

# By rule: a kind of run with the failure, and one without.
RUNS: dict[str, tuple[str, str]] = {
    "non_finite": ("overflow-roll", "autoencoder-roll"),
    "exploding_gradient": ("jump-roll", "autoencoder-roll"),
    "dead_units": ("dying-digits", "vae-digits"),
    "stalled": ("stalled-roll", "autoencoder-roll"),
    "discriminator_overpowers": ("d-fast-digits", "gan-digits"),
    "discriminator_loss_vanishes": ("d-fast-digits", "gan-digits"),
    "gradient_vanishes": ("saturated-digits", "minimax-gaussian-1"),
    "mode_collapse": ("pulled-digits", "gan-digits"),
    "discriminator_too_weak": ("d-squashed-grid", "toy-gaussian-1"),
    "discriminator_stands_still": ("d-slow-gaussian", "toy-gaussian-1"),
    "players_circle": ("circles-gaussian", "toy-gaussian-1"),
    "samples_leave_the_data": ("g-diverges-gaussian", "toy-gaussian-1"),
    "samples_far_from_the_data": ("swapped-gaussian", "toy-gaussian-1"),
    "discriminator_overfits": ("few-digits", "gan-digits"),
    "generator_copies": ("memory-digits", "gan-digits"),
    "generator_copies_among_few": ("memory-digits", "gan-digits"),
    "past_its_best": ("past-gaussian", "toy-gaussian-1"),
    "margin_loss_vanishes": ("hinge-zero-ring", "hinge-ring"),
    "squared_error_vanishes": ("squares-zero-ring", "squares-ring"),
    "scores_run_away": ("runaway-ring", "penalty-ring"),
    "slope_far_from_target": ("weak-penalty-ring", "penalty-ring"),
    "clipping_saturates": ("clipped-ring", "clip-ring"),
    "augmentation_leaks": ("leaking-digits", "augmented-digits"),
    "augmentation_at_its_limit": ("limit-digits", "adaptive-digits"),
    "exponentials_overflow": ("overflow-hellinger-ring", "hellinger-ring"),
    "balance_is_stuck": ("stuck-balance-ring", "balance-digits"),
    "unused_dimensions": ("frozen-code-roll", "autoencoder-roll"),
    "posterior_collapse": ("collapse-digits", "vae-digits"),
    "kl_vanishes": ("collapse-digits", "vae-digits"),
    "units_collapse": ("collapse-digits", "vae-digits"),
    "negative_kl": ("flipped-kl-digits", "vae-digits"),
    "not_the_kl_of_its_heads": ("half-kl-digits", "vae-digits"),
    "kl_is_subtracted": ("flipped-kl-digits", "vae-digits"),
    "clamped_heads": ("relu-heads-digits", "vae-digits"),
    "codes_leave_the_prior": ("tiny-beta-digits", "vae-digits"),
    "kl_outweighs": ("collapse-digits", "vae-digits"),
    "holes": ("holes-digits", "vae-digits"),
    "bounds_part": ("few-vae-digits", "vae-digits"),
    "log_probs_part": ("few-made-digits", "made-digits"),
    "quantised_bounds_part": ("few-vq-moons", "vq-vae-moons"),
    "losses_part": ("few-flow-matching-digits", "flow-matching-digits"),
    "fits_part": ("few-gaussian-digits", "mixture-ring"),
    "samples_drift": ("stale-lstm-sentences", "lstm-sentences"),
    "codebook_collapse": ("far-codes-digits", "vq-vae-digits"),
    "inverse_inexact": ("inexact-moons", "flow-moons"),
    "density_spikes": ("repeated-moons", "flow-moons"),
    "densities_part": ("few-moons", "flow-moons"),
    "too_few_steps": ("few-steps-moons", "diffusion-moons"),
    "labels_ignored": ("labels-ignored-digits", "gan-digits-conditional"),
    "class_collapse": ("class-collapse-digits", "gan-digits-conditional"),
    "categories_unused": ("codes-unused-digits", "info-digits"),
    "continuous_codes_unused": ("codes-unused-digits", "info-digits"),
    "likelihood_falls": ("small-batches-ring", "mixture-ring"),
    "degenerate_components": ("spare-components-ring", "mixture-ring"),
    "unvisited_states": ("spare-states-waves", "hmm-waves"),
}
_FEW, _USUAL = (f"autoencoder: {mistake}" for mistake in ("64 training examples", "none"))
RUNS |= {
    "reconstructions_part": (_FEW, _USUAL),
    "reconstructions_of_posteriors_part": ("vae: 64 training examples", "vae: none"),
    "reported_losses_part": (_FEW, _USUAL),
    "slope_runs_away": ("wgan: no penalty or clipping", "wgan: none"),
    "slope_vanishes": ("wgan-gp: penalty subtracted", "wgan-gp: none"),
}
# Series to leave out, for rules that are for logs without them.
WITHOUT = {
    "discriminator_loss_vanishes": {"d/real_score"},
    "squared_error_vanishes": {"d/real_score"},
    "kl_vanishes": {"vae/kl_high"},
    "generator_copies_among_few": {"g/copies"},
}
OF_ALL = ("/update_ratio", "/grad_norm", "/dead_units", "/loss", "/held_out_loss", "_slope", "quality/energy_distance")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Record the traces of the rules' tests again.")
    parser.add_argument("--keep", metavar="DIR", help="where whole runs are kept, and taken from where they are there")
    parser.add_argument("--only", nargs="*", default=list(RUNS), metavar="RULE")
    options = parser.parse_args(arguments)
    TRACES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        keep = Path(options.keep or scratch)
        for name in options.only:
            for state, kind in zip(("ill", "well"), RUNS[name], strict=True):
                path = TRACES / f"{name}-{state}.json"
                path.write_text(json.dumps(trace(name, kind, keep), separators=(",", ":")) + "\n", "utf-8")
                print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB", flush=True)
    return 0


def trace(name: str, kind: str, keep: Path) -> dict[str, Any]:
    """Return the series that a rule reads, from the first run of this kind."""
    from failures.runs import train
    from saddlepoint.diagnosis.rules import RULES
    from saddlepoint.recipe import Recipe

    folder = keep / kind / "0"
    if ": " not in kind:
        train(kind, 0, keep)
    elif not folder.exists():
        watch_loop(kind, folder)
    rule = next(rule for rule in RULES if rule.judge.__name__ == name)
    recipe = Recipe.load(folder / "recipe.yaml")
    read = {*rule.needs, *rule.optional}
    without = WITHOUT.get(name, set())

    def wanted(series: str) -> bool:
        if series in without:
            return False
        return series.replace("/", "_") in read or ("every_series" in read and series.endswith(OF_ALL))

    records = []
    for text in (folder / "records.jsonl").read_text("utf-8").splitlines():
        line = json.loads(text)
        values = {series: rounded(value) for series, value in line.items() if wanted(series)}
        if values:
            records.append({"step": line["step"], **values})
    settings = {
        entry.name: value
        for entry, value in recipe.settings()
        if entry.name.startswith(("model", "training")) and not (entry.name.endswith(".arguments") and value is None)
    }
    return {
        "kind": kind,
        "objectives": sorted(recipe.model.objective_names),
        "steps": recipe.training.steps,
        "settings": settings,
        "records": records,
    }


def watch_loop(kind: str, folder: Path) -> None:
    """Train a script with `sp.watch` in its loop.

    Args:
        kind: "SCRIPT: MISTAKE".
        folder: of the run.
    """
    from functools import partial

    import saddlepoint as sp
    from loops import SCRIPTS

    script, mistake = kind.split(": ")
    SCRIPTS[script].train(mistake, 0, watching=partial(sp.watch, folder, pictures=False))


def rounded(value: Any) -> Any:
    return float(f"{value:.5g}") if isinstance(value, float) else value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
