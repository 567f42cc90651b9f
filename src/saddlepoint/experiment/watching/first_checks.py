"""Try the user's networks and functions on one batch before the first step, and find mistakes that the code shows there."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.preflight import preflight
from saddlepoint.diagnosis.traits import traits_of
from saddlepoint.errors import PartError
from saddlepoint.experiment.best_effort import BestEffort
from saddlepoint.experiment.last_activation import BOUNDS, last_operation
from saddlepoint.experiment.watching import findings
from saddlepoint.models.capabilities import GenerativeModel, Judges, has
from saddlepoint.models.watched.functions import calling, first_of, first_tensor, unwrapped
from saddlepoint.models.watched.game import WatchedGame
from saddlepoint.networks.perturbing import perturbed
from saddlepoint.records import Finding

EXAMPLES = 16
FEWEST = 64  # examples of a batch whose size is not known, for checks of the data
SAME = 1e-5  # relative to the samples' size: smaller differences are rounding errors


def first_findings(model: WatchedGame, dataset: Dataset, best_effort: BestEffort) -> list[Finding]:
    """Check a model before the first step of its training; the model learns which of its parts can be used.

    Args:
        model: around the user's networks and functions.
        dataset: the examples; without any, they are not checked.
        best_effort: a context for the user's code.

    Returns:
        All findings, of step 0.
    """
    found: list[Finding | None] = []
    bounds = None
    if has(model, GenerativeModel):
        found.append(_shape(model) if len(dataset) else None)
        if found[-1] is None:
            with best_effort("The check of samples", "made"):
                found.append(_noise(model))
                bounds = _bounds(model)
    x = dataset.x[:EXAMPLES].to(model.device).to(model.dtype) if len(dataset) else None
    if x is not None:
        if model.critic is not None:
            found.append(_scores(model, x))
        _try_players(model, x)
        _try_codes(model, x, best_effort)
        parameters = sum(model.parameter_counts().values())
        found += preflight(dataset, min(FEWEST, len(dataset)), bounds, parameters)
    return [finding for finding in found if finding is not None]


def _shape(model: WatchedGame) -> Finding | None:
    """Samples have the shape of examples."""
    samples = model.functions.draw(EXAMPLES, 0)
    try:
        model.as_examples(samples, "sample")
    except PartError:
        return findings.wrong_shape("Samples", str(tuple(samples.shape)), str((EXAMPLES, *model.event.shape)))
    return None


def _noise(model: WatchedGame) -> Finding | None:
    """Other random numbers give other samples, with these weights or at least with others."""
    if not _are_equal(model):
        return None
    with perturbed(*(unwrapped(player) for player in model.functions.modules)):
        return findings.ignored_noise() if _are_equal(model) else None


def _are_equal(model: WatchedGame) -> bool:
    one, other = (model.draw(EXAMPLES, seed) for seed in (0, 1))
    size = float(one.abs().max()) or 1.0
    return bool(((one - other).abs() <= SAME * size).all()) and bool(((one - one[:1]).abs() <= SAME * size).all())


def _bounds(model: WatchedGame) -> tuple[float, float] | None:
    """The range of samples by the last operation that made them; None if it is unbounded or not known."""
    assert model.functions.sample is not None
    with model.at_rest(), calling("sample"), torch.enable_grad():
        output = first_of(model.functions.sample(2))
    return BOUNDS.get(last_operation(output)) if isinstance(output, Tensor) else None


def _scores(model: WatchedGame, x: Tensor) -> Finding | None:
    """The discriminator takes a batch of examples and returns a score of each, or a model learns why it does not."""
    critic = model.critic
    assert critic is not None
    output = None
    for shape in (model.event.shape, (model.event.size,)):
        try:
            with model.at_rest(), torch.enable_grad():
                output = first_of(critic.network(x.reshape(len(x), *shape)))
        except Exception as error:  # it may take labels, or examples of another shape
            model.critic_trouble = (
                f"the discriminator cannot be asked about a batch of data= alone ({type(error).__name__}: {error})."
            )
            continue
        critic.takes, model.critic_trouble = shape, ""
        break
    if output is None:
        return None
    scores = first_tensor(output)
    if not scores.ndim or len(scores) != len(x):
        model.critic_trouble = "the discriminator does not return one score for each example."
        return findings.wrong_shape("Scores of the discriminator", str(tuple(scores.shape)), f"({len(x)}, ...)")
    names = model.settings.objective
    critic.sigmoid = (not names or "cross_entropy" in traits_of([names])) and last_operation(output) == "Sigmoid"
    return None


def _try_players(model: WatchedGame, x: Tensor) -> None:
    """Find the players that take a batch of examples as their only argument, so that their layers can be observed."""
    if has(model, Judges) and model.settings.kind == "gan":
        return  # the game runs generator and discriminator
    can_run = set()
    for name, player in model.players.items():
        try:
            with model.at_rest():
                unwrapped(player)(x)
        except Exception:  # it takes something else
            continue
        can_run.add(name)
    model.can_run = frozenset(can_run)


def _try_codes(model: WatchedGame, x: Tensor, best_effort: BestEffort) -> None:
    """Learn the shape of codes, and whether the encoder returns a mean and a log-variance."""
    if model.functions.encode is None:
        return
    with best_effort("The check of encode=", "made"), model.at_rest():
        model.encode(x)
