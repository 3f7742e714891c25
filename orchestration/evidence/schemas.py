"""The marts that Python writes, as `marts.yml` describes them: reader, question, columns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import yaml

from orchestration.quality.tables import BOOL, DATE, FLOAT, INT, TEXT, TIME

MODELS = Path(__file__).with_name("marts.yml")
_TYPES = {
    **{"string": TEXT, "bigint": INT, "double": FLOAT},
    **{"boolean": BOOL, "date": DATE, "timestamp": TIME},  # times are UTC
}


@dataclass(frozen=True)
class Mart:
    """A mart's reader, the one question it answers, its description, and its Arrow schema."""

    reader: str
    question: str
    description: str
    schema: pa.Schema

    @property
    def comment(self) -> str:
        """What the table says of itself in the warehouse."""
        return f"{self.question} For: {self.reader}. {self.description}"


def _marts() -> dict[str, Mart]:
    models = yaml.safe_load(MODELS.read_text(encoding="utf-8"))["models"]
    return {
        model["name"]: Mart(
            model["config"]["meta"]["reader"],
            model["config"]["meta"]["question"],
            " ".join(model["description"].split()),
            pa.schema([(each["name"], _TYPES[each["data_type"]]) for each in model["columns"]]),
        )
        for model in models
    }


MARTS = _marts()
