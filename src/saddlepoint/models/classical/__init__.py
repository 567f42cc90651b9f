"""Classical models: Gaussians, mixtures, kernel densities, naive Bayes, PCA, hidden Markov models and Markov chains."""
