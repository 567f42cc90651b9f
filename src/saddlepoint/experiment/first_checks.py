"""Checks before the first step: settings, data, and networks and losses on one batch."""

from __future__ import annotations

from saddlepoint.data.preflight import preflight
from saddlepoint.diagnosis import Diagnosis
from saddlepoint.diagnosis.optimiser_settings import is_of_optimiser
from saddlepoint.diagnosis.remedies import propose
from saddlepoint.diagnosis.unlimited_scores import unlimited_scores
from saddlepoint.diagnosis.unusual_settings import unusual_settings
from saddlepoint.experiment.batch_size import examples_in_batch
from saddlepoint.experiment.context import RunContext
from saddlepoint.experiment.objective_checks.check import find_mistakes, output_range
from saddlepoint.records import Finding

EXAMPLES = 64  # with which networks and losses are checked


def first_findings(context: RunContext, diagnosis: Diagnosis) -> list[Finding]:
    """Check a run before its first step.

    Args:
        context: the run.
        diagnosis: has the settings in the form that rules use.

    Returns:
        All findings, of step 0.
    """
    dataset, model = context.dataset, context.model
    bounds, wrong = model.output_range, list[Finding]()
    with context.best_effort("The check of the networks and losses", "made"):  # they may be the user's own
        bounds = output_range(model)
        device, some = context.state.devices.device, slice(None, min(EXAMPLES, len(dataset)))
        labels = None if dataset.y is None else dataset.y[some].to(device)
        wrong = find_mistakes(model, dataset.x[some].to(device), labels)
    parameters = sum(model.parameter_counts().values())
    recipe = context.recipe
    given = diagnosis.facts.settings
    used = given if recipe.model.gradients else {name: given[name] for name in given if not is_of_optimiser(name)}
    settings = (
        unusual_settings(used, batch_norm=model.normalises_batches),
        unlimited_scores(diagnosis.facts),
    )
    batch_size = examples_in_batch(recipe, dataset)
    data = preflight(dataset, batch_size, bounds, parameters, model.scaling, propose)
    return [*(finding for finding in settings if finding is not None), *data, *wrong]
