"""Networks, defined by the shapes of their input and output; import them from the modules."""
