"""Marts that need statistics: read from the working marts in SQL, judged by `analysis.evidence`."""
