"""What trained models are used for: each application is a package of its own."""
