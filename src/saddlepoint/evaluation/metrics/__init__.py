"""Metrics: functions from sets of points to scores. None of them calls a network of the model under test."""
