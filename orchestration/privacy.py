"""Personal values are replaced by keyed hashes in staging, so that no model after it holds them.

A value is personal by its shape (e-mail address, phone number) or by the name of the field it
stands in. Ids stay: persons are joined by them. The same value gives the same hash throughout a
migration, so it can still be counted and joined; without the key nobody can try values out.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

import duckdb

from orchestration.config import Migration
from orchestration.errors import ConfigurationError
from orchestration.sources import REGISTRY
from orchestration.sql import literal

KEY_VARIABLE = "WAYBILL_KEY"
SHORTEST_KEY = 16
PREFIX = "masked:"
HASH_LENGTH = 24  # hex digits, 96 bits: no two of a billion values meet

# RE2 patterns, matched without regard to case, with or without the dollar sign of vendors' own.
PERSONAL_FIELDS = (
    "e[ _-]?mail(?:[ _-]?address)?",
    "(?:mobile[ _-]?|tele)?phone(?:[ _-]?number)?",
    "(?:first|last|full|given|family|sur)[ _-]?name",
    "(?:date[ _-]?of[ _-]?birth|birth[ _-]?(?:day|date))",
    "(?:street|postal|home)[ _-]?address",
    "ip(?:[ _-]?address)?",
    "(?:ssn|tax[ _-]?id|passport[ _-]?number)",
)
# A number is told from an id by a plus sign or by how its groups are set apart.
# An apostrophe before it is for spreadsheets.
PHONE = "'?(?:[+][0-9][0-9 ().-]{5,18}[0-9]|[(]?[0-9]{3}[)]?[ .-]{1,2}[0-9]{3}[ .-][0-9]{4})"
EMAIL = "[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:[.][A-Za-z0-9-]+)+"


def key_of(migration: Migration) -> str:
    """The migration's key: WAYBILL_KEY, else the one kept in `<home>/key`, made when first needed.

    Raises ConfigurationError for a WAYBILL_KEY too short to protect anything.
    """
    if given := os.environ.get(KEY_VARIABLE):
        if len(given) < SHORTEST_KEY:
            raise ConfigurationError(
                f"{KEY_VARIABLE} has {len(given)} characters; give it {SHORTEST_KEY} or more, "
                'such as those of: python -c "import secrets; print(secrets.token_hex(32))"'
            )
        return given
    path = migration.home / "key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".key.{os.getpid()}")
        partial.touch(mode=0o600)
        partial.write_text(secrets.token_hex(32))
        _keep_first(partial, path)
    return path.read_text().strip()


def _keep_first(partial: Path, path: Path) -> None:
    """Of two processes that make a key at once, the first one's counts for both."""
    try:
        path.hardlink_to(partial)
    except FileExistsError:
        return
    finally:
        partial.unlink()


def fingerprint(migration: Migration) -> str:
    """What the masking of a migration depends on; tells nothing of the key."""
    parts = ["fingerprint", key_of(migration), personal_pattern(migration)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def personal_pattern(migration: Migration) -> str:
    """An RE2 pattern of what is personal in JSON text, besides e-mail addresses.

    A field of a personal name with its text or number; a phone number that is a whole text. The
    names are those of all sources: the same value is masked alike.
    """
    named = [name for config in migration.sources.values() for name in config.personal]
    of_vendors = [name for source in REGISTRY.values() for name in source.personal]
    fields = "|".join([*PERSONAL_FIELDS, *sorted(map(re.escape, {*named, *of_vendors}))])
    # an empty text tells nothing of anybody, and its hash would look like everybody's value
    value = r'(?:"(?:[^"\\]|\\.)+"|-?[0-9][0-9.eE+-]*)'
    return f'"[$]?(?i:{fields})": *{value}|"(?:{PHONE})"'


def keyed_hash(value: str, key: str) -> str:
    """What stands for a personal value: a phone number by its digits, all else without case.

    An e-mail address is hashed by its SHA-256 first, so that a tool which keeps that in its place
    gives the same. The same as the SQL macro `secret.main.keyed_hash`.
    """
    text = value.strip(" ").lower()
    if re.fullmatch(EMAIL, text):
        text = hashlib.sha256(text.encode()).hexdigest()
    if re.fullmatch(PHONE, text):
        text = re.sub("[^0-9]", "", text)
    inner = hashlib.sha256((key + text).encode()).hexdigest()
    return PREFIX + hashlib.sha256((key + inner).encode()).hexdigest()[:HASH_LENGTH]


def define_masking(connection: duckdb.DuckDBPyConnection, key: str, pattern: str) -> None:
    """Define the SQL macros `secret.main.keyed_hash(value)` and `secret.main.masked(document)`.

    They live in memory, so that the key is in no file and in no statement that anybody logs.
    """
    connection.execute("attach if not exists ':memory:' as secret")
    connection.execute("create schema if not exists secret.main")
    text = "trim(lower(value), ' ')"
    text = f"""case when regexp_full_match({text}, {literal(PHONE)})
        then regexp_replace({text}, '[^0-9]', '', 'g')
        when regexp_full_match({text}, {literal(EMAIL)}) then sha256({text})
        else {text} end"""
    connection.execute(
        f"""create or replace macro secret.main.keyed_hash(value) as {literal(PREFIX)} || left(
            sha256({literal(key)} || sha256({literal(key)} || {text})), {HASH_LENGTH})"""
    )
    # Most documents hold nothing personal, which one search tells; the pattern of an address is
    # slow to search for, its sign is not. The longest finds are replaced first: a shorter one may
    # be a part of it.
    connection.execute(
        f"""create or replace macro secret.main.masked(document) as case
        when not (contains(document, '@') or regexp_matches(document, {literal(pattern)}))
            then document
        else list_reduce(
            list_transform(
                list_sort(list_transform(
                    list_distinct(regexp_extract_all(document, {literal(pattern + "|" + EMAIL)})),
                    lambda f: {{'rank': -length(f), 'found': f}})),
                lambda r: r.found),
            lambda text, found: replace(text, found, case
                when contains(found, '":') then regexp_extract(found, '^"[^"]*":') || '"'
                    || secret.main.keyed_hash(regexp_extract(found, '^"[^"]*": *"?(.*?)"?$', 1))
                    || '"'
                when starts_with(found, '"')
                    then '"' || secret.main.keyed_hash(trim(found, '"')) || '"'
                else secret.main.keyed_hash(found) end),
            document) end"""
    )
