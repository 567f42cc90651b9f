"""The methods of `label`, one file each; `saddlepoint.applications.label.settings` is their registry."""
