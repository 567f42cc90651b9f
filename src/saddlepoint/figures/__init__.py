"""Figures: functions from arrays to a matplotlib figure or a PIL image; `style.write_png` writes either.

The package knows no models, runs or files of ours. Import from the modules: `grids`, `curves`, `density`, `latent`,
`samples` (one call for every kind of event), `video`.
"""
