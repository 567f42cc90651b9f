"""Metrics: sets of points in, a score out; none of them touches a network of the model under test."""
