"""The truth of the laboratory: each fault is in the files it writes, in the size it says."""

import gzip
import json
import zlib
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache

import pytest

from benchmarks.scorecard.faults import FAULTS, SMALL_FORM, Fault
from benchmarks.scorecard.faults.causes import CAUSES
from benchmarks.scorecard.running import batches, deliveries, faulted
from benchmarks.scorecard.settings import write_settings
from benchmarks.scorecard.sources import ALL_SOURCES, MIXPANEL, rows_of
from benchmarks.scorecard.vendors import files_of
from benchmarks.scorecard.world import FIRST_BAD_DAY, acts, steady
from orchestration.config import load_migration
from tests.benchmarks.scorecard.reading import Record, read

WORLD = steady(11)
DAY = FIRST_BAD_DAY + timedelta(days=1)  # the second bad day is bad from its first hour
Records = list[Record]
Truth = Callable[[Records, Records, float], bool]


@cache
def clean(source: str, day: date) -> dict[str, bytes]:
    return files_of(source, rows_of(WORLD, source, day), day)


@cache
def clean_records(source: str, day: date) -> Records:
    return read(source, clean(source, day))


def near(found: int, of: int, share: float, times: float = 1) -> bool:
    """Some, and within four standard deviations of a draw of `share` from so many.

    Many faults hit all rows of a device, which makes a draw scatter like one of a third as many.
    """
    slack = 4 * (3 * share * (1 - share) / of) ** 0.5 + 0.005
    return found > 0 and abs(found / of - share * times) <= slack * max(times, 1)


def gone(where: Callable[[Record], bool]) -> Truth:
    """That share of the records of a kind is missing, and nothing else is."""

    def check(before: Records, after: Records, share: float) -> bool:
        kind, rest = (
            {r.id for r in before if where(r)},
            {r.id for r in before if not where(r)},
        )
        left = {r.id for r in after}
        return rest <= left and left <= kind | rest and near(len(kind - left), len(kind), share)

    return check


def altered(where: Callable[[Record], bool], how: Callable[[Record, Record], bool]) -> Truth:
    """That share of the records of a kind differs in one way, and all others are as they were."""

    def check(before: Records, after: Records, share: float) -> bool:
        now = {r.id: r for r in after}
        kind = [r for r in before if where(r)]
        hit = [r for r in kind if now[r.id] != r]
        return (
            len(before) == len(after)
            and near(len(hit), len(kind), share)
            and all(how(r, now[r.id]) for r in hit)
            and all(now[r.id] == r for r in before if not where(r))
        )

    return check


def added(
    where: Callable[[Record], bool], per: Callable[[Record], bool], times: float = 1
) -> Truth:
    """So many records of a kind more, and every one that was there still is."""

    def check(before: Records, after: Records, share: float) -> bool:
        known = {r.id for r in before}
        more = [r for r in after if r.id not in known]
        base = sum(per(r) for r in before)
        return (
            known <= {r.id for r in after}
            and all(where(r) for r in more)
            and near(len(more), base, share, times)
        )

    return check


def anyone(record: Record) -> bool:
    return True


def called(*names: str) -> Callable[[Record], bool]:
    return lambda record: record.name in names


def replayed(source: str, *, same_ids: bool) -> Truth:
    """That share of the day before comes again, with its times."""

    def check(before: Records, after: Records, share: float) -> bool:
        earlier = clean_records(source, DAY - timedelta(days=1))
        more = [r for r in after if r.at.date() < DAY]
        return (
            near(len(more), len(earlier), share)
            and len(after) == len(before) + len(more)
            and {r.at for r in more} <= {r.at for r in earlier}
            and ({r.id for r in more} <= {r.id for r in earlier}) == same_ids
        )

    return check


def shifted(hours: float) -> Truth:
    return altered(anyone, lambda old, new: new.at - old.at == timedelta(hours=hours))


def keyed(name: str, how: Callable[[dict, str], bool], key: str) -> Truth:
    return altered(called(name), lambda old, new: how(new.properties, key))


TRUTHS: dict[str, Truth] = {
    "platform_outage": gone(lambda r: r.platform == "ios"),
    "version_outage": gone(lambda r: r.version == "5.2.0"),
    "event_outage": gone(called("form_uploaded")),
    "source_outage": gone(anyone),
    "loss_on_platform": gone(lambda r: r.platform == "android"),
    "loss_on_platform_of_few": gone(lambda r: r.platform == "android"),
    "loss_on_version": gone(lambda r: r.version == "5.2.0"),
    "loss_of_event": gone(called("tutorial_started")),
    "loss_of_source": gone(anyone),
    "loss_of_source_of_few": gone(anyone),
    "client_loses_server_keeps": gone(called("Payment Started", "Order Paid")),
    "funnel_step_broken": gone(called("Payment Started", "Order Paid")),
    "consent_banner": gone(lambda r: r.user is None),
    "casing_drift": altered(called("form_uploaded"), lambda _, new: new.name == "Form_Uploaded"),
    "renamed_event": altered(
        called("Feature Toggled"), lambda _, new: new.name == "Feature Switched"
    ),
    "renamed_property": keyed(
        "Form Uploaded", lambda p, key: key not in p and "type_of_form" in p, "form_type"
    ),
    "property_dropped": keyed("feature_toggled", lambda p, key: key not in p, "feature"),
    "type_change": keyed("Message Shared", lambda p, key: isinstance(p[key], str), "length"),
    "enum_drift": keyed("feature_toggled", lambda p, key: p[key] == "DARK-MODE", "feature"),
    "listed_enum_drift": keyed("reminder_enabled", lambda p, key: p[key] == "whatsapp", "channel"),
    "constant_value": keyed("Cart Opened", lambda p, key: p[key] == 0, "items"),
    "unmapped_event_flood": added(called("debug_ping"), anyone),
    "null_user_ids": altered(lambda r: r.user is not None, lambda _, new: new.user is None),
    "undefined_user_ids": altered(
        lambda r: r.user is not None, lambda _, new: new.user == "undefined"
    ),
    "login_stops": lambda before, after, share: (
        gone(called("logged_in"))(
            [r for r in before if r.name == "logged_in"],
            [r for r in after if r.name == "logged_in"],
            share,
        )
        and near(
            sum(r.user is None for r in after) - sum(r.user is None for r in before),
            sum(r.user is not None for r in before),
            share,
        )
    ),
    "constant_user_id": altered(
        lambda r: r.user is not None, lambda _, new: new.user == "service-account"
    ),
    "shared_device_id": altered(
        lambda r: r.platform == "web", lambda old, new: new.device != old.device
    ),
    "anonymous_ids_reset": altered(anyone, lambda old, new: new.device != old.device),
    "replay_same_ids": replayed("amplitude_app", same_ids=True),
    "replay_new_ids": replayed("mixpanel_app", same_ids=False),
    "double_firing": added(anyone, anyone),
    "bots": added(lambda r: r.name == "tutorial_started" and r.user is None, anyone),
    "event_doubled": added(called("Cart Opened"), called("Cart Opened")),
    "zone_shift": shifted(-8),
    "dst_misread": shifted(1),
    "seconds_for_milliseconds": altered(anyone, lambda _, new: new.at.year == 1970),
    "future_rows": altered(anyone, lambda old, new: new.at - old.at == timedelta(days=2000)),
    "clock_drift_of_platform": altered(
        lambda r: r.platform == "android", lambda old, new: old.at - new.at == timedelta(hours=3)
    ),
    "survey_flood": added(anyone, anyone, 8),
    "survey_scale_change": lambda before, after, share: (
        max(r.properties["nps"] for r in after) > 10
        and [r.properties["nps"] * 10 for r in before] == [r.properties["nps"] for r in after]
    ),
    "survey_stops": gone(anyone),
    "cents_for_units": lambda before, after, share: near(
        sum(
            r.properties["amount"] == round(old.properties["amount"] * 100)
            for old, r in zip(before, after, strict=True)
            if r.name == "Order Paid"
        ),
        sum(r.name == "Order Paid" for r in before),
        share,
    ),
    "order_amounts_null": lambda before, after, share: near(
        sum(r.name == "ORDER" and r.properties["amount"] == "" for r in after),
        sum(r.name == "ORDER" for r in before),
        share,
    ),
}
SIZED = [
    pytest.param(FAULTS[name], size, id=f"{name}-{size}")
    for name in TRUTHS
    for size in FAULTS[name].shares
]


@pytest.mark.parametrize(("fault", "size"), SIZED)
def test_a_fault_is_in_the_files_in_its_size(fault: Fault, size: str) -> None:
    source = fault.sources[0]
    before = clean_records(source, DAY)
    after = read(source, faulted(fault, size, WORLD, source, DAY))
    assert TRUTHS[fault.name](before, after, fault.shares[size])
    # an unbroken file must not pass for a broken one
    assert not TRUTHS[fault.name](before, before, max(fault.shares[size], 0.12))


def broken(name: str) -> tuple[dict[str, bytes], dict[str, bytes], str]:
    fault = FAULTS[name]
    [source] = fault.sources
    return (
        clean(source, FIRST_BAD_DAY),
        faulted(fault, "whole", WORLD, source, FIRST_BAD_DAY),
        source,
    )


def only(files: dict[str, bytes]) -> bytes:
    [data] = files.values()
    return data


def test_a_truncated_file_is_shorter_and_cannot_be_inflated() -> None:
    whole, files, _ = broken("truncated_gzip")
    assert only(whole).startswith(only(files)) and len(only(files)) < len(only(whole))
    with pytest.raises(EOFError):
        gzip.decompress(only(files))


def test_corrupt_bytes_keep_the_size_and_break_the_content() -> None:
    whole, files, _ = broken("corrupt_bytes")
    assert len(only(files)) == len(only(whole))
    with pytest.raises((zlib.error, OSError, EOFError)):
        gzip.decompress(only(files))


def test_unreadable_lines_are_an_eighth() -> None:
    _, files, _ = broken("unreadable_lines")
    lines = gzip.decompress(only(files)).splitlines()
    torn = [line for line in lines if not line.endswith(b"}")]
    assert 0.1 < len(torn) / len(lines) < 0.15


def test_an_archive_lacks_one_hour() -> None:
    whole, files, source = broken("missing_hour")
    hours = {r.at.hour for r in read(source, whole)} - {r.at.hour for r in read(source, files)}
    assert hours == {14}


def test_a_missing_day_comes_never_and_a_late_one_with_the_next_run() -> None:
    missing, late = FAULTS["missing_day"], FAULTS["late_delivery"]
    first, rest = batches(late)
    assert batches(missing) == [first]

    def told(fault: Fault, days: list) -> list[str]:
        return [
            name
            for source, files in deliveries(fault, "whole", WORLD, days)
            if source == fault.sources[0]
            for name in files
        ]

    day = str(FIRST_BAD_DAY)
    assert told(missing, first) == [] and not any(day in name for name in told(missing, rest))
    assert told(late, first) == [] and any(day in name for name in told(late, rest))
    assert len(told(late, rest)) == 7 * 3  # every day once: hits, lookups, manifest


def test_empty_files_are_empty() -> None:
    assert only(broken("empty_delivery")[1]).splitlines() == [
        b"id,event,timestamp,logged_at,user_id,platform,amount"
    ]
    assert only(broken("zero_byte_file")[1]) == b""
    assert b"rate limit" in gzip.decompress(only(broken("error_page")[1]))


def test_another_tools_export_lies_in_the_folder() -> None:
    _, files, _ = broken("other_vendor_file")
    assert len(read(MIXPANEL, files)) > 100


def test_a_re_export_lacks_a_tenth_of_the_day_before() -> None:
    whole, files, source = broken("reexport_lost_rows")
    earlier = FIRST_BAD_DAY - timedelta(days=1)
    again = {name: data for name, data in files.items() if name not in whole}
    before = rows_of(WORLD, source, earlier)
    assert again.keys() == files_of(source, before, earlier).keys()
    assert near(len(read(source, again)), len(before), 0.9)
    assert {name: files[name] for name in whole} == whole


def test_columns_and_keys_are_gone() -> None:
    _, files, _ = broken("column_dropped")
    assert only(files).splitlines()[0] == b"id,event,timestamp,logged_at,user_id,amount"
    _, files, source = broken("key_dropped")
    assert {r.version for r in read(source, files)} == {None}


def test_the_feed_lacks_its_lookups_or_its_manifest_is_wrong() -> None:
    whole, files, _ = broken("lookup_missing")
    assert len(files) == len(whole) - 1 and not any("lookup" in name for name in files)
    whole, files, source = broken("manifest_count_wrong")
    [told] = [data for name, data in files.items() if name.endswith(".txt")]
    records = len(read(source, files))
    assert f"Total-Records: {records + 37}".encode() in told
    assert f"Record-Count: {records + 37}".encode() in told


def test_the_vendor_says_that_it_gave_up() -> None:
    whole, files, _ = broken("cut_by_vendor")
    lines = gzip.decompress(only(files)).splitlines()
    assert lines[-1] == b"terminated early"
    assert len(lines) < len(gzip.decompress(only(whole)).splitlines())


def test_a_wrong_zone_is_in_the_settings(tmp_path) -> None:
    path = write_settings(tmp_path, WORLD, FAULTS["zone_setting_wrong"].settings)
    assert load_migration(path).sources[MIXPANEL].timezone == "US/Pacific"


def test_every_fault_has_a_truth_and_a_cause() -> None:
    by_hand = {name for name, fault in FAULTS.items() if fault.family == "structural"}
    assert FAULTS.keys() == by_hand | TRUTHS.keys() | {
        name for name, fault in FAULTS.items() if fault.is_control
    }
    assert CAUSES.keys() == {name for name, fault in FAULTS.items() if not fault.is_control}
    assert len(CAUSES) >= 40
    assert set(SMALL_FORM) <= FAULTS.keys()


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.rows])
def test_a_fault_leaves_other_sources_and_days_alone(name: str) -> None:
    fault = FAULTS[name]
    other = next(source for source in ALL_SOURCES if source not in fault.sources)
    size = next(iter(fault.shares))
    assert faulted(fault, size, WORLD, other, DAY) == clean(other, DAY)
    before = FIRST_BAD_DAY - timedelta(days=1)
    source = fault.sources[0]
    assert faulted(fault, size, WORLD, source, before) == clean(source, before)


def test_controls_hold_the_same_records() -> None:
    for name in ("reordered_export", "split_differently", "identical_again"):
        fault = FAULTS[name]
        [source] = fault.sources
        files = faulted(fault, "whole", WORLD, source, DAY)
        assert files != clean(source, DAY)
        assert {r.id: r for r in read(source, files)} == {
            r.id: r for r in clean_records(source, DAY)
        }


def test_controls_of_the_product_are_in_its_days() -> None:
    def visits(name: str, number: int) -> float:
        day = FIRST_BAD_DAY + timedelta(days=number)
        world = FAULTS[name].world
        assert world is not None
        return acts(world(WORLD), day)["visit"].nunique() / acts(WORLD, day)["visit"].nunique()

    assert visits("known_campaign", 1) == pytest.approx(1.5, abs=0.1)
    assert visits("known_holiday", 2) == pytest.approx(0.7, abs=0.1)
    assert visits("known_campaign", 0) == visits("known_holiday", 3) == 1
    release = FAULTS["planned_release"].world
    assert release is not None
    assert "5.3.0" in set(acts(release(WORLD), DAY + timedelta(days=2))["version"])


def test_context_files_hold_the_calendar(tmp_path) -> None:
    write_settings(tmp_path, WORLD)
    told = (tmp_path / "context" / "campaigns.csv").read_text().splitlines()
    assert told == ["name,from,to", "autumn promotion,2025-10-02,2025-10-04"]
    assert "newsletter" not in json.dumps(told)
