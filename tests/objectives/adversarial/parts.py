"""Games of the parts that tests ask for."""

from saddlepoint.objectives.adversarial.composition import Composition
from saddlepoint.objectives.adversarial.penalties import R1, R2
from saddlepoint.objectives.adversarial.registry import loss_named
from saddlepoint.objectives.adversarial.views import INSTANCE_NOISE


def fake_cost(loss):
    """The cost of a generated example as a function of the logit; that of a loss with state before the first update."""
    if loss.fake is None or loss.state is None:
        return loss.fake
    return lambda logit: loss.fake(logit, loss.state.first)


def parts(loss="non-saturating", *, smoothing=0.0, r1=0.0, r2=0.0, **others):
    penalties = {name: (part, weight) for name, part, weight in (("r1", R1, r1), ("r2", R2, r2)) if weight}
    return Composition(
        loss_named(loss), penalties, {"instance_noise": INSTANCE_NOISE}, label_smoothing=smoothing, **others
    )
