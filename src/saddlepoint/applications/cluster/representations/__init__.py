"""Representations that are clustered: one file for each, a function that returns the map from examples to vectors."""
