"""Clusters, probes and outliers of examples on a model's codes, beside raw values and principal components."""
