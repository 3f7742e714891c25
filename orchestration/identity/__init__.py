"""Identity: evidence of who is who, to persons. Users join components; devices are owned."""
