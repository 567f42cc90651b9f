"""Next frames of videos: train a predictor, measure it against baselines, and apply it to other sequences."""
