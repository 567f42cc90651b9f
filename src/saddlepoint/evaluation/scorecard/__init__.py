"""Scorecards: from a model and data to scores with intervals (`assess`), and comparisons of them (`ranking`, `answer`)."""
