"""Measurements during training that diagnosis rules read: of the players' state, and of the quality of samples.

They run in evaluation mode on fixed noise and fixed examples, stay on the device until a single transfer, and leave the
model unchanged.
"""

from saddlepoint.evaluation.monitors.monitor import Monitor
from saddlepoint.evaluation.monitors.neighbourhood import Neighbourhood

__all__ = ["Monitor", "Neighbourhood"]
