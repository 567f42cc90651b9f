"""The training sets that are compared, one file each; the registry is in `saddlepoint.applications.augment.settings`."""
