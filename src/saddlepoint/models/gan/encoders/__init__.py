"""Encoders: how a GAN learns to map examples to codes, one file for each."""
