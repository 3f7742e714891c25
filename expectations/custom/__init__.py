"""Expectations of our own, one a module, each about the rows of a small table of facts.

Nothing is imported here: Great Expectations costs seconds to import, and only a gate needs it.
"""
