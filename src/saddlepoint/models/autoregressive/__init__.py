"""Autoregressive models: each number of an example is predicted from the numbers before it."""
