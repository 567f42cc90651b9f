"""How good samples are: features, statistics and scores; import what you need from its files."""
