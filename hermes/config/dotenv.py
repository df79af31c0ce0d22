"""The variables that a configuration may use: the environment, and below it ``.env``.

``.env`` is read, not loaded: its values never reach ``os.environ``, so no subprocess inherits a key.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from hermes.config.files import locked_folder, read_text_file, replace_file
from hermes.config.paths import env_path
from hermes.errors import ConfigError

if TYPE_CHECKING:
    from dotenv.parser import Binding

__all__ = ["Environment", "read_environment", "unreadable_lines", "write_env_value"]

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Environment(Mapping[str, str]):
    """Variables by name. Its repr shows no value.

    Args:
        environ: the process's environment, which wins.
        dotenv: the variables of ``.env``.
        path: where ``.env`` is or would be, for messages.
    """

    def __init__(
        self, environ: Mapping[str, str], dotenv: Mapping[str, str] | None = None, path: Path | None = None
    ) -> None:
        self._environ = dict(environ)
        self._dotenv = dict(dotenv or {})
        self.path = path if path is not None else env_path()

    def __getitem__(self, name: str) -> str:
        return self._environ[name] if name in self._environ else self._dotenv[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._dotenv, **self._environ})

    def __len__(self) -> int:
        return len({**self._dotenv, **self._environ})

    def __repr__(self) -> str:
        return f"Environment({len(self)} variables)"

    def value(self, name: str) -> str | None:
        """The value without blanks around it; None where it is unset or blank."""
        return self.get(name, "").strip() or None

    def origin(self, name: str) -> Literal["environment", ".env"] | None:
        """Where ``value(name)`` comes from; None where there is none."""
        if self.value(name) is None:
            return None
        return "environment" if name in self._environ else ".env"


def read_environment(home: Path | None = None, environ: Mapping[str, str] | None = None) -> Environment:
    """The variables of ``environ`` (default ``os.environ``) and of ``.env``.

    In ``.env``, ``${NAME}`` means a variable of the environment or of a line above, unless in single quotes.

    Raises:
        ConfigFileError: ``.env`` exists and cannot be read as UTF-8 text.
    """
    path = env_path(home)
    environ = os.environ if environ is None else environ
    file = read_text_file(path)
    values: dict[str, str] = {}
    for binding in _bindings(file.text if file is not None else ""):
        if binding.key is None or binding.value is None:
            continue
        value = binding.value
        if not _is_single_quoted(binding):
            value = _REFERENCE.sub(lambda found: environ.get(found[1], values.get(found[1], "")), value)
        values[binding.key] = value
    return Environment(environ, values, path)


def unreadable_lines(text: str) -> list[int]:
    """The numbers of the lines of a ``.env`` that are no ``NAME=value``."""
    return [binding.original.line for binding in _bindings(text) if binding.error]


def write_env_value(name: str, value: str, home: Path | None = None) -> None:
    """Set one variable in ``.env``; all other lines stay as they are, and only the owner may read the file.

    Raises:
        ConfigError: the name or the value cannot stand in a ``.env`` file.
        ConfigFileError: the file cannot be read or written.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            "The name of a variable in .env has letters, digits and _ only, and begins with no digit.",
            hint="Choose a name such as MY_API_KEY.",
        )
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise ConfigError(
            f"The value for {name} has a line break or another control character in it.",
            hint="Copy the value again, without the line break.",
        )
    path = env_path(home)
    with locked_folder(path):
        file = read_text_file(path)
        text = file.text if file is not None else ""
        new = _with_value(text, name, value)
        replace_file(path, file.encode(new) if file is not None else new.encode(), mode=0o600)


def _with_value(text: str, name: str, value: str) -> str:
    # Single quotes, because nothing in them is special but the quote and the backslash.
    line = f"{name}='" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    line_end = "\r\n" if "\r\n" in text else "\n"
    parts: list[str] = []
    written = False
    for binding in _bindings(text):
        original = binding.original.string
        if binding.key != name:
            parts.append(original)
            continue
        if not written:  # a later line of the same name would win over this one, so it goes
            before = re.match(r"\s*(?:export[^\S\r\n]+)?", original)
            parts.append((before[0] if before else "") + line + line_end)
            written = True
    if not written:
        if parts and not parts[-1].endswith(("\n", "\r")):
            parts.append(line_end)
        parts.append(line + line_end)
    return "".join(parts)


def _bindings(text: str) -> list[Binding]:
    if not text:
        return []  # many users have no file, and need not wait for its parser
    from dotenv.parser import parse_stream

    return list(parse_stream(io.StringIO(text, newline="")))


def _is_single_quoted(binding: Binding) -> bool:
    return binding.original.string.partition("=")[2].lstrip().startswith("'")
