"""How far a game of two players is from its equilibrium: what a copy of each could still gain in a few steps."""

from __future__ import annotations

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.split import shuffled_order
from saddlepoint.errors import SaddlepointError
from saddlepoint.evaluation.metrics.duality_gap import duality_gap
from saddlepoint.evaluation.scorecard.scorecard import Better, Score, Skipped
from saddlepoint.evaluation.statistics.intervals import Interval
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Adversarial, GenerativeModel, has, lacks
from saddlepoint.progress import Tally

ANSWERED = 2_000  # held-out examples, half of them to answer on and half to measure
STEPS, LEARNING_RATE, BATCH = 50, 1e-3, 64  # of an answer; gaps compare at equal ones only
GAME = 5.0  # seconds on two cores, about

TITLES = {
    "duality_gap": "Duality gap of the game",
    "discriminator_gain": "What the discriminator could gain",
    "generator_gain": "What the generator could gain",
}
MEANINGS = {
    "duality_gap": f"What both could gain in {STEPS} steps alone, on held-out examples: 0 at an equilibrium.",
    "discriminator_gain": "Its share of the gap: much where samples are bad and it has not yet learnt to tell.",
    "generator_gain": "Its share of the gap: much where the discriminator as it stands can be fooled.",
}


def of_games(model: GenerativeModel, dataset: Dataset, seed: int, tally: Tally) -> tuple[list[Score], list[Skipped]]:
    """On held-out examples; `game_work` of `tally`."""
    tally.start(TITLES["duality_gap"])
    scores, reason = _scores(model, dataset, seed)
    tally.advance(game_work(model))
    return scores, [Skipped(key, title, reason) for key, title in TITLES.items()] if reason else []


def _scores(model: GenerativeModel, dataset: Dataset, seed: int) -> tuple[list[Score], str]:
    """The scores, or why there are none."""
    if not has(model, Adversarial) or not isinstance(model, Model):
        return [], lacks(model, Adversarial) or "the model is not one of this package."
    held_out = dataset.held_out
    if held_out is None or len(held_out) < 2 * BATCH:
        return [], f"it needs {2 * BATCH} held-out examples, to answer on one half and measure on the other."
    x = held_out.x[shuffled_order(len(held_out), seed)[:ANSWERED]]
    try:
        found = duality_gap(model, x, steps=STEPS, learning_rate=LEARNING_RATE, batch_size=BATCH, seed=seed)
    except SaddlepointError as error:
        return [], str(error)
    except Exception as error:  # a loss or a network of the user's own may not do outside of training
        return [], f"the game could not be played on held-out examples ({type(error).__name__}: {error})."
    return [
        _score("duality_gap", found.gap, "lower"),
        _score("discriminator_gain", found.gains[model.critic_player], "none"),
        _score("generator_gain", found.gains[model.generator_player], "none"),
    ], ""


def game_work(model: GenerativeModel) -> float:
    """About how many seconds `of_games` takes on two cores."""
    return GAME if has(model, Adversarial) else 0.1


def _score(key: str, gain: Interval, better: Better) -> Score:
    return Score(
        metric=key,
        title=TITLES[key],
        value=gain.value,
        low=gain.low,
        high=gain.high,
        better=better,
        unit="nats",
        repeats=(gain.value,),
        notes=(
            f"A lower estimate: Adam at a rate of {LEARNING_RATE:g} for {STEPS} steps of {BATCH} examples finds no best "
            "answer. Compare it with that of other models of the same losses.",
        ),
        meaning=MEANINGS[key],
    )
