"""Tracking plans of other tools: read as an event dictionary, and written from one.

A format reads and writes only. What an export loses is found, not declared: what was written is
read back and compared with the dictionary.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from orchestration.errors import ConfigurationError
from orchestration.taxonomy.formats import (
    amplitude,
    avo,
    iglu,
    mixpanel,
    odcs,
    rudderstack,
    segment,
)
from orchestration.taxonomy.formats.losses import losses, spelled_out
from orchestration.taxonomy.formats.parts import Dropped, Format, Imported
from orchestration.taxonomy.model import Taxonomy
from orchestration.whole_files import write_whole
from orchestration.yaml_models import unknown

FORMATS = {
    name: Format(title, module.read, module.write, module.VARIANTS)
    for name, title, module in (
        ("segment", "Segment Protocols", segment),
        ("rudderstack", "RudderStack tracking plans", rudderstack),
        ("amplitude", "Amplitude Data", amplitude),
        ("mixpanel", "Mixpanel Lexicon", mixpanel),
        ("avo", "Avo", avo),
        ("iglu", "Snowplow Iglu", iglu),
        ("odcs", "Open Data Contract Standard", odcs),
    )
}

__all__ = ["FORMATS", "Dropped", "Imported", "read", "write"]


def read(name: str, path: Path) -> Imported:
    """Read a tracking plan of the format `name` from a file, or a folder where it is one.

    Every event is proposed. Raises ConfigurationError for an unknown format, and for a file that is
    broken or of another format.
    """
    chosen = _format(name)
    if not path.exists():
        raise ConfigurationError(f"{path}: no such file; give the right path")
    try:
        return chosen.read(path)
    except RecursionError:
        raise ConfigurationError(f"{path}: nests too deep to be a tracking plan") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigurationError(
            f"{path}: what it says at {place} is nothing the dictionary can hold: {first['msg']}"
        ) from None
    except ConfigurationError as error:
        said = str(error)
        raise ConfigurationError(said if str(path) in said else f"{path}: {said}") from None


def write(name: str, taxonomy: Taxonomy, path: Path, variant: str | None = None) -> list[Dropped]:
    """Write the dictionary as a tracking plan of the format `name`; what it cannot hold.

    A file there is replaced; a folder must be new or empty. Raises ConfigurationError for an
    unknown format or variant.
    """
    chosen = _format(name)
    if variant is not None and variant not in chosen.variants:
        raise ConfigurationError(f"--variant: {unknown('variant', variant, chosen.variants)}")
    plain, shared = spelled_out(taxonomy)
    files = chosen.write(plain, path, variant or chosen.variants[0])
    is_folder = path not in files.texts
    if is_folder and path.is_file():
        raise ConfigurationError(f"{path} is a file, and this format is a folder; name another")
    if is_folder and path.is_dir() and any(path.iterdir()):
        raise ConfigurationError(f"{path} is not empty; name a new folder")
    if not is_folder and path.is_dir():
        raise ConfigurationError(f"{path} is a folder; name a file")
    try:
        for file, text in files.texts.items():
            write_whole(file, text)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from error
    return [*shared, *losses(plain, read(name, path).taxonomy, files.renamed)]


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise ConfigurationError(unknown("format", name, FORMATS))
    return FORMATS[name]
