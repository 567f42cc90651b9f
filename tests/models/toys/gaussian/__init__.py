"""A Gaussian that is fitted by a phase without gradient; it has no network."""
