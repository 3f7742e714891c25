"""The event dictionary: canonical events, their owners, aliases and property rules."""
