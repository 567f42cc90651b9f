"""Networks, by the shape of their input and output."""
