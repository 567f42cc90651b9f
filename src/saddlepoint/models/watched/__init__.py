"""Models of training loops that are the user's own."""
