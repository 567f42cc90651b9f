"""The measurement behind the verdict's result: how close samples are to the data, at one of four levels.

Each aspect of quality (distance, two-sample tests, precision, recall, spread, modes, classes, copies) has a score from
0 to 1 relative to real examples; together they determine the level. See `assess_result`.
"""

from saddlepoint.evaluation.result.assess import LEAST, MOST, Reference, assess_result

__all__ = ["LEAST", "MOST", "Reference", "assess_result"]
