"""Criteria by which an example is an outlier: one file for each, a function that returns a score for each example."""
