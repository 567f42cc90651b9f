"""Findings: what goes wrong and why, read from records."""
