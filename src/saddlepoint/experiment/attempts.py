"""Train a run to its end; with `training.cure: auto`, every intervention starts another session."""

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
    """Run a session, and after every intervention another session with changed settings.

    Args:
        session: the first session.
        modules: the user's own networks by role; their initial weights are restored before the run continues.
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
