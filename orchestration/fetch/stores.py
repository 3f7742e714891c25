"""Files from an object store, an SFTP server or another folder, by any address that fsspec knows.

An object is fetched once, and again when its store says that it changed. One that is gone from the
store is told of; its file here stays, as the bytes of a delivery do.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import fsspec

from orchestration.errors import ConfigurationError
from orchestration.fetch.files import Draft
from orchestration.fetch.http import Again, Caller
from orchestration.fetch.parts import Fetcher, Part, below
from orchestration.fetch_config import FetchConfig
from orchestration.sources.base import is_hidden

PARALLEL = 4
EXTRAS = {
    "s3": "s3",
    **dict.fromkeys(("gs", "gcs"), "gcs"),
    **dict.fromkeys(("az", "abfs", "abfss"), "azure"),
    "sftp": "sftp",
}
#: what stores call the mark by which an object's content is told from another
MARKS = ("ETag", "etag", "generation", "md5Hash", "content_settings")
TIMES = ("LastModified", "last_modified", "updated", "mtime")
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class StoredObjects(Fetcher):
    """All objects below an address; `options` are those of the store's library."""

    is_listing = True

    def __init__(self, fetch: FetchConfig, options: Mapping[str, Any], caller: Caller) -> None:
        assert fetch.url is not None
        self.url = fetch.url
        self.caller = caller
        protocol = urlsplit(fetch.url).scheme
        try:
            # no instance of another thread or run: they share connections and listings
            self._store, self._root = fsspec.core.url_to_fs(
                fetch.url, skip_instance_cache=True, **options
            )
        except ImportError as error:
            raise ConfigurationError(
                f"sources.{caller.source}.fetch.url: {protocol}:// needs another package: "
                f"pip install 'waybill[{EXTRAS.get(protocol, protocol)}]' ({error})"
            ) from None
        except Exception as error:  # each library's own: wrong options, no connection
            raise self._refused(error) from None

    def parts(self, first: date | None, last: date | None) -> Iterable[Part]:
        """The objects below the address by name, without markers; dates mean nothing here."""
        listing = self.caller.complete(self.url, self._listed)
        root = self._root.rstrip("/")
        for path, info in sorted(listing.items()):
            name = path.removeprefix(root).lstrip("/") or Path(path).name
            try:
                below(Path(), name)
            except ValueError as error:
                raise ConfigurationError(
                    f"sources.{self.caller.source}.fetch.url: {self.url}: {error}; "
                    "rename the object or choose a prefix without it"
                ) from None
            if not is_hidden(Path(name), Path()) and info.get("size") is not None:
                yield Part(name, name, version=version_of(info), about={"path": path})

    def fetch(self, part: Part, draft: Draft) -> bool:
        """An object's bytes, as many as its store says that it has."""

        def read() -> bool:
            path = part.about["path"]
            try:
                self._store.get_file(path, str(draft.path))
                size = self._store.info(path)["size"]
            except OSError as error:
                if error.errno in DISK_FULL:
                    raise
                raise self._judged(error) from None
            except Exception as error:  # each library's own
                raise self._judged(error) from None
            if draft.path.stat().st_size != size:
                raise Again(f"{draft.path.stat().st_size:,} of {size:,} bytes came")
            return True

        return self.caller.complete(f"{self.url}: {part.key}", read)

    def close(self) -> None:
        """Let go of an SFTP connection; the other stores' libraries keep none open."""
        if "sftp" in self._store.protocol:
            self._store.client.close()

    def _listed(self) -> dict[str, dict[str, Any]]:
        try:
            self._store.invalidate_cache()
            if not self._store.exists(self._root):
                raise FileNotFoundError(self._root)
            found: dict[str, dict[str, Any]] = self._store.find(self._root, detail=True)
        except Exception as error:  # each library's own
            raise self._judged(error) from None
        return found

    def _judged(self, error: Exception) -> Exception:
        if isinstance(error, FileNotFoundError | PermissionError):
            return self._refused(error)
        return Again(self.caller.redacted(f"{type(error).__name__}: {error}"))

    def _refused(self, error: Exception) -> ConfigurationError:
        said = self.caller.redacted(f"{type(error).__name__}: {error}")
        return ConfigurationError(
            f"sources.{self.caller.source}.fetch.url: {self.url} cannot be read: {said}; correct "
            "the address, its options, or the credentials in the environment"
        )


def version_of(info: Mapping[str, Any]) -> str:
    """What tells one content of an object from another: the store's mark, else time and size."""
    mark = next((info[key] for key in MARKS if info.get(key)), None)
    if isinstance(mark, str | int):
        return f"{mark} {info['size']}"
    moment = next((info[key] for key in TIMES if info.get(key) is not None), "")
    return f"{moment} {info['size']}"
