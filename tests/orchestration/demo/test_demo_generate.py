"""The exports, read back one record at a time, say what the truth beside them says."""

import gzip
import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from orchestration.demo import DEFAULT_PLAN, FAULTS, generate
from orchestration.demo import story as told
from tests.orchestration.demo import naive_reader as naive

EVENTS, SEED = 6_000, 11
SOURCES = {
    "mixpanel_app": naive.mixpanel,
    "amplitude_app": naive.amplitude,
    "shop_log": naive.shop,
    "segment_shop": naive.segment,
    "adobe_web": naive.adobe,
}


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module", params=[True, False], ids=["faults", "clean"])
def demo(request, tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "demo"
    generate(out, events=EVENTS, seed=SEED, faults=request.param)
    truth = json.loads((out / "truth.json").read_text(encoding="utf-8"))
    reads = {s: read(out / "exports" / s) for s, read in SOURCES.items()}
    for source, read in reads.items():
        naive.named(source, read)
    naive.give_persons(reads)
    return out, truth, reads


def test_ledger_is_what_the_files_hold(demo):
    out, truth, reads = demo
    for source, read in reads.items():
        ledger = truth["expected"]["ledger"][source]
        assert {fate: n for fate, n in ledger.items() if n and fate != "read"} == {
            fate: n for fate, n in read.fates.items() if n
        }
        assert ledger["read"] == sum(n for fate, n in ledger.items() if fate != "read")
    responses = naive.survey(out / "exports" / "typeform_survey")
    assert truth["expected"]["ledger"]["typeform_survey"]["loaded"] == len(responses) > 0
    feedback = naive.qualtrics(out / "exports" / "qualtrics_survey")
    assert truth["expected"]["ledger"]["qualtrics_survey"]["loaded"] == len(feedback) > 0


def test_billing_holds_every_order_and_what_went_back(demo):
    out, truth, _ = demo
    folder = out / "exports/stripe_billing"
    charges, refunds, customers = (
        [json.loads(line) for line in (folder / f"{name}.jsonl").read_bytes().split(b"\n") if line]
        for name in ("charges", "refunds", "customers")
    )
    paid = [each for each in charges if each["status"] == "succeeded" and each["livemode"]]
    commerce = truth["expected"]["commerce"]
    assert len(paid) == commerce["payments"] == truth["happened"]["events"]["order_paid"]
    assert len(customers) == commerce["payers"] == len({each["customer"] for each in paid})
    returned = sum(each["amount"] for each in refunds)
    assert returned == sum(each["amount_refunded"] for each in paid)
    assert commerce["revenue_minor"] == {"USD": sum(each["amount"] for each in paid) - returned}
    assert len(charges) > len(paid) and refunds
    ledger = truth["expected"]["ledger"]["stripe_billing"]
    assert ledger["loaded"] == len(charges) + len(refunds)
    assert ledger["identity"] == len(customers)
    assert len({each["id"] for each in [*charges, *refunds]}) == len(charges) + len(refunds)


def test_events_and_primaries_are_what_the_files_hold(demo):
    _, truth, reads = demo
    primary: dict[str, int] = {}
    for source, read in reads.items():
        counts: dict[str, int] = {}
        for event in read.events:
            name = event["canonical"] or "(unmapped)"
            counts[name] = counts.get(name, 0) + 1
            if event["canonical"] and event["primary"]:
                primary[name] = primary.get(name, 0) + 1
        assert truth["expected"]["events"][source] == counts
    assert truth["expected"]["primary_events"] == primary
    assert sum(row["events"] for row in truth["expected"]["daily"]) == sum(primary.values())


def test_persons_sessions_and_funnels_are_what_the_files_hold(demo):
    _, truth, reads = demo
    events = [event for read in reads.values() for event in read.events]
    assert truth["expected"]["persons"] == len({e["person"] for e in events})
    assert truth["expected"]["sessions"] == naive.session_count(events)
    for funnel in told.FUNNELS:
        steps = truth["expected"]["funnels"][funnel.name]
        assert [s["step"] for s in steps] == list(funnel.steps)
        reached = naive.funnel(events, list(funnel.steps), timedelta(days=funnel.within_days))
        assert [s["entities"] for s in steps] == reached
        assert reached[0] > reached[-1] > 0


def test_as_much_happened_as_was_asked_for(demo):
    _, truth, _ = demo
    assert sum(truth["happened"]["events"].values()) == truth["events"] == EVENTS


def test_hostile_ids_reach_every_source_verbatim(demo):
    _, _, reads = demo
    seen = {s: {e["user"] for e in read.events} for s, read in reads.items()}
    everywhere = set.union(*seen.values())
    assert set(told.HOSTILE_IDS) <= everywhere
    assert all(set(told.HOSTILE_IDS) & users for users in seen.values())


def test_the_story_has_its_hard_cases(demo):
    _, _, reads = demo
    for source in ("mixpanel_app", "amplitude_app"):
        users: dict[str, set[str]] = {}
        for event in reads[source].events:
            users.setdefault(event["device"], set()).add(event["user"])
        assert any(len(u - {None}) == 2 for u in users.values()), "a shared device"
        assert any(u == {None} for u in users.values()), "a person never logged in"
        assert any(None in u and len(u) == 2 for u in users.values()), "a late log-in"


def test_same_seed_gives_the_same_bytes_over_an_older_demo(tmp_path):
    generate(tmp_path / "a", events=2_000, seed=1)
    generate(tmp_path / "b", events=2_000, seed=2)
    assert hashes(tmp_path / "a") != hashes(tmp_path / "b")
    generate(tmp_path / "b", events=2_000, seed=1)
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("do not lose")
    with pytest.raises(FileExistsError, match="no earlier demo"):
        generate(tmp_path, events=2_000)
    assert (tmp_path / "thesis.txt").exists()


def test_truncated_file_fails_and_alone(tmp_path):
    generate(tmp_path / "demo", events=2_000)
    torn = []
    for path in sorted((tmp_path / "demo/exports/mixpanel_app").iterdir()):
        try:
            gzip.decompress(path.read_bytes())
        except EOFError:
            torn.append(path.name)
            lines = naive.inflate(path.read_bytes())[0].split(b"\n")
            assert lines[-1].startswith(b'{"event"') and not lines[-1].endswith(b"}")
    assert torn == ["2025-03-12.jsonl.gz"]


def test_every_inflater_gets_the_same_lines_out_of_the_torn_file(tmp_path):
    from isal import isal_zlib

    generate(tmp_path / "demo", events=2_000)
    packed = (tmp_path / "demo/exports/mixpanel_app/2025-03-12.jsonl.gz").read_bytes()
    other = isal_zlib.decompressobj(31).decompress(packed)
    assert other.split(b"\n")[:-1] == naive.inflate(packed)[0].split(b"\n")[:-1]


def test_sizes_of_faults(tmp_path):
    truth = generate(tmp_path / "faulty", events=40_000)
    clean = generate(tmp_path / "clean", events=40_000, faults=False)
    assert clean.faults == []
    faults = {fault.name: fault for fault in truth.faults}
    assert {name: fault.size for name, fault in faults.items()} == dict(DEFAULT_PLAN)
    assert all(fault.records > 0 for fault in faults.values())

    whole_app = naive.amplitude(tmp_path / "clean/exports/amplitude_app").events
    days = [str(e["at"].astimezone(naive.NEW_YORK).date()) for e in whole_app]
    dated = list(zip(days, whole_app, strict=True))
    android = sum(d >= "2025-04-05" and e["platform"] == "Android" for d, e in dated)
    assert faults["amplitude_silent_loss"].records == pytest.approx(0.12 * android, rel=0.2)
    reminders = sum(d >= "2025-04-08" and e["name"] == "tax_reminder_on" for d, e in dated)
    drifted = truth.expected["events"]["amplitude_app"]["(unmapped)"]
    assert drifted == pytest.approx(0.5 * reminders, rel=0.2)
    gone = faults["mixpanel_truncated_file"].records
    whole = gzip.decompress(
        (tmp_path / "clean/exports/mixpanel_app/2025-03-12.jsonl.gz").read_bytes()
    ).count(b"\n")
    assert gone == pytest.approx(0.12 * whole, rel=0.1)


def test_faults_are_switched_one_by_one(tmp_path):
    truth = generate(tmp_path / "one", events=4_000, faults={"mixpanel_duplicates": "large"})
    (fault,) = truth.faults
    assert (fault.name, fault.size) == ("mixpanel_duplicates", "large")
    ledger = truth.expected["ledger"]
    assert ledger["mixpanel_app"]["duplicate"] == fault.records > 0
    others = sum(ledger[s][f] for s in ledger for f in ("duplicate", "quarantined"))
    assert others == fault.records
    with pytest.raises(ValueError, match="unknown fault 'duplicates'"):
        generate(tmp_path / "none", events=4_000, faults={"duplicates": "small"})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one"]


def test_too_few_events_are_refused(tmp_path):
    with pytest.raises(ValueError, match="at least"):
        generate(tmp_path / "demo", events=10)


def test_drift_belongs_to_one_app_version(demo):
    _, _, reads = demo
    drifted = {e["version"] for e in reads["amplitude_app"].events if e["canonical"] is None}
    assert drifted <= {"5.2.0"}


def test_configuration_tells_the_same_story():
    words = naive.taxonomy()
    assert list(words) == [event.name for event in told.EVENTS]
    for event in told.EVENTS:
        entry = words[event.name]
        assert entry["kind"] == event.kind
        names = {
            "mixpanel_app": event.mixpanel,
            "amplitude_app": event.amplitude,
            "shop_log": event.shop,
            "segment_shop": event.segment,
            "adobe_web": f"event{told.ADOBE_EVENTS.index(event.name) + 1}"
            if event.mixpanel
            else None,
        }
        expected = {s: [n] for s, n in names.items() if n and n != event.name}
        assert entry["aliases"] == expected
        if event.property_name:
            rule = entry["properties"][event.property_name]
            assert rule["enum"] == list(event.property_values)
    migration = yaml.safe_load(
        (naive.REPOSITORY / "orchestration" / "migration.yaml").read_text(encoding="utf-8")
    )
    assert set(migration["sources"]) == set(told.SOURCES)
    assert migration["reporting_timezone"] == told.REPORTING_ZONE
    assert migration["sources"][told.MIXPANEL]["timezone"] == told.MIXPANEL_ZONE
    assert migration["funnels"] == {
        f.name: {"steps": list(f.steps), "within": f"{f.within_days}d", "per": "person"}
        for f in told.FUNNELS
    }
    assert {kind.source for kind in FAULTS.values()} <= set(migration["sources"])
