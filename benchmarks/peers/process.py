"""A driver seen from outside: a process that answers lines, under a time limit."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any, Final, Self

__all__ = ["Driver", "DriverDied", "DriverHangs", "PeerAnswer", "Turn"]

_READY_SECONDS: Final = 120.0
_READ_BYTES: Final = 1 << 16
_TAIL_BYTES: Final = 2000


class DriverHangs(Exception):
    """No answer came in time; the process is gone."""


class DriverDied(Exception):
    """The process ended without an answer; the message is the end of its stderr."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a peer is asked.

    Attributes:
        base_url: of the backend.
        prompt: the user's text.
        api_key: any.
        model: its name.
        instructions: the system's text; may be empty.
        tools: function tools in the spelling of the Responses API.
        extra: more keywords of the request, to be sent as they are.
        timeout: seconds without a sign of life after which the peer should give up.
        profile: the name of Hermes' own adapter for the backend; empty for none.
    """

    base_url: str
    prompt: str
    api_key: str = "sk-bench"
    model: str = "gpt-5.4"
    instructions: str = ""
    tools: Sequence[Mapping[str, Any]] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    timeout: float = 60.0
    profile: str = ""


@dataclass(frozen=True, slots=True)
class PeerAnswer:
    """What a peer answered; the README beside this file has the meanings."""

    text: str = ""
    refusal: str = ""
    tool_calls: tuple[Mapping[str, str], ...] = ()
    status: str = "complete"
    error: str = ""
    error_type: str = ""
    events: int = 0
    first_delta_seconds: float | None = None
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> PeerAnswer:
        """From a line of a driver, in which texts may be null as a peer's fields may."""
        texts = {name: said[name] or "" for name in ("text", "refusal", "error")}
        return cls(**{**said, **texts, "tool_calls": tuple(said["tool_calls"])})


class Driver:
    """A running driver. Use it as a context manager, or close it.

    Attributes:
        versions: of Python and of the peer's packages.

    Args:
        command: what to start.
        variables: its whole environment.

    Raises:
        DriverDied: it ended before it was ready.
        DriverHangs: it was not ready in two minutes.
    """

    def __init__(self, command: Sequence[str], variables: Mapping[str, str]) -> None:
        # A file, because a pipe that nobody reads would fill up.
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  # closed by close()
        # A session of its own, so that the commands it starts can be ended with it.
        self._process = subprocess.Popen(
            list(command),
            env=dict(variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            start_new_session=True,
        )
        self._rest = b""
        try:
            ready = json.loads(self._line(_READY_SECONDS))
        except (DriverDied, DriverHangs):
            self.close()
            raise
        self.versions: dict[str, str] = ready["versions"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def closed(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    def ask(self, turn: Turn, *, limit: float) -> PeerAnswer:
        """Asks the peer once.

        Args:
            turn: what to ask.
            limit: seconds to wait for the answer.

        Raises:
            DriverHangs: no answer came in time; the driver is closed.
            DriverDied: the process ended; the driver is closed.
        """
        if self._process.stdin is None or self.closed:
            raise DriverDied("the driver is closed")
        try:
            self._process.stdin.write(json.dumps(asdict(turn)).encode() + b"\n")
            self._process.stdin.flush()
            answered = json.loads(self._line(limit))
        except (DriverDied, DriverHangs):
            self.close()
            raise
        except BrokenPipeError:
            complaint = self._tail()
            self.close()
            raise DriverDied(complaint) from None
        return PeerAnswer.from_json(answered)

    def close(self) -> None:
        """Ends the process and the commands that it started; calling it again does nothing."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it may have ended since
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._complaints):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was still to be written has no reader
                    pipe.close()

    def _line(self, limit: float) -> bytes:
        if self._process.stdout is None:
            raise DriverDied("the driver has no output")
        until = time.monotonic() + limit
        out = self._process.stdout.fileno()
        while b"\n" not in self._rest:
            ready, _, _ = select.select([out], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise DriverHangs(f"no answer in {limit:g} s")
            read = os.read(out, _READ_BYTES)
            if not read:
                self._process.wait()
                raise DriverDied(self._tail() or f"exit {self._process.returncode}")
            self._rest += read
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _tail(self) -> str:
        size = self._complaints.seek(0, os.SEEK_END)
        self._complaints.seek(max(0, size - _TAIL_BYTES))
        return self._complaints.read().decode("utf-8", "replace").strip()
