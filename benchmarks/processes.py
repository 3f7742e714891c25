"""Run a process and see what it took: wall time and the memory of it and all below it."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SAMPLE_SECONDS = 0.2
_QUIET = {
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "0",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
}
# A benchmark's home is its own, whatever the developer's shell points at.
_NOT_INHERITED = ("DAGSTER_HOME", "WAYBILL_CONFIG")


class ProcessFailed(Exception):
    """A measured process ended with another code than 0; the message ends with what it said."""


@dataclass(frozen=True)
class Measured:
    """One process: when it started (seconds since 1970), how long it took, what it printed.

    `cpu_seconds` (user and system, with all its descendants) says more than the wall clock where
    other work shares the machine.

    `peak_bytes` is the largest sum of resident memory over the process and its descendants, seen
    every 0.2 s; pages that two processes share are counted twice.
    """

    started_at: float
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    stdout: str

    def answer(self) -> Any:
        """The one JSON object it printed."""
        return json.loads(self.stdout)


def measure(command: Sequence[str | Path], cwd: Path, *, limit_seconds: float) -> Measured:
    """Run a command to its end. Raises ProcessFailed, also when it takes longer than the limit."""
    environment = {k: v for k, v in os.environ.items() if k not in _NOT_INHERITED} | _QUIET
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started_at, start = time.time(), time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=cwd,
            env=environment,
            stdout=out,
            stderr=err,
            start_new_session=True,  # a group of its own: what it started can be ended with it
        )
        peak, cpu = 0, -_children_cpu()
        try:
            while process.poll() is None:
                peak = max(peak, tree_bytes(process.pid))
                if time.perf_counter() - start > limit_seconds:
                    raise ProcessFailed(f"{command[0]}: not done after {limit_seconds:.0f} s")
                _wait(process)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        seconds = time.perf_counter() - start
        cpu += _children_cpu()
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    if process.returncode:
        raise ProcessFailed(
            f"{' '.join(map(str, command))} ended with {process.returncode}:\n{texts[1][-2000:]}"
        )
    return Measured(started_at, seconds, cpu, peak, texts[0])


def tree_bytes(root: int) -> int:
    """Resident memory of a process and its descendants, from /proc."""
    parents: dict[int, int] = {}
    resident: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            # the name, in brackets, may hold spaces: fields are counted from behind it
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):  # it ended while we looked
            continue
        pid = int(folder.name)
        parents[pid], resident[pid] = int(fields[1]), int(fields[21])
    return os.sysconf("SC_PAGE_SIZE") * sum(resident[pid] for pid in _below(root, parents))


def _below(root: int, parents: Mapping[int, int]) -> set[int]:
    found = {root} & parents.keys()
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(SAMPLE_SECONDS)
    except subprocess.TimeoutExpired:
        return


def _children_cpu() -> float:
    """Processor seconds of all children that have ended, with theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
