"""Games small enough to be solved: smooth ones with a known spectrum, and finite zero-sum ones with a known equilibrium.

They are where theory says exactly what a method does, so the methods are held against them.
"""
