"""Findings in the forms that other tools read: SARIF 2.1.0, and GitHub's workflow commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from orchestration.taxonomy.lint import Finding
from orchestration.taxonomy.lint_rules import RULES

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def sarif(findings: Sequence[Finding], file: Path) -> dict[str, Any]:
    """One run of SARIF 2.1.0 (OASIS, 2020); required: version, runs, tool.driver.name, message.

    `file` is shown as it is given: relative, where a code scanner should match it (section 3.4.4).
    """
    ids = sorted({each.rule for each in findings})
    uri = file.as_uri() if file.is_absolute() else quote(file.as_posix())
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "waybill taxonomy lint",
                        "version": version("waybill"),
                        "rules": [
                            {"id": rule, "shortDescription": {"text": RULES[rule]}} for rule in ids
                        ],
                    }
                },
                "results": [
                    {
                        "ruleId": each.rule,
                        "ruleIndex": ids.index(each.rule),
                        "level": each.severity,
                        "message": {"text": _said(each)},
                        "locations": [
                            {
                                "physicalLocation": {
                                    "artifactLocation": {"uri": uri},
                                    "region": {"startLine": each.line},
                                },
                                "logicalLocations": [{"fullyQualifiedName": each.path}],
                            }
                        ],
                    }
                    for each in findings
                ],
            }
        ],
    }


def github(findings: Sequence[Finding], file: Path) -> Iterator[str]:
    """A workflow command a finding, escaped as GitHub's own toolkit does (`command.ts`)."""
    for each in findings:
        yield (
            f"::{each.severity} file={_property(str(file))},line={each.line},"
            f"title={_property(each.rule)}::{_data(_said(each))}"
        )


def _said(finding: Finding) -> str:
    return f"{finding.path}: {finding.message}" if finding.path else finding.message


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
