"""Which objectives rules speak about: names of games, as settings have them."""

# A score is a probability there, so 0, 1/2 and 1 mean something. A critic's values mean nothing by themselves.
SINGLE = frozenset({"minimax", "non-saturating", "feature-matching"})
CROSS_ENTROPY = SINGLE | {"relativistic"}
SATURATING = frozenset({"minimax"})
GAMES = frozenset({"gan"})
