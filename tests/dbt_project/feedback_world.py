"""A small world of events and answers, drawn at random, and what pandas makes of it by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

NPS, CSAT, WHY, MORE = (
    "Would you recommend us?",
    "How satisfied are you?",
    "What is in the way?",
    "Else?",
)
WITHIN = pd.Timedelta(days=2)
CELL = 3
WEIGHT_BY = ["platform", "country"]
ZONE = "America/New_York"
CONFIG = f"""
home: home
taxonomy: taxonomy.yaml
reporting_timezone: {ZONE}
sources:
  log:
    vendor: tabular
    location: exports/log
    timezone: UTC
    columns:
      event_id: id
      event: event
      occurred_at: at
      user_id: user
      platform: platform
      country: country
      campaign: campaign
  tf:
    vendor: typeform
    location: exports/tf
    identity: {{user_field: user_id}}
    score_types: {{{NPS}: nps, {CSAT}: csat, {WHY}: choice}}
funnels:
  visit: {{steps: [opened, saved], within: 1h, per: session}}
  way: {{steps: [opened, saved, paid], within: 1d}}
feedback:
  within: 2d
  smallest_cell: {CELL}
  satisfied_from_by_question: {{{CSAT}: 6}}
  contacts_within: 5d
context: {{resources: resources.csv}}
"""
TAXONOMY = """
version: 1
events:
  opened: {description: Opened., kind: micro, owner: product}
  saved: {description: Saved., kind: micro, owner: product}
  paid: {description: Paid., kind: macro, owner: product}
  pinged: {description: Pinged., kind: system, owner: product}
"""
RESOURCES = """resource,event,from,to,per_event,unit,warning,critical,capacity
support,opened,,,0.5,hours,20,25,24
support,paid,2025-03-27,,1.25,hours,,,
boxes,paid,2025-03-25,2025-04-02,2,boxes,,,
"""
FIRST, DAYS, PERSONS = pd.Timestamp("2025-03-22"), 15, 90


def events(seed: int) -> pd.DataFrame:
    """The log: id, event, at (UTC), user, platform, country, campaign."""
    rng = np.random.default_rng([seed, 1])
    count = 1_600
    person = rng.integers(0, PERSONS, count)
    seconds = rng.integers(0, DAYS * 86_400, count)
    platform = rng.choice(["ios", "web", ""], PERSONS, p=[0.3, 0.5, 0.2])
    country = rng.choice(["DE", "US"], PERSONS)
    rows = pd.DataFrame(
        {
            "id": np.char.mod("e%05d", np.arange(count)),
            "event": rng.choice(
                ["opened", "saved", "paid", "pinged"], count, p=[0.4, 0.25, 0.2, 0.15]
            ),
            "at": FIRST + pd.to_timedelta(seconds, "s"),
            "user": np.char.mod("u%02d", person),
            "platform": platform[person],
            "country": country[person],
            "campaign": rng.choice(["", "spring"], count),
        }
    )
    return rows.sort_values(["at", "id"], ignore_index=True)


def answers(seed: int) -> pd.DataFrame:
    """Responses: token, user ('' where unknown), at (UTC) and one column a question."""
    rng = np.random.default_rng([seed, 2])
    count = 160
    users = np.char.mod("u%02d", rng.integers(0, PERSONS + 10, count))  # ten have no events
    users = np.where(rng.random(count) < 0.08, "", users)
    days = rng.integers(2 * 86_400, DAYS * 86_400, count)
    return pd.DataFrame(
        {
            "token": np.char.mod("t%031d", np.arange(count)),
            "user": users,
            "at": FIRST + pd.to_timedelta(days, "s"),
            NPS: rng.integers(0, 11, count).astype(str),
            CSAT: np.where(rng.random(count) < 0.2, "", rng.integers(1, 8, count).astype(str)),
            WHY: rng.choice(
                ["slow", "dear", "ugly", "nothing", ""], count, p=[0.4, 0.3, 0.02, 0.2, 0.08]
            ),
            MORE: np.where(rng.random(count) < 0.3, "a free remark", ""),
        }
    )


def write_events(folder: Path, name: str, rows: pd.DataFrame) -> None:
    """One file of the log."""
    place = folder / "exports" / "log"
    place.mkdir(parents=True, exist_ok=True)
    rows.to_csv(place / name, index=False, date_format="%Y-%m-%dT%H:%M:%S")


def write_answers(folder: Path, name: str, rows: pd.DataFrame) -> None:
    """One file of responses, in Typeform's form."""
    place = folder / "exports" / "tf"
    place.mkdir(parents=True, exist_ok=True)
    opened = (rows["at"] - pd.Timedelta(seconds=60)).dt.strftime("%Y-%m-%d %H:%M:%S")
    told = pd.DataFrame({"#": rows["token"]}).join(rows[[NPS, CSAT, WHY, MORE]])
    told = told.assign(
        user_id=rows["user"],
        **{
            "Response Type": "completed",
            "Start Date (UTC)": opened,
            "Submit Date (UTC)": rows["at"].dt.strftime("%Y-%m-%d %H:%M:%S"),
            "Network ID": rows["token"].str[-10:],
            "Tags": "",
        },
    )
    told.to_csv(place / name, index=False)


def write_world(folder: Path) -> Path:
    """The settings of a world without deliveries; the path of its migration.yaml."""
    (folder / "exports" / "log").mkdir(parents=True)
    (folder / "exports" / "tf").mkdir(parents=True)
    (folder / "taxonomy.yaml").write_text(TAXONOMY)
    (folder / "resources.csv").write_text(RESOURCES)
    (folder / "migration.yaml").write_text(CONFIG)
    return folder / "migration.yaml"


def local(times: pd.Series) -> pd.Series:
    """Dates of the reporting zone, of times in UTC."""
    there = times.dt.tz_localize("UTC").dt.tz_convert(ZONE).dt.tz_localize(None)
    return there.dt.normalize()


def persons(log: pd.DataFrame) -> pd.DataFrame:
    """By user: platform, country and campaign of the first event, the least value of a tie."""
    first = log[log["at"] == log.groupby("user")["at"].transform("min")]
    known = first.replace("", np.nan).groupby("user")[["platform", "country", "campaign"]].min()
    return known.fillna("(unknown)")


def votes(log: pd.DataFrame, said: pd.DataFrame) -> pd.DataFrame:
    """One row a counted answer: token, user, at, month, question, answer, nearest, segments."""
    known = persons(log)
    micro = log[log["event"].isin(["opened", "saved"])]
    long = said.melt(["token", "user", "at"], [NPS, CSAT, WHY, MORE], "question", "answer")
    long = long[long["answer"] != ""].copy()
    long["month"] = local(long["at"]).dt.to_period("M").dt.start_time
    long["voter"] = long["user"].where(long["user"] != "", long["token"])
    long = long.sort_values("at").groupby(["question", "month", "voter"]).tail(1)
    nearest = {}
    for row in said.itertuples():
        before = micro[
            (micro["user"] == row.user) & (micro["at"] <= row.at) & (micro["at"] >= row.at - WITHIN)
        ]
        last = before.sort_values(["at", "event"], ascending=[True, False]).tail(1)
        nearest[row.token] = last["event"].iloc[0] if len(last) else "(none)"
    long["event_name"] = long["token"].map(nearest)
    months = local(log["at"]).dt.to_period("M").dt.start_time
    active = set(zip(log["user"], months, strict=True))
    long["is_active"] = [pair in active for pair in zip(long["user"], long["month"], strict=True)]
    long["has_events"] = long["user"].isin(known.index)
    return long.join(known, on="user").fillna(
        dict.fromkeys(("platform", "country", "campaign"), "(unknown)")
    )
