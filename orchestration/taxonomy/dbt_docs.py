"""The event dictionary as the first page of dbt's docs.

dbt shows a block named `__overview__` where its docs begin, and needs no model to refer to it. So a
dictionary of any company is there without a file of its own in the dbt project.
"""

from __future__ import annotations

import re

from orchestration.taxonomy.model import Taxonomy
from orchestration.taxonomy.words import rule_words

FILE = "dictionary.md"


def overview(taxonomy: Taxonomy) -> str:
    """The text of a dbt docs file: a table of all events, whatever their names hold."""
    rows = []
    for name, event in sorted(taxonomy.events.items()):
        rules = taxonomy.rules_of(name)
        properties = "<br>".join(
            plain(key) + (f" ({plain(words)})" if (words := rule_words(rule)) else "")
            for key, rule in rules.items()
        )
        status = "" if event.status == "active" else f" ({event.status})"
        cells = (
            f"**{plain(name)}**{status}",
            event.kind or "",
            plain(event.owner or ""),
            plain(event.description),
            properties,
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(
        [
            "{% docs __overview__ %}",
            "## Event dictionary",
            "",
            f"Version {taxonomy.version}. The events by which the marts name what arrived; "
            "`marts.dim_event_types` holds them as a table.",
            "",
            "| event | kind | owner | meaning | properties |",
            "|---|---|---|---|---|",
            *rows,
            "{% enddocs %}",
            "",
        ]
    )


def plain(text: str) -> str:
    """Text that neither dbt's templates, nor Markdown, nor HTML take for more than text.

    >>> plain("{% enddocs %}")
    '&#123;&#37; enddocs &#37;&#125;'
    """
    flat = " ".join(text.split())
    return re.sub(r"[^\w \-.,:;/()?!=+$]|_", lambda found: f"&#{ord(found[0])};", flat)
