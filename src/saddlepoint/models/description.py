"""The summary of a model in a terminal or a notebook."""

from __future__ import annotations

from torch import nn

from saddlepoint.data.event import Event
from saddlepoint.markup import Markup, html, joined


class Described:
    """What a model shows of itself: one example, its networks with their sizes, and how long it was trained.

    Attributes:
        event: what one example is.
        players: the networks by their short names in series.
        roles: short names to names in settings.
        trained_steps: the step of the checkpoint with these weights; None if they are not from a checkpoint.
    """

    event: Event
    players: dict[str, nn.Module]
    roles: dict[str, str]
    trained_steps: int | None

    def parameter_counts(self) -> dict[str, int]:
        """Return the number of trainable parameters by role."""
        return {
            self.roles[name]: sum(weight.numel() for weight in player.parameters() if weight.requires_grad)
            for name, player in self.players.items()
        }

    def __repr__(self) -> str:
        facts = self._facts()
        return f"{type(self).__name__}({facts.pop('one example')}: {', '.join(facts.values())})"

    def _repr_html_(self) -> Markup:
        cells = joined(html("<tr><td>{}</td><td>{}</td></tr>", name, fact) for name, fact in self._facts().items())
        return html("<p><b>{}</b></p><table>{}</table>", type(self).__name__, cells)

    def _facts(self) -> dict[str, str]:
        """The lines of the summary."""
        facts = {"one example": f"{self.event.kind} of {'x'.join(map(str, self.event.shape))}"}
        facts |= self._more_facts()
        facts |= {role: f"{role} {count:,} parameters" for role, count in self.parameter_counts().items()}
        return facts | ({} if self.trained_steps is None else {"trained": f"{self.trained_steps:,} steps"})

    def _more_facts(self) -> dict[str, str]:
        """Further lines of a family."""
        return {}
