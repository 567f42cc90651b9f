"""Missing labels: class probabilities of unlabelled examples, by supervised, semi-supervised and generative methods."""
