"""What players minimise: pure per-sample losses and the phases made of them."""
