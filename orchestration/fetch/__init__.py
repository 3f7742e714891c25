"""Fetch what a person would have dropped into a folder: from vendors' APIs and object stores."""
