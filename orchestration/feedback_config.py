"""How survey answers are joined to behaviour, weighted, and kept from pointing at one person."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from orchestration.setting_types import Count, Duration, Settings, Text
from orchestration.yaml_models import refuse

Segment = Literal["platform", "country", "campaign"]
"""What is known of every person: the value of the first event."""


class Feedback(Settings):
    """What answers are held against, and what too few of them hide.

    `within` is how far before an answer behaviour is looked at, and how long after a person leaves
    a funnel an answer is about that. Figures of fewer than `smallest_cell` respondents are hidden.
    `weight_by` are the segments in which respondents stand for the persons active that month.
    A `csat` answer of `satisfied_from` or more is a satisfied one; `satisfied_from_by_question`
    says so for single questions, by id. More than `most_contacts` contacts with one person within
    `contacts_within` are too many.
    """

    within: Duration = timedelta(days=7)
    smallest_cell: Count = 5
    weight_by: Annotated[list[Segment], Field(min_length=1)] = ["platform", "country"]
    satisfied_from: float = 4
    satisfied_from_by_question: dict[Text, float] = {}
    contacts_within: Duration = timedelta(days=30)
    most_contacts: Count = 2

    @field_validator("weight_by")
    @classmethod
    def _each_once(cls, segments: list[Segment]) -> list[Segment]:
        if len(set(segments)) < len(segments):
            raise refuse("weight_by: a segment comes twice; name it once")
        return segments

    def variables(self) -> dict[str, Any]:
        """The settings as the models read them; times in seconds."""
        return {
            "within_seconds": int(self.within.total_seconds()),
            "smallest_cell": self.smallest_cell,
            "weight_by": self.weight_by,
            "satisfied_from": self.satisfied_from,
            "satisfied_from_by_question": self.satisfied_from_by_question,
            "contacts_seconds": int(self.contacts_within.total_seconds()),
            "most_contacts": self.most_contacts,
        }
