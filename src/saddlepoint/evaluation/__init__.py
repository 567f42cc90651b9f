"""Evaluation: metrics of samples, features, monitors during training, scorecards, and the result of a run."""
