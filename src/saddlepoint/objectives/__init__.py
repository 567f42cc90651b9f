"""Objectives: pure per-sample losses, and the phases that minimise them."""
