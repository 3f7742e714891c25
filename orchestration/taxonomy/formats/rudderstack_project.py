"""The files of a project of rudder-cli: definitions by their reference, and plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestration.errors import ConfigurationError
from orchestration.taxonomy.formats.files import read_yaml
from orchestration.taxonomy.formats.parts import Dropped
from orchestration.taxonomy.formats.recognition import recognised
from orchestration.taxonomy.formats.rudderstack_names import KINDS, LISTS, NAMESPACE, PLAN_KINDS


@dataclass
class Project:
    """Definitions by their reference, and plans, each with its file."""

    definitions: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    plans: list[tuple[Path, dict[str, Any]]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def get(self, reference: Any, path: Path) -> dict[str, Any]:
        """The definition a reference names. Raises ConfigurationError where there is none."""
        if not isinstance(reference, str) or reference not in self.definitions:
            raise ConfigurationError(
                f"{path}: {reference} is defined in no file; give the folder of the whole project"
            )
        self.used.add(reference)
        return self.definitions[reference]


def load(path: Path) -> tuple[Project, list[Dropped]]:
    """The project in a folder, or around one of its files; files in the folder that are not of it.

    Raises ConfigurationError where a file is broken, or an id is defined twice.
    """
    inside = path.rglob("*") if path.is_dir() else path.parent.iterdir()
    project = Project()
    lost: list[Dropped] = []
    for each in sorted(file for file in inside if file.is_file()):
        is_yaml = each.suffix.lower() in (".yaml", ".yml")
        document = read_yaml(each) if is_yaml and _is_ours(each, path) else None
        if document is not None and recognised(document) == NAMESPACE:
            _define(project, each, document)
        elif path.is_dir():
            name = str(each.relative_to(path))
            lost.append(Dropped(None, (name,), "no YAML of a RudderStack project, not read"))
    return project, lost


def _is_ours(file: Path, path: Path) -> bool:
    """Whether a file must be readable: the one that was named, or any of a project's folder.

    Beside a file that was named, broken files of others are none of its business.
    """
    if path.is_dir() or file == path:
        return True
    try:
        return bool(read_yaml(file))
    except ConfigurationError:
        return False


def _define(project: Project, path: Path, document: Mapping[str, Any]) -> None:
    kind, spec, metadata = (document.get(key) for key in ("kind", "spec", "metadata"))
    is_old = "0.1" in str(document.get("version"))
    if not isinstance(spec, dict):
        raise ConfigurationError(f"{path}: spec must be a mapping; see rudder-cli's own examples")
    if kind in PLAN_KINDS:
        project.plans.append((path, spec))
        return
    if kind not in KINDS:
        return
    group = metadata.get("name") if isinstance(metadata, dict) else None
    listed = spec.get(LISTS[kind])
    for item in listed if isinstance(listed, list) else []:
        if not isinstance(item, dict) or not isinstance(item.get("id"), str):
            raise ConfigurationError(f"{path}: each of {LISTS[kind]} needs an id")
        reference = f"#/{kind}/{group}/{item['id']}" if is_old else f"#{KINDS[kind]}:{item['id']}"
        if reference in project.definitions:
            raise ConfigurationError(
                f"{path}: {reference} is defined in {project.files[reference]} too; keep one"
            )
        project.definitions[reference] = item
        project.files[reference] = path
