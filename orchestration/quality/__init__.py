"""What gates found, what people decided about it, and how both are told."""
