"""Planners: search for actions by their returns in the learnt task."""
