"""Vendor-shaped exports of one known truth, with named faults, the same for the same seed.

This package shares no code with the readers, the identity rules or the gates it exercises.
"""

from orchestration.demo.benchmark import generate_mixpanel
from orchestration.demo.faults import DEFAULT_PLAN, FAULTS, Fault
from orchestration.demo.generate import generate
from orchestration.demo.truth import Truth

__all__ = ["DEFAULT_PLAN", "FAULTS", "Fault", "Truth", "generate", "generate_mixpanel"]
