"""Optimisers made for games: pure steps on a field of gradients, and torch optimisers where one gradient a step will do.

Gradient descent minimises one function; the players of a game have one each. These methods take into account that the other
moves too. `METHODS` are the pure forms; training knows the torch forms by the names in its settings.
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
