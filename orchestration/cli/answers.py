"""The answer to a query in the width of a terminal: a table, or one block a row.

Numbers and dates are never broken, names only behind `_` and blanks. What does not fit even so
is shown with a line for each column.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from orchestration.analysis.queries import Answer

_PIECES = re.compile(r"[^_\s]*[_\s]+|[^_\s]+")
_LONGEST_PIECE = 24  # a longer one, such as a hash, is cut by the terminal's own rule


def answer_view(answer: Answer, width: int) -> RenderableType:
    """What to print of an answer on a terminal of `width` columns."""
    cells = [[cell(value) for value in row] for row in answer.rows]
    narrow, cells_whole, all_whole = [], [], []
    for place, name in enumerate(answer.columns):
        texts = [row[place] for row in cells]
        can_fold = any(isinstance(row[place], str) for row in answer.rows)
        least = [*map(_longest_piece, (name, *texts))] if can_fold else [_longest_piece(name)]
        whole = [] if can_fold else [len(text) for text in texts]
        narrow.append(max([*least, *whole]))
        cells_whole.append(max([narrow[-1], *map(len, texts)]))
        all_whole.append(max(cells_whole[-1], len(name)))
    gap = 2 if sum(narrow) + 2 * (len(narrow) - 1) <= width else 1
    widths = _share((narrow, cells_whole, all_whole), width - gap * (len(narrow) - 1))
    if widths is None:
        return _blocks(answer, cells)
    shown = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="dim")
    for place, name in enumerate(answer.columns):
        is_number = all(isinstance(row[place], int | float | None) for row in answer.rows)
        # Names and values come from data: as Text they are shown as they are.
        shown.add_column(
            Text(folded(name, widths[place])),
            justify="right" if is_number and answer.rows else "left",
            overflow="fold",
            width=widths[place],
        )
    for row in cells:
        shown.add_row(*(Text(folded(text, widths[place])) for place, text in enumerate(row)))
    return shown


def folded(text: str, width: int) -> str:
    r"""The text with line breaks behind `_` and blanks, so that lines keep within the width.

    >>> folded("tax_reminder_enabled", 12)
    'tax_\nreminder_\nenabled'
    """
    lines = [""]
    for piece in _PIECES.findall(text):
        if lines[-1] and len((lines[-1] + piece).rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)


def cell(value: object) -> str:
    """A value as people read it; a share to four places, a smaller number by its power of ten."""
    if value is None:
        return "-"
    if isinstance(value, float):
        if value != 0 and abs(value) < 0.00005:
            return f"{value:.1e}"
        if abs(value) < 1:
            return f"{value:.4f}"
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _longest_piece(text: str) -> int:
    return min(max((len(p.rstrip()) for p in _PIECES.findall(text)), default=1), _LONGEST_PIECE)


def _share(wishes: Sequence[Sequence[int]], width: int) -> list[int] | None:
    """Widths of the columns: the first wish for all, the others as far as room is; None if none."""
    least, *more = wishes
    left = width - sum(least)
    if left < 0:
        return None
    widths = list(least)
    for wish in more:
        for place, wanted in enumerate(wish):
            given = min(max(wanted - widths[place], 0), left)
            widths[place] += given
            left -= given
    return widths


def _blocks(answer: Answer, cells: Sequence[Sequence[str]]) -> Table:
    shown = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    shown.add_column(style="dim", no_wrap=True)
    shown.add_column(overflow="fold")
    for row in cells:
        for name, text in zip(answer.columns, row, strict=True):
            shown.add_row(Text(name), Text(text))
        shown.add_row("", "")
    return shown
