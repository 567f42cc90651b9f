"""Train a run to its end: one session after another, where `training.cure: auto` intervenes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING

from saddlepoint.experiment.assemble import prepare
from saddlepoint.experiment.rollback import roll_back
from saddlepoint.experiment.session import Session
from saddlepoint.models.own_loss import ROLE

if TYPE_CHECKING:
    from torch import nn


def train_to_end(session: Session, modules: Mapping[str, nn.Module] | None) -> None:
    """Run a session, and after every intervention another one that continues with changed settings.

    Args:
        session: the first one.
        modules: the user's own networks by role; they get their first weights again before the run continues.
    """
    restarts = session.recipe.training.cure == "auto"
    own = {role: module for role, module in (modules or {}).items() if restarts and role != ROLE}
    first_weights = {role: copy.deepcopy(module.state_dict()) for role, module in own.items()}
    while session.run() is None:
        assert session.planned is not None
        intervention, changed = session.planned.intervention, session.planned.recipe
        roll_back(session.folder, intervention, changed)
        session.listener.note(str(intervention))
        for role, module in own.items():
            module.load_state_dict(first_weights[role])
        session = prepare(
            changed,
            session.folder,
            dataset=session.dataset,
            modules=modules,
            listener=session.listener,
            pictures=session.end.with_pictures,
        )
        if intervention.returned_to:
            session.load()
