"""Predictors of the next frames of videos."""
