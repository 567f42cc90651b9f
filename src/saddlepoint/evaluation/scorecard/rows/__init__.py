"""The rows of a scorecard, one file for each kind of metric."""
