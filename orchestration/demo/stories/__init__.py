"""Four small products with one known truth each, to show what the marts decide from.

Like the demo, this package shares no code with the readers, the marts or the analysis it exercises.
"""

from collections.abc import Callable

from orchestration.demo.stories import activation, competitor, season, tax
from orchestration.demo.stories.product import Story
from orchestration.demo.stories.writing import write_story

STORIES: dict[str, Callable[[int], Story]] = {
    "tax_deadline": tax.story,
    "competitor_launch": competitor.story,
    "design_season": season.story,
    "broken_activation": activation.story,
}

__all__ = ["STORIES", "Story", "write_story"]
