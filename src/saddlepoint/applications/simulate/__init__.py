"""Simulators for reinforcement learning: record trajectories of a task, learn its dynamics, and plan or train policies in the model."""
