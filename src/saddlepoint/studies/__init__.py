"""Studies: what one run cannot tell, because another seed would have told it differently."""
