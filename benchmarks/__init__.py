"""What a run costs, and how that compares with doing the same work by hand. See README.md."""
