"""Classical models: Gaussians, mixtures, kernel densities, naive Bayes, PCA, hidden Markov models, Markov chains and decision trees."""
