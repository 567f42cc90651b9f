"""Policies that record trajectories: each is made once for a task, and chooses actions."""
