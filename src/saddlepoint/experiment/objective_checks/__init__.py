"""Checks of networks and losses on one batch, before the first step."""
