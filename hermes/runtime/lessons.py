"""What endpoints taught, kept in a file so that the next session starts right."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from hermes.errors import HermesError
from hermes.providers.contract import EndpointMemory, Lesson
from hermes.runtime.redaction import Redactor

__all__ = ["KeptLesson", "LessonsFile"]

_VERSION: Final = 1
_MAX_BYTES: Final = 1 << 20
_MAX_ENDPOINTS: Final = 100
_MAX_LESSONS: Final = 64
_LONGEST: Final = 500
"""Characters of a URL, a model's name or a lesson's."""

_LOCK_SECONDS: Final = 1.0
_LOCK_PAUSE: Final = 0.01
# A link would have Hermes read what is not its own, and opening a pipe would wait for who writes into it.
_OPEN_TO_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class _Endpoint(NamedTuple):
    """Whom a lesson is about, and the adapters without which it may not hold."""

    base_url: str
    model: str
    adapters: tuple[str, ...]


_Kept = dict[_Endpoint, dict[str, float]]
"""Unix seconds by the name of the lesson, by endpoint."""


class _Record(msgspec.Struct):
    """One endpoint as it stands in the file."""

    base_url: str
    model: str
    adapters: list[str]
    lessons: dict[str, Annotated[datetime, msgspec.Meta(tz=True)]]


class _Document(msgspec.Struct):
    """The file."""

    version: int
    endpoints: list[_Record]


class _Head(msgspec.Struct):
    """What files of all versions have."""

    version: Annotated[int, msgspec.Meta(ge=1)]


@dataclass(frozen=True, slots=True)
class _Found:
    """What the file holds.

    Attributes:
        kept: the lessons, old ones included.
        problem: a sentence where the file cannot be used; empty where it can, or where there is none.
        is_damaged: it can be put aside for a new one. Any other problem is left as it is.
    """

    kept: _Kept = field(default_factory=dict)
    problem: str = ""
    is_damaged: bool = False


@dataclass(frozen=True, slots=True)
class KeptLesson:
    """A lesson in the file.

    Attributes:
        model: the model that was asked.
        adapters: the names of the adapters that were on; the lesson is heeded with no other set.
        lesson: what was learnt, and when.
    """

    model: str
    adapters: tuple[str, ...]
    lesson: Lesson


class LessonsFile:
    """What endpoints taught, by base URL, model and the adapters that were on.

    The set of adapters counts because another one may cope with what this one could not. Whatever is wrong
    with the file, no call fails for it; ``problem`` says it then. Several processes may use one file.

    Args:
        path: where the file is or will be.
        max_age_seconds: after this a lesson is not heeded any more, for backends get mended.
        now: gives Unix seconds.
    """

    def __init__(self, path: Path, *, max_age_seconds: float, now: Callable[[], float] = time.time) -> None:
        self.path = path
        self.max_age_seconds = max_age_seconds
        self.problem = ""
        """The first thing that went wrong, as a sentence; empty while nothing did."""
        self._now = now

    def memory_of(
        self, base_url: str, model: str, adapters: Iterable[str], *, secrets: Iterable[str] = ()
    ) -> EndpointMemory:
        """The memory for a call: it knows what is kept, and what it learns is kept at once.

        Args:
            base_url: of the endpoint. What is learnt of one with a password in it is not kept.
            model: the model to ask.
            adapters: the names of the adapters that are on.
            secrets: what must not get into the file.
        """
        endpoint = _Endpoint(_address(base_url), model, tuple(sorted(adapters)))
        lessons = self._young(self._read_or_report()).get(endpoint, {})
        return EndpointMemory(
            [Lesson(name, learned_at) for name, learned_at in lessons.items()],
            on_learn=partial(self._keep, endpoint, tuple(secrets)),
            now=self._now,
        )

    def lessons_of(self, base_url: str, model: str | None = None) -> tuple[KeptLesson, ...]:
        """What an endpoint taught and is still heeded, under whatever adapters.

        Args:
            base_url: of the endpoint.
            model: the model; None for all of them.
        """
        return _matching(self._young(self._read_or_report()), _address(base_url), model)

    def forget(self, base_url: str, model: str | None = None) -> tuple[KeptLesson, ...]:
        """Forgets what an endpoint taught, and gives what that was.

        Args:
            base_url: of the endpoint.
            model: the model; None for all of them.

        Raises:
            HermesError: the file cannot be read or written.
        """
        address = _address(base_url)
        found = self._read()
        if found.problem and not found.is_damaged:
            raise HermesError(found.problem)
        self._report(found.problem)
        forgotten: tuple[KeptLesson, ...] = ()

        def without(kept: _Kept) -> _Kept:
            nonlocal forgotten
            forgotten = _matching(kept, address, model)
            return {
                endpoint: lessons
                for endpoint, lessons in kept.items()
                if endpoint.base_url != address or model not in (None, endpoint.model)
            }

        if found.is_damaged or _matching(found.kept, address, model):
            # A damaged file goes with everything that it may have held.
            problem = self._change(without)
            if problem:
                raise HermesError(problem)
        return forgotten

    def _keep(self, endpoint: _Endpoint, secrets: Iterable[str], lesson: Lesson) -> None:
        """Adds a lesson to the file, unless it holds what a lesson should not."""
        redactor = Redactor(secrets)
        words = (endpoint.base_url, endpoint.model, lesson.name)
        if not all(_is_plain(word) and redactor.text(word) == word for word in words):
            return

        def with_lesson(kept: _Kept) -> _Kept:
            kept.setdefault(endpoint, {})[lesson.name] = lesson.learned_at
            return self._young(kept)

        self._report(self._change(with_lesson))

    def _young(self, kept: _Kept) -> _Kept:
        """Only what is heeded. A clock that ran ahead must not make a lesson immortal."""
        now, limit = self._now(), self.max_age_seconds
        young = {
            endpoint: {name: at for name, at in lessons.items() if abs(now - at) < limit}
            for endpoint, lessons in kept.items()
        }
        return {endpoint: lessons for endpoint, lessons in young.items() if lessons}

    def _read_or_report(self) -> _Kept:
        found = self._read()
        self._report(found.problem)
        return found.kept

    def _report(self, problem: str) -> None:
        self.problem = self.problem or problem

    def _read(self) -> _Found:
        try:
            data = _start_of(self.path)
        except FileNotFoundError:
            return _Found()
        except OSError as error:
            problem = f"{self.path} cannot be read, so what backends taught is not used: {_reason(error)}."
            return _Found(problem=problem)
        return self._parsed(data)

    def _parsed(self, data: bytes) -> _Found:
        problem = (
            f"{self.path} is damaged, so what backends taught is not used. "
            "`hermes providers show --forget` puts it aside."
        )
        damaged = _Found(problem=problem, is_damaged=True)
        if len(data) > _MAX_BYTES:
            return damaged
        try:
            if msgspec.json.decode(data, type=_Head).version > _VERSION:
                problem = f"{self.path} is from a newer Hermes, so what backends taught is not used."
                return _Found(problem=problem)
            return _Found(_kept_in(msgspec.json.decode(data, type=_Document)))
        except (ValueError, OverflowError, RecursionError):
            return damaged

    def _change(self, change: Callable[[_Kept], _Kept]) -> str:
        """Reads, changes and replaces the file while no other process does.

        Returns:
            What kept it from being written; empty where nothing did.
        """
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _locked(self.path.parent):
                found = self._read()
                if found.problem and not found.is_damaged:
                    return found.problem
                if found.is_damaged:
                    self.path.replace(self.path.with_name(f"{self.path.name}.damaged"))
                elif self.path.exists() and not self.path.stat().st_mode & stat.S_IWUSR:
                    # Its folder would let it be replaced, but somebody wants it to stay as it is.
                    raise PermissionError("it is read-only")
                self._replace(_encoded(change(found.kept)))
        except OSError as error:
            return f"{self.path} cannot be written, so what backends taught is not kept: {_reason(error)}."
        return ""

    def _replace(self, data: bytes) -> None:
        """Puts ``data`` in the place of the file in one step: a reader sees the old file or the new one."""
        descriptor, temporary = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            Path(temporary).replace(self.path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def _start_of(path: Path) -> bytes:
    """What a file holds, and of one that is too long as much as tells that."""
    descriptor = os.open(path, _OPEN_TO_READ)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("it is no file")
    with os.fdopen(descriptor, "rb") as file:
        return file.read(_MAX_BYTES + 1)


def _address(base_url: str) -> str:
    """The base URL in one spelling, without a query; empty for one that is not to be written down."""
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if not host or "@" in parts.netloc:
        return ""
    name = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return (
        f"{parts.scheme}://{name}{f':{port}' if port not in (None, default) else ''}{parts.path.rstrip('/')}"
    )


def _is_plain(text: str) -> bool:
    """Whether a text can stand in the file: a name of a usual length without control characters."""
    return 0 < len(text) <= _LONGEST and text.isprintable()


def _matching(kept: _Kept, address: str, model: str | None) -> tuple[KeptLesson, ...]:
    found = (
        KeptLesson(endpoint.model, endpoint.adapters, Lesson(name, learned_at))
        for endpoint, lessons in kept.items()
        if endpoint.base_url == address and model in (None, endpoint.model)
        for name, learned_at in lessons.items()
    )
    return tuple(sorted(found, key=lambda one: (one.model, one.adapters, one.lesson.learned_at)))


def _kept_in(document: _Document) -> _Kept:
    kept: _Kept = {}
    for record in document.endpoints:
        address = _address(record.base_url)
        if not address:
            continue
        endpoint = _Endpoint(address, record.model, tuple(sorted(record.adapters)))
        lessons = kept.setdefault(endpoint, {})
        for name, moment in record.lessons.items():
            if len(lessons) < _MAX_LESSONS and _is_plain(name):
                lessons[name] = moment.timestamp()
    return kept


def _encoded(kept: _Kept) -> bytes:
    """The file for ``kept``; where that is too much, without the endpoints that taught nothing of late."""
    latest = sorted(kept.items(), key=lambda item: max(item[1].values(), default=0.0))[-_MAX_ENDPOINTS:]
    while True:
        records = [
            _Record(
                endpoint.base_url,
                endpoint.model,
                list(endpoint.adapters),
                {name: datetime.fromtimestamp(int(at), UTC) for name, at in lessons.items()},
            )
            for endpoint, lessons in latest
        ]
        data = msgspec.json.format(msgspec.json.encode(_Document(_VERSION, records)), indent=2) + b"\n"
        if len(data) <= _MAX_BYTES or not latest:
            return data
        latest = latest[len(latest) // 2 + 1 :]


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keeps other processes from changing the file meanwhile.

    The lock is on the folder, so no lock file stays behind. A process that holds it and does not go on, say
    because it is stopped, holds up nobody for long.

    Raises:
        TimeoutError: another process did not let go.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        patience = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > patience:
                    raise TimeoutError("another process holds its lock") from None
                time.sleep(_LOCK_PAUSE)
            except OSError:
                break  # some network file systems know no locks
            else:
                break
        yield
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    if error.errno == errno.ELOOP:  # what O_NOFOLLOW makes of any link
        return "it is a link"
    return (error.strerror or str(error) or type(error).__name__).lower()
