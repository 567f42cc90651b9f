"""What rules read: numbers of a model's state at one moment, beside how good its samples are.

All of it is measured in evaluation mode on fixed noise and fixed examples, stays on the device until it is asked for,
and leaves the model as it was.
"""

from saddlepoint.evaluation.monitors.monitor import Monitor
from saddlepoint.evaluation.monitors.neighbourhood import Neighbourhood

__all__ = ["Monitor", "Neighbourhood"]
