"""Rules, one file a family of codes."""
