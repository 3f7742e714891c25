"""Columns of the control tables that are written anew in each run, as Arrow schemas."""

from __future__ import annotations

import pyarrow as pa


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(list(columns.items()))


TEXT, INT, BOOL, DATE = pa.string(), pa.int64(), pa.bool_(), pa.date32()
SOURCES = _schema(
    source=TEXT,
    vendor=TEXT,
    timezone=TEXT,
    user_namespace=TEXT,
    identity_mode=TEXT,
    dedupe_window_seconds=INT,
    keeps_last=BOOL,
    owns_by_last_user=BOOL,
    has_session_ids=BOOL,
    dedupe_columns=pa.list_(TEXT),
    lifted_patch=TEXT,
    user_field=TEXT,
    names_pages=BOOL,
    loads_extracts=BOOL,
    undated_on=DATE,
    login_column=TEXT,
    property_names=TEXT,
)
KEYS = _schema(source=TEXT, kind=TEXT, property=TEXT, position=INT)
DENIED = _schema(id=TEXT)
DELIVERIES = _schema(
    source=TEXT,
    vendor=TEXT,
    delivery_id=TEXT,
    state=TEXT,
    superseded_by=TEXT,
    landed_at=pa.timestamp("us"),
    integrity=TEXT,
)
FILES = _schema(
    delivery_id=TEXT,
    file_name=TEXT,
    file_sha256=TEXT,
    read=INT,
    written=INT,
    landed=INT,
    unreadable=INT,
    copy_of=TEXT,
)
TO_STAGE = _schema(delivery_id=TEXT, fingerprint=TEXT, landed_at=pa.timestamp("us"))
TO_JUDGE = _schema(delivery_id=TEXT, landed_at=pa.timestamp("us"))
ADMITTED = _schema(delivery_id=TEXT, from_date=DATE, until_date=DATE)
