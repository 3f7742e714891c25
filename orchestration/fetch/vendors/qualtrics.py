"""Qualtrics' response exports: started, waited for, and downloaded as a zip of one JSON document.

Vendor pages: Response Exports, Survey Definitions. Intervals are of RecordedDate, in UTC. An export
can fail after it was started; it is then started anew.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.fetch.downloads import save_zip
from orchestration.fetch.files import Draft
from orchestration.fetch.http import Again
from orchestration.fetch.pages import Ask, fetch_document, json_of
from orchestration.fetch.parts import Part
from orchestration.fetch.vendors.base import ApiFetcher

MOST_POLLS = 200
SMALL = 4096  # an export of no responses is a few bytes


class QualtricsExport(ApiFetcher):
    """A folder a survey: its definition, and a zip of responses an interval."""

    def parts(self, first: date | None, last: date | None) -> Iterable[Part]:
        """Of each survey its definition as of now, then its intervals."""
        for survey in self.fetch_config.surveys or ():
            name = f"{survey}/definition"
            yield Part(name, f"{name}.json", about={"survey": survey})
            yield from self.dated(f"{survey}/responses-", ".zip", first, last, survey=survey)

    def fetch(self, part: Part, draft: Draft) -> bool:
        """A survey's definition, or the export of an interval."""
        survey = part.about["survey"]
        if part.span is None:
            ask = Ask(f"/API/v3/survey-definitions/{survey}")
            fetch_document(self.client, part.file, ask, draft.path, _has_result)
            return True
        return self.client.complete(part.file, lambda: self._export(survey, part, draft.path))

    def _export(self, survey: str, part: Part, path: Path) -> bool:
        """Start, wait and download; each step is tried again by itself."""
        assert part.span is not None
        exports = f"/API/v3/surveys/{survey}/export-responses"
        body = {
            "format": "json",
            "startDate": f"{part.span.start:%Y-%m-%dT%H:%M:%SZ}",
            "endDate": f"{part.span.end:%Y-%m-%dT%H:%M:%SZ}",
        }
        started = self._result(part, "POST", exports, body, "progressId")
        file = self._wait_for(part, f"{exports}/{started['progressId']}")

        def download_it() -> None:
            with self.client.ask("GET", f"{exports}/{file}/file") as response:
                save_zip(response, path, self.client.redacted)

        self.client.complete(part.file, download_it)
        if is_without_responses(path):
            path.unlink()
            return False
        return True

    def _wait_for(self, part: Part, progress: str) -> str:
        wait = self.client.patience.first
        for _ in range(MOST_POLLS):
            result = self._result(part, "GET", progress, None, "status")
            if result["status"] == "complete" and result.get("fileId"):
                return str(result["fileId"])
            if result["status"] == "failed":
                raise Again("the vendor's export failed")
            self.client.sleep(wait)
            wait = min(wait * 1.5, 30.0)
        raise Again(f"the vendor's export was not ready after {MOST_POLLS} looks")

    def _result(
        self, part: Part, method: str, path: str, body: dict[str, Any] | None, needed: str
    ) -> dict[str, Any]:
        def read() -> dict[str, Any]:
            with self.client.ask(method, path, body=body) as response:
                content = response.read()
            document = json_of(content, self.client.redacted)
            if not _has_result(document) or needed not in document["result"]:
                said = self.client.redacted(content[:2000].decode("utf-8", errors="replace"))
                raise Again(f"answered 200 with something else: {said}")
            result: dict[str, Any] = document["result"]
            return result

        return self.client.complete(part.file, read)


def is_without_responses(path: Path) -> bool:
    """Whether an export's zip holds no response."""
    with zipfile.ZipFile(path) as archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
        if any(info.file_size > SMALL for info in members):
            return False
        return all(_has_none(archive.read(info)) for info in members)


def _has_none(content: bytes) -> bool:
    try:
        document = json.loads(content)
    except ValueError:
        return False
    return isinstance(document, dict) and document.get("responses") == []


def _has_result(document: Any) -> bool:
    return isinstance(document, dict) and isinstance(document.get("result"), dict)
