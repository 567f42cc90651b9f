"""The two sides of every comparison in `training.py`, and the processes they run in."""
