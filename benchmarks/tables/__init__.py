"""What the tables of trained models share: trials that are kept, training without a run folder, and the parts of single tables."""
