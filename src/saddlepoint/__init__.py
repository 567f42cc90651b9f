"""Saddlepoint: generative models that say how they are doing."""
