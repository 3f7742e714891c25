"""Proposals for names that arrive and are in no dictionary: features, model, patch."""
