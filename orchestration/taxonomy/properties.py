"""What a property's values must be, in the words of JSON Schema."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, model_validator

from orchestration.yaml_models import Name, Problem, refuse

JsonType = Literal["string", "integer", "number", "boolean", "array", "object", "null", "null-free"]
PiiClass = Literal[
    "email", "phone", "name", "address", "government_id", "financial", "health", "location", "other"
]
DefinitionKind = Literal[
    "retired_event", "missing_required", "wrong_type", "bad_value", "extra_property"
]
"""How an event can break its definition."""
ViolationKind = Literal["unplanned_event", DefinitionKind]
"""How an event can break the dictionary."""
Mode = Literal["pass", "flag", "strip", "quarantine"]
"""What is done about it: nothing, a warning, the property left out, the record kept out."""

Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(strict=True, ge=0)]

_SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


class Part(BaseModel):
    """Frozen; a key nobody knows is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class PropertyRule(Part):
    """What a property's values must be; what is not said is allowed.

    `type` is one JSON type or several, none for any; `null-free` is any type, but no null. Lengths
    are in characters, `pattern` is found anywhere in the text. `items` rules the elements of an
    array, `properties` the members of an object. Of a source, `renames` lists what it calls the
    property, and `values` says what its values mean. `meta` keeps what other tools' plans say
    besides.
    """

    type: Annotated[
        Annotated[list[JsonType], Field(min_length=1)] | None, BeforeValidator(_listed)
    ] = None
    description: str = ""
    required: bool = False
    enum: Annotated[list[JsonValue], Field(min_length=1)] | None = None
    format: Text | None = None
    pattern: Text | None = None
    minimum: float | int | None = None
    maximum: float | int | None = None
    exclusive_minimum: float | int | None = None
    exclusive_maximum: float | int | None = None
    multiple_of: Annotated[float | int, Field(gt=0)] | None = None
    min_length: Count | None = None
    max_length: Count | None = None
    min_items: Count | None = None
    max_items: Count | None = None
    items: "PropertyRule | None" = None
    # a factory costs a fifth of the copy that pydantic makes of a default, and there are many rules
    properties: "dict[Text, PropertyRule]" = Field(default_factory=dict)
    pii: PiiClass | None = None
    examples: list[JsonValue] = Field(default_factory=list)
    renames: dict[Name, list[Text]] = Field(default_factory=dict)
    values: dict[Name, dict[str, JsonValue]] = Field(default_factory=dict)
    enforcement: dict[ViolationKind, Mode] = Field(default_factory=dict)
    meta: dict[Text, JsonValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _bounds_are_in_order(self) -> Self:
        wrong = [
            Problem(f"{high} is below {low_name}, {low}", (high_name,))
            for low_name, high_name in (
                ("minimum", "maximum"),
                ("min_length", "max_length"),
                ("min_items", "max_items"),
            )
            if (low := getattr(self, low_name)) is not None
            and (high := getattr(self, high_name)) is not None
            and low > high
        ]
        if self.type is not None and "null-free" in self.type and len(self.type) > 1:
            wrong.append(Problem("null-free is any type; it stands alone", ("type",)))
        if wrong:
            raise refuse(*wrong)
        return self

    @property
    def is_nullable(self) -> bool:
        """Whether a null is a value like others."""
        return self.type is not None and "null" in self.type

    def contradictions(self) -> Iterator[Problem]:
        """Values listed that can never be right, here and below."""
        types = [kind for kind in self.type or () if kind != "null"]
        if self.enum is not None and types and not any(kind in _COMPARED for kind in types):
            yield Problem(f"means nothing for type {types[0]}; remove it", ("enum",))
        else:
            for at, value in enumerate(self.enum or ()):
                if self.type is not None and not any(_is_of_type(value, k) for k in self.type):
                    mend = _mend(value, types)
                    named = " or ".join(self.type)
                    yield Problem(f"{value!r} is not of type {named}{mend}", ("enum", at))
        for name, rule in self.properties.items():
            for each in rule.contradictions():
                yield Problem(each.message, ("properties", name, *each.at))
        if self.items is not None:
            for each in self.items.contradictions():
                yield Problem(each.message, ("items", *each.at))


_COMPARED = ("string", "integer", "number", "boolean", "null-free")


def _is_of_type(value: JsonValue, kind: str) -> bool:
    if kind == "null-free":
        return isinstance(value, str | int | float)
    allowed = _SCALARS.get(kind, ())
    # A bool is an int to Python, but not to the people who write taxonomies.
    return isinstance(value, allowed) and (bool in allowed or not isinstance(value, bool))


def _mend(value: JsonValue, kinds: list[Any]) -> str:
    return "; put it in quotes" if "string" in kinds and not isinstance(value, list | dict) else ""
