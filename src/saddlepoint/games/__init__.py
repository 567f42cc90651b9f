"""Games small enough to be solved: smooth ones with a known spectrum, and finite zero-sum ones with a known equilibrium.

Theory predicts exactly what each method does on them, so they serve as tests of the methods.
"""
