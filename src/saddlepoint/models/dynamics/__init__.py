"""Dynamics: distributions of an outcome given what is known, such as the next state and the reward given a state and an action."""
