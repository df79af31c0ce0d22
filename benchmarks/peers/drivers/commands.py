"""What the drivers of command-line peers share: one process a turn, with nothing of the user's around it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Ended", "run", "scratch_folder"]

_LAST_LINES = 12


@dataclass
class Ended:
    """How a command ended.

    Attributes:
        code: its exit code.
        out: what it wrote on stdout.
        complaint: the end of what it wrote on stderr.
    """

    code: int
    out: str
    complaint: str


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder of one turn, for the peer's configuration and its working directory."""
    return tempfile.TemporaryDirectory(prefix="peer-", ignore_cleanup_errors=True)


def run(command: Sequence[str], folder: Path, more: Mapping[str, str]) -> Ended:
    """Runs a command to its end; who asked for the turn has an eye on the time.

    Args:
        command: what to run.
        folder: where it runs, and its home.
        more: environment variables besides those of this process.
    """
    ended = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "HOME": str(folder), **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    said = ended.stderr.decode("utf-8", "replace").strip().splitlines()
    out = ended.stdout.decode("utf-8", "replace")
    return Ended(ended.returncode, out, "\n".join(said[-_LAST_LINES:]))
