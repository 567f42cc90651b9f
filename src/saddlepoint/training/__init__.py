"""Plays a game: the loop, its state, checkpoints."""
