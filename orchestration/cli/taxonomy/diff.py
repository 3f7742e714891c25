"""`waybill taxonomy diff`: what changed between two dictionaries, and the version it asks for."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.cli.common import JsonOption, out, print_json
from orchestration.errors import ConfigurationError, GateRed

if TYPE_CHECKING:
    from orchestration.taxonomy.diff import Change
    from orchestration.taxonomy.model import Taxonomy

CHANGES_SHOWN = 60
VALUE_SHOWN = 60
_STYLES = {"breaking": "red", "compatible": "green", "text": "dim"}


def diff(
    a: Annotated[str, typer.Argument(help="The earlier dictionary: a file, or REV:path of git.")],
    b: Annotated[Path, typer.Argument(help="The later dictionary.")],
    bump: Annotated[
        bool,
        typer.Option("--bump", help="Write the right version into B, and since_version of events."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Tell what changed from A to B, what it breaks, and exit 1 where B's version hides it.

    Example: waybill taxonomy diff HEAD:expectations/taxonomy.yaml expectations/taxonomy.yaml
    """
    from orchestration.taxonomy import diff as differing
    from orchestration.taxonomy.model import load_taxonomy, version_key
    from orchestration.taxonomy.writing import edit
    from orchestration.whole_files import write_whole

    old, new = _earlier(a), load_taxonomy(b)
    changes = differing.diff(old, new)
    needed = differing.bump_of(changes)
    right = differing.next_version(old.version, needed)
    edits = differing.bumped(old, new, changes) if bump else {}
    version = new.version
    if edits:
        write_whole(b, edit(b.read_text(encoding="utf-8"), edits))
        version = load_taxonomy(b).version
    is_enough = version_key(version) >= version_key(right)
    if as_json:
        print_json(
            {
                "from": {"file": a, "version": old.version},
                "to": {"file": str(b), "version": version},
                "changes": [each.to_json() for each in changes],
                "bump": needed,
                "needed_version": right,
                "is_enough": is_enough,
                "written": {".".join(map(str, at)): value for at, value in edits.items()},
            }
        )
    else:
        _show(changes)
        said = f"{len(changes):,} changes since {old.version}"
        out.print(f"{said}: {needed}; version {right} or later is right, {b} has {version}.")
        for at, value in edits.items():
            out.print(f"written: {'.'.join(map(str, at))}: {value}", highlight=False, markup=False)
    if not is_enough:
        worst = next(each for each in changes if _asks(each, needed))
        raise GateRed(
            f"{b}: version {version} must be {right} or later ({needed}), since {worst.path} "
            f"{worst.kind}: {worst.reason}; --bump writes it"
        )


def _asks(change: Change, bump: str) -> bool:
    from orchestration.taxonomy.diff import bump_of

    return bump_of([change]) == bump


def _earlier(spec: str) -> Taxonomy:
    """The dictionary in a file, else what git has under REV:path. Raises ConfigurationError."""
    from orchestration.taxonomy.model import Taxonomy, load_taxonomy
    from orchestration.yaml_documents import YamlDocument
    from orchestration.yaml_models import read_as, uncollected

    if Path(spec).exists() or ":" not in spec:
        return load_taxonomy(Path(spec))
    if spec.startswith("-"):
        raise ConfigurationError(f"{spec}: no such file or git revision; write REV:path")
    try:
        shown = subprocess.run(["git", "show", spec], capture_output=True, check=False)
    except FileNotFoundError:
        raise ConfigurationError(f"{spec}: no such file, and git is not installed") from None
    if shown.returncode:
        reason = shown.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
        raise ConfigurationError(
            f"{spec}: no such file, and git says: {reason}; "
            "REV:path counts from the top of the repository, REV:./path from here"
        )
    with uncollected():
        return read_as(YamlDocument(Path(spec), shown.stdout), Taxonomy)


def _show(changes: Sequence[Change]) -> None:
    """A table of the changes, the breaking ones first."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if not changes:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption_justify="left")
    table.add_column("impact", no_wrap=True)
    table.add_column("what", overflow="fold", ratio=1)
    ordered = sorted(changes, key=lambda each: list(_STYLES).index(each.impact))
    for each in ordered[:CHANGES_SHOWN]:
        values = [_short(value) for value in (each.before, each.after) if value is not None]
        is_event = each.path == f"events.{each.event}"  # its parts say more than fits here
        what = "" if is_event else f": {' -> '.join(values)}"
        told = f"{each.path} {each.kind}{what} ({each.reason})"
        table.add_row(Text(each.impact, style=_STYLES[each.impact]), Text(told))
    if len(changes) > CHANGES_SHOWN:
        table.caption = f"{len(changes) - CHANGES_SHOWN:,} more; see --json"
    out.print(table)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= VALUE_SHOWN else f"{text[: VALUE_SHOWN - 3]}..."
