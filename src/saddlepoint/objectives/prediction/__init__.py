"""Losses of predicted frames: terms, of which a loss is a weighted sum, and the game that they make."""
