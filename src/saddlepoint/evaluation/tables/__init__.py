"""Evaluation of the rows of tables: scores of generated rows beside those of real rows and of simple generators."""
