"""Scorecards: from a model and data to scores with intervals; import what you need from its files."""
