"""The sensor that sends what waits: after quiet hours, and when a channel is back."""

import dagster as dg

from orchestration.config import Migration
from orchestration.quality.alerts import deliver_alerts


def alerts_sensor(migration: Migration) -> dg.SensorDefinition:
    """Send alerts that wait; it asks for no run, so it works while one is under way."""

    @dg.sensor(
        name="alerts_that_wait",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Sends alerts that quiet hours or a channel that was down held back.",
    )
    def sensor() -> dg.SkipReason:
        if not migration.alerts.routes:
            return dg.SkipReason("migration.yaml names no route of alerts")
        done = deliver_alerts(migration)
        failures = "".join(f"; {route}: {answer}" for route, answer in done.failures.items())
        return dg.SkipReason(
            f"{done.sent} sent, {done.waiting} wait for their channel, "
            f"{done.delayed} for their time{failures}"
        )

    return sensor
