"""Clustering methods: one file for each, a function of points, number of clusters and seed."""
