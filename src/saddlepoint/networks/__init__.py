"""Networks, by the shape of their input and output; import what you need from its files."""
