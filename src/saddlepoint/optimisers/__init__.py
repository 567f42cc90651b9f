"""Optimisers for games: pure steps on a field of gradients, and torch optimisers for methods with one gradient a step.

Gradient descent minimises one function, but each player of a game has its own. These methods take the moves of the other
players into account. `METHODS` holds the pure forms; the names in training's settings are those of the torch forms.
"""

from __future__ import annotations

from collections.abc import Callable

from saddlepoint.errors import SettingError, suggestion
from saddlepoint.optimisers.adjustment import SymplecticAdjustment
from saddlepoint.optimisers.consensus import Consensus
from saddlepoint.optimisers.descent import Alternating, Simultaneous
from saddlepoint.optimisers.extragradient import ExtraAdam, Extragradient, PastExtraAdam, PastExtragradient
from saddlepoint.optimisers.field import Field, Method, State
from saddlepoint.optimisers.lookahead import Lookahead
from saddlepoint.optimisers.optimistic import Optimistic, OptimisticAdam

__all__ = ["METHODS", "Field", "Method", "State"]


class _Methods(dict[str, Callable[..., Method]]):
    def __missing__(self, name: str) -> Callable[..., Method]:
        raise SettingError(
            f'METHODS: there is no method "{name}".{suggestion(name, self)} There are {", ".join(self)}.'
        )


METHODS: dict[str, Callable[..., Method]] = _Methods(
    {
        "simultaneous": Simultaneous,
        "alternating": Alternating,
        "extragradient": Extragradient,
        "past-extragradient": PastExtragradient,
        "optimistic": Optimistic,
        "consensus": Consensus,
        "adjustment": SymplecticAdjustment,
        "lookahead": Lookahead,
        "extra-adam": ExtraAdam,
        "past-extra-adam": PastExtraAdam,
        "optimistic-adam": OptimisticAdam,
    }
)
