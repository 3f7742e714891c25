"""The naming convention: what names of events and of properties look like, and how much it matters.

Only `lint` reads it: a dictionary whose names break the convention still maps every event.
"""

from typing import Annotated, Literal

from pydantic import Field

from orchestration.taxonomy.properties import Part, Text

Case = Literal["snake_case", "camelCase", "PascalCase", "kebab-case", "Title Case", "lower case"]
Order = Literal["object_action", "action_object"]
Severity = Literal["error", "warning", "off"]
NamingRule = Literal["case", "order", "verbs", "forbidden", "length"]


class NameRules(Part):
    """What a name must look like; what is not said is allowed.

    `order` asks that the verb is the last word (`object_action`) or the first; `verbs` are the ones
    allowed there, in the tense they are written in. `forbidden` words stand nowhere in a name.
    """

    case: Case | None = None
    order: Order | None = None
    verbs: list[Text] = []
    forbidden: list[Text] = []
    max_length: Annotated[int, Field(strict=True, ge=1)] | None = None
    severity: dict[NamingRule, Severity] = {}


class Naming(Part):
    """The convention for events and for properties."""

    events: NameRules = NameRules()
    properties: NameRules = NameRules()
