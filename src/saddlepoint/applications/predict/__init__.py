"""Next frames of videos: train a predictor, measure it against floors, and apply it to other sequences."""
