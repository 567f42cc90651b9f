"""The validation of the result part of the verdict: sample sets, an independent truth, and how often the two agree."""
