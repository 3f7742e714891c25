"""What moved what: experiments, dated moves, seasons, and the worth of micro-conversions.

Pure functions on numbers that SQL has summed up; nothing here reads or writes.
"""
