"""Fill in the missing values of a table: one best guess for prediction, or several proper draws for inference."""
