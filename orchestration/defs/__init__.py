"""Dagster definitions: thin, they call the modules of the stages."""
