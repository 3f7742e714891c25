"""A file that others read is the old one or the new one, never a part."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from orchestration.whole_files import replacing, write_whole


def _write_and_die(path: Path) -> None:
    with replacing(path) as partial:
        partial.write_text("ha")
        os.kill(os.getpid(), signal.SIGKILL)


def test_text_is_replaced_and_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.json"
    write_whole(path, "one")
    write_whole(path, "dós")
    assert path.read_bytes() == "dós".encode()
    assert list(path.parent.iterdir()) == [path]


def test_an_error_leaves_what_was_there_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    write_whole(path, "one")
    with pytest.raises(ValueError, match="half"), replacing(path) as partial:
        partial.write_text("ha")
        raise ValueError("half")
    assert path.read_text() == "one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_killed_writer_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    write_whole(path, "one")
    writer = multiprocessing.get_context("spawn").Process(target=_write_and_die, args=(path,))
    writer.start()
    writer.join()
    assert writer.exitcode == -signal.SIGKILL
    assert path.read_text() == "one"
    assert [found.name for found in tmp_path.glob("*.json")] == ["b.json"]


def test_nothing_written_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    with pytest.raises(FileNotFoundError), replacing(path):
        pass
    assert not path.exists()
