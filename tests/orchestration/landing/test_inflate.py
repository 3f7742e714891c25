"""Streams: what can be read of gzip, zip and tar is read, and how they end is told."""

from __future__ import annotations

import gzip
import io
import random
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from orchestration.landing import inflate
from orchestration.landing.inflate import TornArchive, UnsafeArchive, natural_key, streams

LINES = b"".join(b'{"n":%d}\n' % n for n in range(3000))
NOISE = random.Random(7).randbytes(200_000).hex().encode()  # does not compress away


def read(path: Path) -> list[tuple[str | None, bytes, str | None]]:
    found = []
    for stream in streams(path):
        content = b"".join(stream.blocks)
        found.append((stream.member, content, stream.torn))
    return found


def only(path: Path) -> tuple[bytes, str | None]:
    ((_, content, torn),) = read(path)
    return content, torn


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "export"


def zipped(file: Path, members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(file, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def tarred(file: Path, members: dict[str, bytes], mode: str = "w:gz") -> None:
    with tarfile.open(file, mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


@pytest.mark.parametrize("content", [b"", b"\x1f", b"x", LINES, b"\0" * 2000])
def test_plain_bytes_are_themselves(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert only(file) == (content, None)


def test_gzip_of_several_members_and_trailing_zeros(file: Path) -> None:
    file.write_bytes(gzip.compress(LINES) + gzip.compress(b"more\n") + b"\0" * (3 << 20))
    assert only(file) == (LINES + b"more\n", None)


def test_zeros_between_gzip_members_are_padding(file: Path) -> None:
    file.write_bytes(gzip.compress(LINES) + b"\0" * (2 << 20) + gzip.compress(b"more\n"))
    assert only(file) == (LINES + b"more\n", None)


def test_garbage_after_gzip_tears_it_and_keeps_what_was_read(file: Path) -> None:
    for garbage in (b"x", b"garbage", b"\0\0garbage"):
        file.write_bytes(gzip.compress(LINES) + garbage)
        content, torn = only(file)
        assert content == LINES and torn and "not gzip" in torn


def test_truncated_gzip_at_every_position(file: Path) -> None:
    whole = gzip.compress(LINES[:400])
    last = 0
    for cut in range(2, len(whole)):
        file.write_bytes(whole[:cut])
        content, torn = only(file)
        assert torn and "ends before its checksum" in torn
        assert LINES[:400].startswith(content) and len(content) >= last
        last = len(content)
    assert last == 400


def test_a_wrong_checksum_loses_no_byte(file: Path) -> None:
    whole = bytearray(gzip.compress(LINES + NOISE))
    whole[-8] ^= 1
    file.write_bytes(whole)
    content, torn = only(file)
    assert content == LINES + NOISE and torn and "damaged" in torn


def test_damage_in_the_middle_of_gzip_keeps_what_is_before_it(file: Path) -> None:
    whole = bytearray(gzip.compress(NOISE + LINES))
    whole[len(whole) // 2 : len(whole) // 2 + 64] = b"\xff" * 64
    file.write_bytes(gzip.compress(LINES) + bytes(whole))
    content, torn = only(file)
    assert torn and "damaged" in torn
    assert content.startswith(LINES + NOISE[:150_000])


def test_gzip_blocks_are_bounded_whatever_they_expand_to(file: Path) -> None:
    file.write_bytes(gzip.compress(b"\0" * (50 << 20)))
    (stream,) = streams(file)
    sizes = [len(block) for block in stream.blocks]
    assert sum(sizes) == 50 << 20 and max(sizes) <= inflate.BLOCK and stream.torn is None


def test_zip_of_gz_in_natural_order(file: Path) -> None:
    names = ["434735_2023-08-24_10#1.json.gz", "434735_2023-08-24_9#2.json.gz"]
    zipped(file, {name: gzip.compress(name.encode()) for name in names})
    assert [(m, c) for m, c, _ in read(file)] == [(n, n.encode()) for n in reversed(names)]
    assert natural_key("a9") < natural_key("a10") < natural_key("b1")


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_zip_members_plain_or_deflated(file: Path, how: int) -> None:
    zipped(file, {"folder/a": LINES, "b": b""}, how)
    assert read(file) == [("b", b"", None), ("folder/a", LINES, None)]


def test_an_empty_zip_has_no_streams(file: Path) -> None:
    zipped(file, {})
    assert read(file) == []


@pytest.mark.parametrize("damage", [bytes([n]) * 64 for n in (0x00, 0x55, 0x7E, 0xAA, 0xFF)])
def test_a_damaged_zip_member_tears_itself_alone(file: Path, damage: bytes) -> None:
    zipped(file, {"a": LINES, "b": NOISE, "c": LINES})
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = damage
    file.write_bytes(content)
    (a, b, c) = read(file)
    assert a == ("a", LINES, None) and c == ("c", LINES, None)
    assert b[2] and "damaged" in b[2]
    assert len(b[1]) > 150_000 and b[1][:150_000] == NOISE[:150_000], "what precedes it is kept"


def test_zip_forms_that_are_not_read_are_told(file: Path) -> None:
    zipped(file, {"a": LINES}, zipfile.ZIP_BZIP2)
    ((_, content, torn),) = read(file)
    assert content == b"" and torn and "compression 12 is not read" in torn


def test_a_cut_zip_is_torn(file: Path) -> None:
    zipped(file, {"a": LINES})
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(TornArchive):
        read(file)


@pytest.mark.parametrize(
    "name", ["../evil", "a/../../evil", "/etc/passwd", "C:\\evil", "c:evil", "..\\evil"]
)
def test_zip_with_a_name_that_leaves_it(file: Path, name: str) -> None:
    zipped(file, {"good": LINES, name: b"x"})
    with pytest.raises(UnsafeArchive, match="points outside"):
        read(file)


def test_zip_with_a_symlink(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(UnsafeArchive, match="link"):
        read(file)


def test_an_expansion_bomb_is_stopped_while_it_grows(file: Path) -> None:
    bomb = gzip.compress(gzip.compress(b"\0" * (100 << 20)))
    zipped(file, {f"{n}.gz": bomb for n in range(2)})
    once = sum(len(content) for _, content, _ in read(file))
    assert once < 1 << 20  # one level of gzip is opened, so this bomb stays folded
    zipped(file, {f"{n}.gz": gzip.compress(b"\0" * (60 << 20)) for n in range(2)})
    with pytest.raises(UnsafeArchive, match="likely bomb"):
        for stream in streams(file):
            for _ in stream.blocks:
                pass


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_tar_members_in_their_order(file: Path, mode: str) -> None:
    members = {"b": LINES, "a/c.gz": gzip.compress(NOISE), "empty": b""}
    tarred(file, members, mode)
    assert read(file) == [("b", LINES, None), ("a/c.gz", NOISE, None), ("empty", b"", None)]


def test_a_truncated_tar_gz_gives_what_is_there(file: Path) -> None:
    tarred(file, {"a": LINES, "b": NOISE})
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) * 3 // 4])
    a, b, rest = read(file)
    assert a == ("a", LINES, None)
    assert b[2] and "breaks off inside" in b[2] and NOISE.startswith(b[1]) and len(b[1]) > 100_000
    assert rest[1] == b"" and rest[2] and "ends before" in rest[2]


def test_a_tar_without_its_end_mark_is_torn(file: Path) -> None:
    tarred(file, {"a": LINES, "b": b"x"}, "w")
    file.write_bytes(file.read_bytes()[: 512 + len(LINES) + (-len(LINES) % 512)])
    first, rest = read(file)
    assert first == ("a", LINES, None) and rest[2] and "no end mark" in rest[2]


def test_tar_with_a_damaged_gz_member(file: Path) -> None:
    bad = bytearray(gzip.compress(NOISE))
    bad[-8] ^= 1
    tarred(file, {"a.gz": bytes(bad), "b": LINES})
    a, b = read(file)
    assert a[1] == NOISE and a[2] and "damaged" in a[2] and b == ("b", LINES, None)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_tar_with_a_link_or_a_device(file: Path, kind: bytes) -> None:
    with tarfile.open(file, "w") as archive:
        info = tarfile.TarInfo("x")
        info.type, info.linkname = kind, "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(UnsafeArchive, match="link"):
        read(file)


def test_tar_with_a_name_that_leaves_it(file: Path) -> None:
    tarred(file, {"../x": b"x"})
    with pytest.raises(UnsafeArchive, match="points outside"):
        read(file)
