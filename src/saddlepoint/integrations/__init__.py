"""Saddlepoint inside other libraries' training: one file for each library, imported by its own name.

Importing the package imports none of them: `from saddlepoint.integrations.lightning import WatchCallback`.
"""
