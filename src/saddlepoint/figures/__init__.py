"""Figures: functions from arrays to a matplotlib figure or a PIL image; `style.write_png` writes either.

The package does not depend on models, runs or other packages. Import from the modules: `grids`, `curves`, `density`,
`latent`, `samples` (one function for every kind of event), `video`.
"""
