"""The parts of a GAN: their settings, how they are made from names, which of them exclude each other, and what they keep."""
