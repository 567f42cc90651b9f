"""Generated examples for a classifier: draw them by class, filter them, and measure whether they help."""
