"""How far a score can be trusted: intervals, and which differences are real."""
