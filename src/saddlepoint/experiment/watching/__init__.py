"""Watch a training loop of the user's own: one more way to produce the records of a run."""
