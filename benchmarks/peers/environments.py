"""Environments for peers: made once, outside the checkout, and found again by what is in them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.peers.catalogue import Peer
from benchmarks.peers.process import Driver

__all__ = ["Environment", "PeerUnavailable", "cache_folder", "install"]

_DRIVERS: Final = Path(__file__).with_name("drivers")
_CHECKOUT: Final = Path(__file__).parents[2]
_DEAD_PROXY: Final = "http://127.0.0.1:9"
_INSTALL_SECONDS: Final = 900
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "TMPDIR", "TZ", "SYSTEMROOT")


class PeerUnavailable(Exception):
    """A peer that cannot be installed; its message says why."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a peer is installed.

    Attributes:
        peer: the peer.
        folder: everything that was installed.
        python: the interpreter that runs the peer's driver.
    """

    peer: Peer
    folder: Path
    python: Path

    def start(self, *, impatient: bool = False) -> Driver:
        """Starts the peer's driver; close it after use.

        Args:
            impatient: waiting before a retry takes no time.

        Raises:
            DriverDied: it ended before it was ready.
        """
        variables = {name: os.environ[name] for name in _KEPT if name in os.environ}
        variables |= {
            "HOME": str(self.folder),
            "PEER_ENVIRONMENT": str(self.folder),
            "PEER_IMPATIENT": "1" if impatient else "0",
            "PYTHONDONTWRITEBYTECODE": "1" if self.peer.ours else "",
            "DO_NOT_TRACK": "1",
            # Whatever a peer wants from elsewhere ends at once, and is no part of what is measured.
            "HTTP_PROXY": _DEAD_PROXY,
            "HTTPS_PROXY": _DEAD_PROXY,
            "NO_PROXY": "127.0.0.1,localhost",
        }
        if self.peer.ours:
            variables["PYTHONPATH"] = str(_CHECKOUT)
        return Driver([str(self.python), str(_DRIVERS / self.peer.driver)], variables)


def cache_folder() -> Path:
    """Where environments are kept: ``BENCH_CACHE``, else a folder in the user's cache."""
    if chosen := os.environ.get("BENCH_CACHE"):
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "hermes-peers"


def install(peer: Peer, *, tell: Callable[[str], None] = lambda line: None) -> Environment:
    """The environment of a peer, made where there is none yet.

    Args:
        peer: the peer.
        tell: is told what takes long.

    Raises:
        PeerUnavailable: it cannot be installed; the message says why.
    """
    folder = cache_folder() / _folder_name(peer)
    own = Path(sys.executable)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _only_one(folder.with_name(f"{folder.name}.lock")):
            if not (folder / ".ready").exists():
                tell(f"{peer.name}: installing {', '.join((*peer.python, *peer.npm)) or 'nothing'}")
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                _fill(peer, folder)
                (folder / ".ready").touch()
    except OSError as error:
        raise PeerUnavailable(f"{folder}: {error.strerror or error}") from error
    return Environment(peer, folder, folder / "bin" / "python" if peer.python else own)


def _folder_name(peer: Peer) -> str:
    """The same for peers with the same requirements, which then share an environment."""
    wanted = (*peer.python, *peer.npm)
    parts = (platform.python_version(), platform.machine(), *wanted)
    first = re.sub(r"[^\w.]+", "-", wanted[0] if wanted else peer.name).strip("-")
    return f"{first}-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:12]}"


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Keeps two programs from filling the same folder."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _fill(peer: Peer, folder: Path) -> None:
    if peer.python:
        uv = shutil.which("uv")
        python = folder / "bin" / "python"
        if uv:
            _run([uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder)])
            _run([uv, "pip", "install", "--quiet", "--python", str(python), *peer.python])
        else:
            _run([sys.executable, "-m", "venv", str(folder)])
            _run([str(python), "-m", "pip", "install", "--quiet", "--prefer-binary", *peer.python])
    if peer.npm:
        npm = shutil.which("npm")
        if npm is None:
            raise PeerUnavailable("npm is not there")
        _run([npm, "install", "--silent", "--prefix", str(folder), *peer.npm])


def _run(command: list[str]) -> None:
    try:
        ended = subprocess.run(
            command, capture_output=True, check=False, timeout=_INSTALL_SECONDS, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise PeerUnavailable(f"{command[0]} took longer than {_INSTALL_SECONDS} s") from error
    if ended.returncode:
        said = (ended.stderr or ended.stdout).decode("utf-8", "replace").strip().splitlines()
        errors = [line for line in said if "error" in line.lower()] or said
        raise PeerUnavailable(errors[-1] if errors else f"{command[0]} ended with {ended.returncode}")
