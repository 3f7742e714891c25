"""Pages of an API: JSON documents that hold lists of objects, also longer than a head."""

from __future__ import annotations

import json
import re
from typing import Any

from orchestration.sources.base import Head, cut_object


def first_item(head: Head, key: str) -> dict[str, Any] | None:
    """The first element of the list under `key` of a JSON object, as far as the head shows it.

    Of an object longer than the head, the keys it shows; None where there is no such list.
    """
    if not head.text.lstrip().startswith("{"):
        return None
    if isinstance(head.document, dict):
        items = head.document.get(key)
        first = items[0] if isinstance(items, list) and items else None
        return first if isinstance(first, dict) else None
    opened = re.search(rf'"{re.escape(key)}"\s*:\s*\[\s*(?={{)', head.text)
    if head.is_whole or opened is None:
        return None
    start = head.text[opened.end() :]
    try:
        value, _ = json.JSONDecoder().raw_decode(start)
    except (ValueError, RecursionError):
        return next(iter(cut_object(start)), None)
    return value if isinstance(value, dict) else None
