"""The measurement behind the result of a verdict: how close samples are to the data, at one of four levels.

Every aspect of quality (distance, two-sample tests, precision, recall, spread, modes, classes, copies) is measured on a scale
from 0 to 1 beside real examples; all of them together decide the level. See `assess_result`.
"""

from saddlepoint.evaluation.result.assess import LEAST, MOST, Reference, assess_result

__all__ = ["LEAST", "MOST", "Reference", "assess_result"]
