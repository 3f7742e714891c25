"""Drift: what a delivery is like against its own source's history, day by day.

`orchestration.quality.delivery_figures` measures; here figures are judged. `history` holds the
statistics, `reading` hands out a source's figures as counts a day and series, one module a subject
finds, and `judging` gathers the findings as rows that the staging gate judges.
"""
