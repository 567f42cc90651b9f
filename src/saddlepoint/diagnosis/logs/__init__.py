"""Logs of other programs, read as records."""
