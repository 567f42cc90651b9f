"""Confidence intervals of scores, and significance of differences."""
