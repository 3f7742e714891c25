"""What every test starts from: no reporting home, no settings of the developer's own shell."""

import os
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import settings

os.environ.update(
    DBT_SEND_ANONYMOUS_USAGE_STATS="0", DO_NOT_TRACK="1", GX_ANALYTICS_ENABLED="false"
)

# A continuous check must not fail on another commit's luck; at a desk, new examples are welcome.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


@pytest.fixture(autouse=True)
def _own_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("WAYBILL_CONFIG", "WAYBILL_KEY", "DAGSTER_HOME"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file below the test's folder: text is dedented, bytes go as they are."""

    def _write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else dedent(content).encode())
        return path

    return _write
