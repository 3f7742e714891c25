"""What the gates look at: figures of each delivery, and views over staging and marts.

Facts measure; rules (`expectations.suites`) judge. Every figure is counted set-based in DuckDB over
Parquet footers, manifests or materialised tables, never over raw JSON.
"""

from orchestration.quality.facts.arrivals import arrival_views, write_arrival_facts
from orchestration.quality.facts.landing import landing_facts
from orchestration.quality.facts.marts import MARTS_VIEWS
from orchestration.quality.facts.restatements import restatement_views, write_restatements
from orchestration.quality.facts.staging import staging_views, write_staging_facts

__all__ = [
    "MARTS_VIEWS",
    "arrival_views",
    "landing_facts",
    "restatement_views",
    "staging_views",
    "write_arrival_facts",
    "write_restatements",
    "write_staging_facts",
]
