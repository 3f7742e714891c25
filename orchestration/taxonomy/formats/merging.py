"""Adding imported events to a dictionary that is there already."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from orchestration.errors import ConfigurationError
from orchestration.taxonomy import writing
from orchestration.taxonomy.formats.parts import Dropped
from orchestration.taxonomy.model import Event, Taxonomy, load_taxonomy, version_key
from orchestration.whole_files import write_whole


def add_to(path: Path, imported: Taxonomy) -> tuple[dict[str, Event], list[Dropped]]:
    """Add events to the dictionary at `path`; those added, and what was not taken over.

    What the dictionary has stays as it is, comments too. Where there is none, one is written.
    Raises ConfigurationError where the dictionary is not valid; it is then not touched.
    """
    if not path.exists():
        write_whole(path, writing.to_yaml(imported))
        return imported.events, []
    known = load_taxonomy(path)
    lost: list[Dropped] = []
    added: dict[str, Event] = {}
    for name, event in imported.events.items():
        if name in known.events:
            lost.append(Dropped(name, (), "is in the dictionary already and stays as it is there"))
            continue
        if version_key(event.since_version) > version_key(known.version):
            # Its definition is new in the version of the dictionary that it comes into.
            lost.append(
                Dropped(name, ("since_version",), "no later than the dictionary's", known.version)
            )
            event = event.model_copy(update={"since_version": known.version})
        added[name] = event
    meta: dict[str, Any] = {}
    for key, value in imported.meta.items():
        if key not in known.meta:
            meta[key] = value
        elif known.meta[key] != value:
            lost.append(Dropped(None, ("meta", key), "the dictionary has its own"))
    if added or meta:
        _extend(path, known, added, meta)
    return added, lost


def _extend(
    path: Path, known: Taxonomy, added: Mapping[str, Event], meta: Mapping[str, Any]
) -> None:
    """Add events at the end of those there, byte for byte around them where the file allows it."""
    wanted = known.model_copy(
        update={"events": {**known.events, **added}, "meta": {**known.meta, **meta}}
    )
    text = path.read_text(encoding="utf-8-sig")
    documents = {name: writing.to_document(event) for name, event in added.items()}
    for candidate in (_appended(text, documents, meta), _edited(text, documents, meta)):
        with TemporaryDirectory() as folder:
            draft = Path(folder) / path.name
            write_whole(draft, candidate)
            try:
                is_whole = load_taxonomy(draft) == wanted
            except ConfigurationError:
                is_whole = False
        if is_whole:
            write_whole(path, candidate)
            return
    raise ConfigurationError(
        f"{path}: cannot be added to as it is written; import into a new file and copy from there"
    )


def _appended(text: str, events: Mapping[str, Any], meta: Mapping[str, Any]) -> str:
    """The text with a block after the last event, and one for `meta` at its end."""
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    top: Any = yaml.compose(text, Loader=yaml.CSafeLoader)
    keys = [(key.value, key.start_mark.line, value) for key, value in top.value]
    number = next(n for n, (name, _, _) in enumerate(keys) if name == "events")
    end = keys[number + 1][1] if number + 1 < len(keys) else len(lines)
    # Comments at the margin belong to what follows.
    while not lines[end - 1].strip() or lines[end - 1].startswith("#"):
        end -= 1
    indent = " " * keys[number][2].value[0][0].start_mark.column
    block = textwrap.indent(writing.dump(events), indent) if events else ""
    rest = writing.dump({"meta": dict(meta)}) if meta else ""
    return "".join([*lines[:end], block, *lines[end:], rest])


def _edited(text: str, events: Mapping[str, Any], meta: Mapping[str, Any]) -> str:
    """The text with everything set in its place; lines may be wrapped anew."""
    return writing.edit(
        text,
        {
            **{("events", name): document for name, document in events.items()},
            **{("meta", key): value for key, value in meta.items()},
        },
    )
