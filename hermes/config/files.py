"""Reading and replacing a small text file, with errors for people."""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hermes.errors import ConfigFileError

__all__ = ["TextFile", "locked_folder", "read_text_file", "replace_file"]

_BOM = codecs.BOM_UTF8


@dataclass(frozen=True)
class TextFile:
    """The content of a file, without its byte order mark.

    Attributes:
        raw: the bytes as they are on the disk.
        text: the decoded text; line ends as they are in the file.
    """

    raw: bytes
    text: str

    def encode(self, text: str) -> bytes:
        """The bytes of ``text`` with the byte order mark that this file has, or without one."""
        return (_BOM if self.raw.startswith(_BOM) else b"") + text.encode()


def read_text_file(path: Path) -> TextFile | None:
    """Read a UTF-8 file.

    Returns:
        The content, or None where there is no such file.

    Raises:
        ConfigFileError: there is something, but it is not readable as UTF-8 text.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        raise ConfigFileError(
            f"{path} is a folder, but Hermes expects a file there.",
            hint="Move the folder away, or set HERMES_HOME to another folder.",
        ) from None
    except PermissionError:
        raise ConfigFileError(
            f"{path} cannot be read: permission denied.",
            hint=f"Make it yours and readable: chmod u+r {path}",
        ) from None
    except OSError as error:
        raise ConfigFileError(f"{path} cannot be read: {_reason(error)}.") from None
    return TextFile(raw, _decode(raw, path))


def _decode(raw: bytes, path: Path) -> str:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ConfigFileError(
            f"{path} is saved as UTF-16, but Hermes reads UTF-8.", hint="Save the file as UTF-8."
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigFileError(
            f"{path}, line {line}: the file is not UTF-8 text.", hint="Save the file as UTF-8."
        ) from None


def replace_file(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Put ``content`` in the place of ``path`` in one step: a reader sees the old file or the new one.

    A symbolic link stays one, and its target is replaced. Missing folders are made, for the owner only.

    Args:
        path: the file.
        content: all of its new bytes.
        mode: the permissions; None keeps those of the existing file, and gives a new file 0600.

    Raises:
        ConfigFileError: the file cannot be written; the old one is as it was.
    """
    target = Path(os.path.realpath(path))
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        old = target.stat() if target.exists() else None
        descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                if old is not None and (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
                    # Under sudo the file stays its owner's; who may not give it away keeps it.
                    with contextlib.suppress(PermissionError):
                        os.fchown(file.fileno(), old.st_uid, old.st_gid)
                kept = stat.S_IMODE(old.st_mode) if old is not None else 0o600
                os.fchmod(file.fileno(), kept if mode is None else mode)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigFileError(
            f"{path} cannot be written: {_reason(error)}.",
            hint=f"See that you may write to the folder {target.parent} and that its disk has room.",
        ) from None


@contextlib.contextmanager
def locked_folder(path: Path) -> Iterator[None]:
    """Keep other Hermes processes from editing files beside ``path`` meanwhile.

    The lock is on the folder itself, so no lock file stays behind; the kernel drops it when a process dies.
    """
    folder = Path(os.path.realpath(path)).parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise ConfigFileError(f"The folder {folder} cannot be used: {_reason(error)}.") from None
    try:
        # Some network file systems know no locks; the caller's second look at the file still protects it.
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
