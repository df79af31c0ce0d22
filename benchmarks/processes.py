"""Processor and wall time of a command, its children included and without anybody else's."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Ran", "run"]


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that ran to its end.

    Attributes:
        code: its exit code.
        cpu_seconds: its processor time, user and system, with those children that it waited for.
        wall_seconds: from its start to its end.
        max_rss_mb: the most memory that it held at one time.
        out: what it wrote to stdout.
        err: what it wrote to stderr.
    """

    code: int
    cpu_seconds: float
    wall_seconds: float
    max_rss_mb: float
    out: str
    err: str


def run(command: Sequence[str | Path], *, env: Mapping[str, str], work: Path, cwd: Path | None = None) -> Ran:
    """Runs a command without a terminal and without input.

    Args:
        command: the program and its arguments.
        env: its whole environment.
        work: a folder for its output: a pipe would have to be read while it runs.
        cwd: where it runs; ``work`` where it is left out.

    Raises:
        OSError: the program cannot be started.
    """
    out_path, err_path = work / "stdout", work / "stderr"
    with out_path.open("wb") as out, err_path.open("wb") as err:
        began = time.perf_counter()
        process = subprocess.Popen(
            list(command), stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=dict(env), cwd=cwd or work
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    return Ran(
        process.returncode,
        usage.ru_utime + usage.ru_stime,
        wall,
        usage.ru_maxrss / 1024,
        out_path.read_text("utf-8", "replace"),
        err_path.read_text("utf-8", "replace"),
    )
