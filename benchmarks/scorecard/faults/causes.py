"""What a finding may call a fault: names of gate rules and of changes, as patterns.

This table is all the laboratory knows of how things are told. A cause counts as named when an alarm
of the fault's source carries one of these, and names the segment where the fault has one.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

UNREADABLE = ("most_records_are_readable", "all_records_are_readable")
ABSENT = ("days_are_present", "loss_of_source", "*fresh*", "*late*")
EMPTY = ("delivery_is_not_empty", "*empty*", "volume_is_in_band", *ABSENT)
COLUMNS = ("mapped_columns_are_present", "known_columns_are_present")
PLATFORM = ("loss_on_platform", "platform_share_is_steady", "companion_missing")
VERSION = ("loss_on_version",)
FEWER = ("loss_of_source", "volume_is_in_band", "companion_missing")
EVENT_FEWER = (
    *("loss_of_event", "event_vanished", "rate_fell", "ratio_broken", "threshold_crossed"),
    "companion_missing",
)
UNPLANNED = ("unplanned_event", "all_events_are_mapped", "unmapped_share_is_within_limit")
RENAMED = ("event_renamed", *UNPLANNED)
PROPERTY = ("property_missing", "missing_required")
VALUES = ("unseen_values", "bad_value")
LOGIN = ("login_stopped", "*login*", "*user_id*")
MERGED = ("ids_merged", "constant_id")
REPEATED = ("duplicates", "replayed_delivery", "published_dates_stay")
CLOCK = ("zone_shift", "clock_agrees_with_receipt", "clock_drift")
WRONG_TIME = ("epoch_unit", "future_rows", "no_event_is_future_dated")
QUARANTINED = (*WRONG_TIME, "few_records_are_quarantined")
SCALE = ("numeric_scale", "score_scale", "impossible_scores")

CAUSES: dict[str, tuple[str, ...]] = {
    # structural
    "truncated_gzip": ("file_is_whole",),
    "corrupt_bytes": ("file_is_whole", "file_can_be_read", *UNREADABLE),
    "unreadable_lines": UNREADABLE,
    "missing_hour": ("hours_are_present", "*hour*"),
    "missing_day": ABSENT,
    "late_delivery": ABSENT,
    "empty_delivery": EMPTY,
    "zero_byte_file": EMPTY,
    "error_page": ("file_is_recognised", "file_is_of_its_vendor", "file_can_be_read", *UNREADABLE),
    "other_vendor_file": ("file_is_of_its_vendor",),
    "reexport_lost_rows": ("reexport_keeps_its_events",),
    "column_dropped": COLUMNS,
    "key_dropped": COLUMNS,
    "lookup_missing": ("delivery_is_complete", "file_can_be_read"),
    "manifest_count_wrong": ("vendor_manifest_agrees", "delivery_is_complete"),
    "cut_by_vendor": ("file_is_not_cut_by_vendor",),
    "zone_setting_wrong": CLOCK,
    # loss
    "platform_outage": PLATFORM,
    "version_outage": VERSION,
    "event_outage": EVENT_FEWER,
    "source_outage": (*FEWER, *ABSENT),
    "loss_on_platform": PLATFORM,
    "loss_on_platform_of_few": PLATFORM,
    "loss_on_version": VERSION,
    "loss_of_event": EVENT_FEWER,
    "loss_of_source": (*FEWER, "ratio_broken"),
    "loss_of_source_of_few": (*FEWER, "ratio_broken"),
    "client_loses_server_keeps": EVENT_FEWER,
    "funnel_step_broken": (*EVENT_FEWER, "funnel_*"),
    "consent_banner": (*FEWER, *LOGIN, "anonymous_*", "all_sources_fell"),
    # drift
    "casing_drift": RENAMED,
    "renamed_event": RENAMED,
    "renamed_property": (*PROPERTY, "property_renamed", "extra_property"),
    "property_dropped": PROPERTY,
    "type_change": ("property_type_changed", "wrong_type"),
    "enum_drift": VALUES,
    "listed_enum_drift": VALUES,
    "constant_value": ("constant_value", *VALUES, "numeric_scale"),
    "unmapped_event_flood": UNPLANNED,
    # identity
    "null_user_ids": LOGIN,
    "undefined_user_ids": (*LOGIN, *MERGED),
    "login_stops": (*LOGIN, "loss_of_event", "rate_fell"),
    "constant_user_id": MERGED,
    "shared_device_id": MERGED,
    "anonymous_ids_reset": ("anonymous_*", "*ids_reset*"),
    # duplication
    "replay_same_ids": REPEATED,
    "replay_new_ids": REPEATED,
    "double_firing": ("double_firing", "duplicates"),
    "bots": ("robots",),
    "event_doubled": ("rate_rose", "surge", "ratio_broken", "double_firing", "duplicates"),
    # clock
    "zone_shift": CLOCK,
    "dst_misread": CLOCK,
    "seconds_for_milliseconds": QUARANTINED,
    "future_rows": QUARANTINED,
    "clock_drift_of_platform": CLOCK,
    # survey
    "survey_flood": ("survey_flood", "surge", "volume_is_in_band"),
    "survey_scale_change": SCALE,
    "survey_stops": (*FEWER, *ABSENT),
    # money
    "cents_for_units": SCALE,
    "order_amounts_null": PROPERTY,
}


def is_expected(fault: str, cause: str) -> bool:
    """Whether a finding's cause names the fault."""
    return any(fnmatchcase(cause, pattern) for pattern in CAUSES.get(fault, ()))
