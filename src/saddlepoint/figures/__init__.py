"""Values in, pictures out: arrays go in, a matplotlib figure or a PIL image comes back; `style.write_png` writes either.

Knows nothing of models, runs or files of ours. Import from the modules: `grids`, `curves`, `density`, `latent`,
`samples` (one call for every kind of event), `video`.
"""
