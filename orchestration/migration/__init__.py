"""The migration itself: waves, and what they bring into scope."""
