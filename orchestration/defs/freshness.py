"""What was agreed about age, as Dagster's own policies: its UI and alerts show them too."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from orchestration.freshness_config import FreshnessTarget
from orchestration.stages import MARTS


def freshness_policy(target: FreshnessTarget | None) -> dg.FreshnessPolicy | None:
    """Fails where the asset was not made anew within the agreed time; warns from `every` on."""
    if target is None:
        return None
    return dg.FreshnessPolicy.time_window(fail_window=target.within, warn_window=target.every)


def with_freshness(
    models: dg.AssetsDefinition, targets: Mapping[str, FreshnessTarget]
) -> dg.AssetsDefinition:
    """The same models, the marts that have a target with its policy."""
    policies = {
        dg.AssetKey([MARTS, mart]): freshness_policy(target) for mart, target in targets.items()
    }
    return models.map_asset_specs(
        lambda spec: (
            spec.replace_attributes(freshness_policy=policies[spec.key])
            if spec.key in policies
            else spec
        )
    )
