"""Families of models: which players, which phases."""
