"""Studies: many runs of a recipe with different settings and seeds, compared with intervals.

One run says nothing about the variation between seeds. A study trains every combination of settings from many seeds.
"""
