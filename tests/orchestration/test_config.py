"""migration.yaml: what a right file gives, and what each wrong one is told."""

import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from orchestration.config import NOBODY, GateLimits, Migration, load_migration
from orchestration.errors import CannotFinish, ConfigurationError, GateRed, WaybillError

Write = Callable[[str, str | bytes], Path]

MIGRATION = """\
home: ../data
taxonomy: ../expectations/taxonomy.yaml
reporting_timezone: America/New_York
sessions: {timeout_minutes: 30}
sources:
  mixpanel_app: {vendor: mixpanel, location: ../exports/mixpanel_app, timezone: US/Pacific}
  shop_log:
    vendor: tabular
    location: ../exports/shop_log
    timezone: UTC
    columns: {event: event, occurred_at: timestamp, user_id: user_id}
funnels:
  checkout: {steps: [cart_opened, order_paid], within: 7d, per: person}
waves:
  pilot: {sources: [mixpanel_app], from: 2025-03-01, to: 2025-04-15}
"""

TAXONOMY = """\
version: 1
events:
  cart_opened: {description: A cart was opened., kind: micro}
  order_paid: {description: An order was paid., kind: macro}
"""


@pytest.fixture
def write_migration(write: Write) -> Callable[..., Path]:
    """Write the right file with each of `changes` (old text to new) made to it."""

    def _write(changes: dict[str, str] | None = None, name: str = "conf/migration.yaml") -> Path:
        text = MIGRATION
        for old, new in (changes or {}).items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        write("expectations/taxonomy.yaml", TAXONOMY)
        return write(name, text)

    return _write


def told(path: Path, message: str) -> None:
    """The file is refused with exactly this message below its name."""
    with pytest.raises(ConfigurationError) as refused:
        load_migration(path)
    assert str(refused.value) == "\n".join(f"{path}:{line}" for line in message.split("\n"))


def test_a_right_file_is_read_in_full(write_migration: Callable[..., Path]) -> None:
    path = write_migration()
    migration = load_migration(path)
    top = path.parent.parent
    assert migration.path == path
    assert migration.home == top / "data"
    assert migration.taxonomy == top / "expectations" / "taxonomy.yaml"
    assert migration.reporting_timezone == "America/New_York"
    assert migration.sessions.timeout_minutes == 30
    assert not migration.sessions.use_vendor
    assert migration.sources["mixpanel_app"].location == top / "exports" / "mixpanel_app"
    assert migration.sources["mixpanel_app"].store == "copy"
    assert migration.sources["shop_log"].columns == {
        "event": "event",
        "occurred_at": "timestamp",
        "user_id": "user_id",
    }
    assert migration.funnels["checkout"].within == timedelta(days=7)
    pilot = migration.waves["pilot"]
    assert (pilot.start, pilot.end) == (date(2025, 3, 1), date(2025, 4, 15))
    assert migration.vendors == {"mixpanel_app": "mixpanel", "shop_log": "tabular"}


def test_everything_written_lies_below_home(write_migration: Callable[..., Path]) -> None:
    migration = load_migration(write_migration())
    folders = [
        migration.store_dir,
        migration.landing_dir,
        migration.gates_dir,
        migration.decisions_dir,
        migration.warehouse_dir,
        migration.dagster_dir,
        migration.dbt_dir,
    ]
    assert len(set(folders)) == len(folders)
    assert {folder.parent for folder in folders} == {migration.home}


def test_defaults_are_those_of_the_rules(write: Write) -> None:
    path = write(
        "m.yaml", "home: data\ntaxonomy: t.yaml\nsources: {a: {vendor: amplitude, location: a}}\n"
    )
    migration = load_migration(path)
    assert migration.reporting_timezone == "UTC"
    assert migration.gates == GateLimits(unmapped_share=1.0, unreadable_share=0.1, lost_share=0.01)
    assert set(migration.identity.denylist) == set(NOBODY)
    assert migration.identity.max_users_per_device == 10
    assert migration.identity.max_component_size == 500
    assert migration.sources["a"].identity.namespace == "user"
    assert (migration.funnels, migration.waves) == ({}, {})


def test_the_denylist_ignores_case(write_migration: Callable[..., Path]) -> None:
    path = write_migration({"funnels:": 'identity: {denylist: ["GUEST", "Guest", ""]}\nfunnels:'})
    assert load_migration(path).identity.denylist == ["", "guest"]


def test_argument_beats_variable_beats_working_directory_beats_package(
    write_migration: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = write_migration(), write_migration(name="other/two.yaml")
    here = write_migration(name="here/orchestration/migration.yaml")
    write_migration(name="expectations/unused.yaml")
    (tmp_path / "here" / "expectations").symlink_to(tmp_path / "expectations")
    monkeypatch.chdir(tmp_path / "here")
    assert load_migration().path == here
    monkeypatch.setenv("WAYBILL_CONFIG", str(two))
    assert load_migration().path == two
    assert load_migration(one).path == one


def test_the_shipped_migration_is_right() -> None:
    shipped = Path(__file__).parents[2] / "orchestration" / "migration.yaml"
    assert load_migration(shipped).settings_fingerprint()


def test_vendors_can_be_injected(write_migration: Callable[..., Path]) -> None:
    path = write_migration({"vendor: mixpanel,": "vendor: segment,"})
    assert load_migration(path, vendors=("segment", "tabular")).vendors["mixpanel_app"] == "segment"


BAD = {
    "unknown key": (
        {"timezone: US/Pacific": "timezon: US/Pacific"},
        "6: sources.mixpanel_app.timezon: unknown key; did you mean 'timezone'?",
    ),
    "unknown key at the top": (
        {"sessions:": "session:"},
        "4: session: unknown key; did you mean 'sessions'?",
    ),
    "unknown key like no other": (
        {"per: person": "zzqq: 1"},
        "13: funnels.checkout.zzqq: unknown key; remove it",
    ),
    "key of an aliased field": (
        {"from: 2025-03-01": "form: 2025-03-01"},
        "15: waves.pilot.from: missing; add this key\n"
        "15: waves.pilot.form: unknown key; did you mean 'from'?",
    ),
    "missing key": ({"home: ../data\n": ""}, "1: home: missing; add this key"),
    "unknown vendor": (
        {"vendor: mixpanel,": "vendor: mixpannel,"},
        "6: sources.mixpanel_app.vendor: unknown vendor 'mixpannel'; did you mean 'mixpanel'?",
    ),
    "vendor like no other": (
        {"vendor: mixpanel,": "vendor: zzz,"},
        "6: sources.mixpanel_app.vendor: unknown vendor 'zzz'; "
        "known: adobe_analytics, amplitude, ga4, mixpanel, posthog, qualtrics, rudderstack, "
        "segment, snowplow, surveymonkey, tabular, typeform, zigpoll",
    ),
    "unknown time zone": (
        {"timezone: US/Pacific": "timezone: US/Pacifc"},
        "6: sources.mixpanel_app.timezone: unknown time zone 'US/Pacifc'; "
        "did you mean 'US/Pacific'?",
    ),
    "unknown reporting time zone": (
        {"America/New_York": "america/new_york"},
        "3: reporting_timezone: unknown time zone 'america/new_york'; "
        "did you mean 'America/New_York'?",
    ),
    "bad enum value": (
        {"per: person": "per: persom"},
        "13: funnels.checkout.per: unknown value 'persom'; did you mean 'person'?",
    ),
    "mixpanel without a zone": (
        {", timezone: US/Pacific": ""},
        "6: sources.mixpanel_app.timezone: missing; mixpanel writes project time: UTC for projects "
        "created since January 2023, the project's own zone before",
    ),
    "tabular without a zone": (
        {"    timezone: UTC\n": ""},
        "7: sources.shop_log.timezone: missing; name the zone the file's times are written in",
    ),
    "tabular without columns": (
        {"    columns: {event: event, occurred_at: timestamp, user_id: user_id}\n": ""},
        "7: sources.shop_log.columns: missing; map at least event and occurred_at",
    ),
    "missing column in the map": (
        {"occurred_at: timestamp, ": ""},
        "11: sources.shop_log.columns.occurred_at: missing; name the file's column that holds it",
    ),
    "unknown column in the map": (
        {"user_id: user_id": "userid: user_id"},
        "11: sources.shop_log.columns.userid: unknown column 'userid'; did you mean 'user_id'?",
    ),
    "delimiter of a format without one": (
        {"    timezone: UTC\n": "    timezone: UTC\n    format: parquet\n    delimiter: ','\n"},
        "12: sources.shop_log.delimiter: means nothing for parquet; remove it",
    ),
    "columns of a vendor with a shape of its own": (
        {"timezone: US/Pacific": "timezone: US/Pacific, columns: {event: e}"},
        "6: sources.mixpanel_app.columns: is for vendor tabular or zigpoll, not mixpanel; "
        "remove it",
    ),
    "source name": (
        {"  shop_log:": "  Shop-Log:"},
        "7: sources.Shop-Log: a name is lower-case letters, digits and _, a letter first, "
        "like 'shop_log'",
    ),
    "location around home": (
        {"../exports/mixpanel_app": ".."},
        "6: sources.mixpanel_app.location: holds home, so it would land its own output",
    ),
    "no sessions at all": (
        {"{timeout_minutes: 30}": "{timeout_minutes: 0}"},
        "4: sessions.timeout_minutes: must be greater than 0, not 0",
    ),
    "session of a day": (
        {"{timeout_minutes: 30}": "{timeout_minutes: 1440}"},
        "4: sessions.timeout_minutes: must be less than 1440, not 1440",
    ),
    "duration": (
        {"within: 7d": "within: 7 days"},
        "13: funnels.checkout.within: '7 days' is no duration; write it like 7d, 12h, 30m or 45s",
    ),
    "one step": (
        {"[cart_opened, order_paid]": "[cart_opened]"},
        "13: funnels.checkout.steps: list should have at least 2 items after validation, not 1",
    ),
    "unknown step": (
        {"[cart_opened, order_paid]": "[cart_open, order_paid]"},
        "13: funnels.checkout.steps.0: unknown event 'cart_open'; did you mean 'cart_opened'?",
    ),
    "wave of an unknown source": (
        {"sources: [mixpanel_app]": "sources: [shop_log, mixpanel]"},
        "15: waves.pilot.sources.1: unknown source 'mixpanel'; did you mean 'mixpanel_app'?",
    ),
    "wave that ends before it starts": (
        {"to: 2025-04-15": "to: 2025-02-01"},
        "15: waves.pilot.to: 2025-02-01 is before from, 2025-03-01; swap them",
    ),
    "date that is none": (
        {"from: 2025-03-01": "from: 2025-02-30"},
        "15: waves.pilot.from: must be a valid date or datetime, day value is outside expected "
        "range, not '2025-02-30'",
    ),
    "number for text": (
        {"user_id: user_id": "user_id: 3"},
        "11: sources.shop_log.columns.user_id: must be text, not the int 3; put it in quotes",
    ),
    "empty value": (
        {"America/New_York": ""},
        "3: reporting_timezone: is empty; give it a value or remove the key",
    ),
    "list where a mapping belongs": (
        {"{timeout_minutes: 30}": "[timeout_minutes]"},
        "4: sessions: must be a mapping of keys, not a list",
    ),
    "text where a list belongs": (
        {"[mixpanel_app]": "mixpanel_app"},
        "15: waves.pilot.sources: must be a list, not 'mixpanel_app'",
    ),
    "share over one": (
        {"funnels:": "gates: {lost_share: 20}\nfunnels:"},
        "12: gates.lost_share: must be less than or equal to 1, not 20",
    ),
    "yes for a count": (
        {"funnels:": "identity: {max_users_per_device: true}\nfunnels:"},
        "12: identity.max_users_per_device: must be a valid integer, not True",
    ),
    "unknown identity mode": (
        {"timezone: US/Pacific": "timezone: US/Pacific, identity: {mode: simple}"},
        "6: sources.mixpanel_app.identity.mode: unknown value 'simple'; did you mean 'simplified'?",
    ),
    "duplicate key": (
        {"    timezone: UTC\n": "    timezone: UTC\n    vendor: amplitude\n"},
        "11: sources.shop_log.vendor: duplicate key, first on line 8; keep one of them",
    ),
    "key that is no text": (
        {"  shop_log:": "  7:"},
        "7: sources: the key '7' must be text; put it in quotes",
    ),
    "several": (
        {"home: ../data": "homes: x", "7d": "7x", "2025-04-15}": "2025-04-15, x: 1}"},
        "1: home: missing; add this key\n"
        "1: homes: unknown key; did you mean 'home'?\n"
        "13: funnels.checkout.within: '7x' is no duration; write it like 7d, 12h, 30m or 45s\n"
        "15: waves.pilot.x: unknown key; remove it",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_wrong_setting_is_told_by_line_and_nearest_word(
    case: str, write_migration: Callable[..., Path]
) -> None:
    changes, message = BAD[case]
    told(write_migration(changes), message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "1: the file is empty; it must hold a mapping of keys"),
        ("# only a comment\n", "1: the file is empty; it must hold a mapping of keys"),
        ("# list\n- a\n", "2: must be a mapping of keys, not a list"),
        ("text\n", "1: must be a mapping of keys, not a single value"),
        (b"home: a\ntaxonomy: \xff\n", "2: not UTF-8; save the file as UTF-8"),
        (b"home: a\n\x00: b\n", "2: not YAML: control characters are not allowed"),
        ("a: 1\n---\nb: 2\n", "2: not YAML: expected a single document in the stream, "
         "but found another document"),
        ("a: &x [*x]\n", "1: an anchor contains itself, or the file nests too deep"),
        ("a: !!int b\n", "1: a: 'b': invalid literal for int() with base 10: 'b'"),
        ("a: !!python/object:os.x {}\n", "1: "),
    ],
)  # fmt: skip
def test_a_file_that_is_no_mapping_in_yaml(
    content: str | bytes, message: str, write: Write
) -> None:
    path = write("m.yaml", content)
    with pytest.raises(ConfigurationError) as refused:
        load_migration(path)
    assert str(refused.value).startswith(f"{path}:{message}")


def test_broken_yaml_names_its_line(write: Write) -> None:
    path = write("m.yaml", "home: a\nsources: {a: [1, 2}\nwaves: 1\n")
    with pytest.raises(ConfigurationError, match=r"m\.yaml:2: not YAML: .*expected ',' or '\]'"):
        load_migration(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.yaml: no such file"):
        load_migration(tmp_path / "none.yaml")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_migration(tmp_path)


def test_the_message_names_the_file_as_typed(
    write_migration: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_migration({"home:": "hom:"})
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError) as refused:
        load_migration(Path("conf/migration.yaml"))
    assert str(refused.value).startswith("conf/migration.yaml:1: home: missing")


def test_plain_words_stay_text(write: Write) -> None:
    path = write(
        "m.yaml",
        "home: 010\ntaxonomy: on\nsources: {a: {vendor: amplitude, location: NO}}\n"
        "identity: {denylist: [yes, 2025-01-01, 1_000]}\n",
    )
    migration = load_migration(path)
    assert (migration.home.name, migration.taxonomy.name) == ("010", "on")
    assert migration.sources["a"].location.name == "NO"
    assert set(migration.identity.denylist) == {"yes", "2025-01-01", "1_000"}


FINGERPRINTS = {
    "clock:mixpanel_app": ("US/Pacific", "US/Eastern"),
    "reading:shop_log": ("timestamp", "time"),
    "sessions": ("30", "45"),
    "identity": ("funnels:", "identity: {max_component_size: 9}\nfunnels:"),
    "reporting_timezone": ("America/New_York", "UTC"),
    "funnels": ("7d", "8d"),
}


@pytest.mark.parametrize("concern", FINGERPRINTS)
def test_a_changed_setting_changes_its_own_fingerprint_only(
    concern: str, write_migration: Callable[..., Path]
) -> None:
    before = load_migration(write_migration()).settings_fingerprint()
    old, new = FINGERPRINTS[concern]
    after = load_migration(write_migration({old: new})).settings_fingerprint()
    assert {key for key in before if before[key] != after[key]} == {concern}


def test_a_changed_context_file_changes_its_fingerprint(
    write_migration: Callable[..., Path], write: Write
) -> None:
    config = write_migration()
    config.write_text(config.read_text() + "context: {costs: costs.csv}\n")
    head = "intervention,from,to,cost,currency\n"
    costs = write(f"{config.parent.name}/costs.csv", f"{head}coupon,2025-03-01,,10,EUR\n")
    migration = load_migration(config)
    before = migration.settings_fingerprint()
    costs.write_text(f"{head}coupon,2025-03-01,,11,EUR\n")
    after = migration.settings_fingerprint()
    assert {key for key in before if before[key] != after[key]} == {"context"}


def test_a_changed_taxonomy_changes_its_fingerprint(
    write_migration: Callable[..., Path], write: Write
) -> None:
    migration = load_migration(write_migration())
    before = migration.settings_fingerprint()
    write("expectations/taxonomy.yaml", "# a comment changes nothing\n" + TAXONOMY)
    assert migration.settings_fingerprint() == before
    write("expectations/taxonomy.yaml", TAXONOMY.replace("kind: macro", "kind: micro"))
    after = migration.settings_fingerprint()
    assert {key for key in before if before[key] != after[key]} == {"taxonomy"}


def test_fingerprints_are_the_same_in_every_process(write_migration: Callable[..., Path]) -> None:
    path = write_migration()
    code = (
        "import sys, pathlib; from orchestration.config import load_migration;"
        "print(load_migration(pathlib.Path(sys.argv[1])).settings_fingerprint())"
    )
    output = subprocess.run(
        [sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True
    )
    assert output.stdout.strip() == str(load_migration(path).settings_fingerprint())


def test_home_and_sources_are_enough_in_code() -> None:
    migration = Migration.model_validate(
        {
            "home": "h",
            "taxonomy": "t.yaml",
            "sources": {"a": {"vendor": "typeform", "location": "x"}},
        }
    )
    assert migration.home == Path("h")


def test_each_error_has_its_exit_code() -> None:
    assert (GateRed.exit_code, ConfigurationError.exit_code, CannotFinish.exit_code) == (1, 2, 3)
    assert all(issubclass(each, WaybillError) for each in (GateRed, ConfigurationError))
