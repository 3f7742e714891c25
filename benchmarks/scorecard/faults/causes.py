"""What a finding may call a fault: names of gate rules and of changes, as patterns.

This table is all the laboratory knows of how things are told. A cause counts as named when an alarm
of the fault's source carries one of these, and names the segment where the fault has one.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

ABSENT = ("*missing_day*", "*day*present*", "*late*", "*fresh*", "loss_of_source", "*missing*")
FEWER = ("loss_of_source", "volume_*", "*volume*", "*completeness*")
EVENT_FEWER = ("loss_of_event", "*event*vanish*", "*vanish*", "rate_fell", "ratio_*", "threshold_*")
LESS = ("platform_share_is_steady", "loss_on_*")
UNPLANNED = ("unplanned_event", "all_events_are_mapped", "unmapped_*")
DUPLICATES = ("*duplicate*", "*replay*", "*repeat*")
SURGE = ("surge*", "rate_rose", "*rise*", "volume_*", "ratio_*", "threshold_*")
IDENTITY = ("*user_id*", "*identity*", "*login*", "*merge*", "*known*", "*anonymous*", "*device*")
CLOCK = ("clock_*", "*time_zone*", "*zone*", "*shift*", "*clock*")
WRONG_TIME = ("no_event_is_future_dated", "*future*", "*before_2000*", "*milliseconds*", "*time*")
VALUES = ("*value*", "*enum*", "*unseen*", "*property*")
NUMBERS = ("*scale*", "*unit*", "*number*", "*numeric*", "*jump*", "*score*")
FILL = ("missing_required", "*fill*", "*property*", "*propert*")

CAUSES: dict[str, tuple[str, ...]] = {
    # structural
    "truncated_gzip": ("file_is_whole",),
    "corrupt_bytes": ("file_is_whole", "file_can_be_read", "most_records_are_readable"),
    "unreadable_lines": ("most_records_are_readable", "all_records_are_readable"),
    "missing_hour": ("*hour*",),
    "missing_day": ABSENT,
    "late_delivery": ABSENT,
    "empty_delivery": ("delivery_is_not_empty", "*empty*", *ABSENT),
    "zero_byte_file": ("delivery_is_not_empty", "*empty*", *ABSENT),
    "error_page": ("file_is_recognised", "file_is_of_its_vendor", "file_can_be_read", "*readable"),
    "other_vendor_file": ("file_is_of_its_vendor",),
    "reexport_lost_rows": ("reexport_keeps_its_events",),
    "column_dropped": ("mapped_columns_are_present", "*columns*"),
    "key_dropped": ("*columns*", "*keys*", "*version*", "*fill*"),
    "lookup_missing": ("delivery_is_complete", "file_can_be_read"),
    "manifest_count_wrong": ("vendor_manifest_agrees", "delivery_is_complete"),
    "cut_by_vendor": ("file_is_not_cut_by_vendor",),
    "zone_setting_wrong": CLOCK,
    # loss
    "platform_outage": LESS,
    "version_outage": LESS,
    "event_outage": EVENT_FEWER,
    "source_outage": (*FEWER, *ABSENT),
    "loss_on_platform": LESS,
    "loss_on_platform_of_few": LESS,
    "loss_on_version": LESS,
    "loss_of_event": EVENT_FEWER,
    "loss_of_source": (*FEWER, "ratio_*"),
    "loss_of_source_of_few": (*FEWER, "ratio_*"),
    "client_loses_server_keeps": EVENT_FEWER,
    "funnel_step_broken": (*EVENT_FEWER, "funnel_*", "conversion_*"),
    "consent_banner": (*FEWER, "*anonymous*", "*user_id*", "*known*", "*login*"),
    # drift
    "casing_drift": ("*casing*", "*renamed*", *UNPLANNED),
    "renamed_event": ("*renamed*", *UNPLANNED),
    "renamed_property": ("*renamed*", *FILL, "extra_property"),
    "property_dropped": FILL,
    "type_change": ("wrong_type", "*type*"),
    "enum_drift": VALUES,
    "listed_enum_drift": ("bad_value", *VALUES),
    "constant_value": ("*constant*", *VALUES, *NUMBERS),
    "unmapped_event_flood": UNPLANNED,
    # identity
    "null_user_ids": IDENTITY,
    "undefined_user_ids": (*IDENTITY, "*denylist*", "*constant*"),
    "login_stops": IDENTITY,
    "constant_user_id": (*IDENTITY, "*constant*"),
    "shared_device_id": (*IDENTITY, "*constant*"),
    "anonymous_ids_reset": (*IDENTITY, "*persons*"),
    # duplication
    "replay_same_ids": DUPLICATES,
    "replay_new_ids": (*DUPLICATES, "*copies*"),
    "double_firing": (*DUPLICATES, "*double*", "*firing*"),
    "bots": ("*bot*", "*robot*", "*one_person*", "*machine*"),
    "event_doubled": SURGE,
    # clock
    "zone_shift": CLOCK,
    "dst_misread": CLOCK,
    "seconds_for_milliseconds": WRONG_TIME,
    "future_rows": WRONG_TIME,
    "clock_drift_of_platform": CLOCK,
    # survey
    "survey_flood": ("*survey*", "*response*", *SURGE),
    "survey_scale_change": NUMBERS,
    "survey_stops": (*FEWER, *ABSENT, "*survey*", "*response*"),
    # money
    "cents_for_units": NUMBERS,
    "order_amounts_null": FILL,
}


def is_expected(fault: str, cause: str) -> bool:
    """Whether a finding's cause names the fault."""
    return any(fnmatchcase(cause, pattern) for pattern in CAUSES.get(fault, ()))
