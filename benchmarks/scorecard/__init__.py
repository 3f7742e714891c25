"""A laboratory that breaks a steady product in named ways and counts what Waybill tells of it.

It knows nothing of how anything is detected: it writes exports, runs the migration and reads the
tables that a person reads.
"""
