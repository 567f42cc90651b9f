"""A game of a generator, a critic and an encoder."""
