"""What dbt loads (`profiles.yml`) to have the masking of personal values on its connections."""

from __future__ import annotations

from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from orchestration.privacy import define_masking


class Plugin(BasePlugin):
    """Gets the key by `profiles.yml`, as a secret that dbt keeps out of its logs."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Remember the key and the pattern."""
        self._key, self._pattern = str(plugin_config["key"]), str(plugin_config["pattern"])

    def configure_connection(self, conn: Any) -> None:
        """Define the macros on a new connection."""
        define_masking(conn, self._key, self._pattern)
