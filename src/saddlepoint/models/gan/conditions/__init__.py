"""Conditions: how the players of a conditional game use the labels of the examples, one file for each."""
