"""The report of a run, the index of runs and the weekly review, as pages that stand alone."""
