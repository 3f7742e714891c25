"""Computations over the marts that the command line offers; none of them writes anything."""
