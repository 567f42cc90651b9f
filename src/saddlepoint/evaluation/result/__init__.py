"""How close samples are to the data, by all measurements of quality together: see `assess_result`."""

from saddlepoint.evaluation.result.assess import LEAST, MOST, Reference, assess_result

__all__ = ["LEAST", "MOST", "Reference", "assess_result"]
