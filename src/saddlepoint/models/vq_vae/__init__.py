"""Autoencoders with discrete codes (VQ-VAE), and their prior."""
