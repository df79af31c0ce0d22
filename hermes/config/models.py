"""The shape of ``config.yaml``: the sections that Hermes reads, in every spelling that users have.

Rules of all sections:

- A key without a value, with ``null`` or with blank text counts as left out: so are the templates that people
  start from.
- Where several spellings of one key have a value, the first in the order given here wins.
- Every key is also accepted in camelCase (``baseUrl``, ``keyEnv``).
- Other keys belong to somebody else and are ignored.
- ``${NAME}`` is replaced when a value is used and not before, so an unset variable of one provider is in
  nobody else's way.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, Self

from hermes.config.invalid import InvalidValueError, Problem, refused
from hermes.config.section import (
    A_MAPPING,
    Secret,
    Section,
    choice,
    exactly,
    is_unset,
    list_of,
    mapping_of,
    read_each,
    secret,
    spelled,
    text,
)

__all__ = [
    "Client",
    "Config",
    "Deadlines",
    "Endpoint",
    "ModelSection",
    "NamedProvider",
    "PluginsSection",
    "ProviderEntry",
    "RecoverySection",
]

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})

Client = Literal["light", "openai"]
"""What sends the requests: httpx2 alone, or the openai SDK."""
_client: Final = choice("light", "openai")


def _number(value: Any) -> float | None:
    """A finite number, also one in quotes; None for everything else, and for true and false."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _seconds(value: Any) -> float:
    number = _number(value)
    if number is None or number <= 0:
        raise refused(value, "a number of seconds above 0, such as 30")
    return number


def _seconds_or_zero(value: Any) -> float:
    number = _number(value)
    if number is None or number < 0:
        raise refused(value, "a number of seconds, 0 or more")
    return number


def _days(value: Any) -> float:
    number = _number(value)
    if number is None or not 0 <= number <= 3650:
        raise refused(value, "a number of days from 0 to 3650")
    return number


def _byte_count(value: Any) -> int:
    number = _number(value)
    if number is None or number < 1 or number != int(number):
        raise refused(value, "a whole number of bytes above 0, such as 268435456")
    return int(number)


def _attempts(value: Any) -> int:
    number = _number(value)
    if number is None or not 1 <= number <= 10 or number != int(number):
        raise refused(value, "a whole number from 1 to 10")
    return int(number)


def _variable_name(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value.strip()):
        raise refused(
            value, "the name of an environment variable, such as MY_API_KEY, and not the key itself"
        )
    return value.strip()


def _headers(value: Any) -> dict[str, Secret]:
    if not isinstance(value, Mapping):
        raise refused(value, A_MAPPING)
    named = {str(name): item for name, item in value.items() if not is_unset(item)}
    return dict(read_each(((name, (name, item)) for name, item in named.items()), _header))


def _header(item: tuple[str, Any]) -> tuple[str, Secret]:
    name, value = item
    problems: list[Problem] = []
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name):
        problems.append(Problem((), "a header name made of letters, digits and -", about="key"))
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        problems += refused(value, "text; put quotes around it").problems
    if problems:
        raise InvalidValueError(*problems)
    return name, Secret(str(value).strip())


def _deadline(*names: str) -> Any:
    return spelled(*names, read=_seconds)


class Deadlines(Section):
    """How long Hermes waits; None leaves it to the runtime's defaults."""

    request_timeout_seconds: float | None = _deadline("request_timeout_seconds", "timeout_seconds")
    """For a whole call."""
    connect_timeout_seconds: float | None = _deadline("connect_timeout_seconds")
    headers_timeout_seconds: float | None = _deadline("headers_timeout_seconds")
    """Until the headers of a streamed answer."""
    first_event_timeout_seconds: float | None = _deadline("first_event_timeout_seconds")
    idle_timeout_seconds: float | None = _deadline(
        "idle_timeout_seconds", "stale_timeout_seconds", "stream_idle_timeout_seconds"
    )
    """Between two bytes of a stream."""
    event_idle_timeout_seconds: float | None = _deadline("event_idle_timeout_seconds")
    """Between two events of a stream."""

    def deadlines(self) -> dict[str, float]:
        """What the user wrote, under the runtime's names."""
        named = {
            "connect": self.connect_timeout_seconds,
            "headers": self.headers_timeout_seconds,
            "first_event": self.first_event_timeout_seconds,
            "idle_bytes": self.idle_timeout_seconds,
            "idle_events": self.event_idle_timeout_seconds,
            "total": self.request_timeout_seconds,
        }
        return {name: seconds for name, seconds in named.items() if seconds is not None}


class Endpoint(Deadlines):
    """How to reach a backend: what ``model:`` and the entries of providers have in common."""

    # A URL may hold a password before it is refused, so it stays out of the repr.
    base_url: str | None = spelled("base_url", "api_base", "url", "api", shown=False)
    api_key: Secret | None = spelled("api_key", read=secret)
    key_env: str | None = spelled("key_env", "api_key_env", read=_variable_name, shown=False)
    api_mode: str | None = spelled("api_mode", "transport")
    profile: str | None = spelled("profile")
    """The name of the adapter that knows the backend; ``none`` for a backend of unknown manners."""
    extra_headers: Mapping[str, Secret] | None = spelled("extra_headers", read=_headers)
    default_headers: Mapping[str, Secret] | None = spelled("default_headers", read=_headers)
    max_frame_bytes: int | None = spelled("max_frame_bytes", read=_byte_count)
    client: Client | None = spelled("client", read=_client)

    @property
    def headers(self) -> dict[str, Secret]:
        """Both kinds of headers; ``extra_headers`` is stronger."""
        return {**(self.default_headers or {}), **(self.extra_headers or {})}


class ModelSection(Endpoint):
    """``model:``. As plain text it is a model's name, slashes included, as in ``openai/gpt-5.4``."""

    default: str | None = spelled("default", "model", "name", "model_name")
    provider: str | None = spelled("provider")

    @property
    def names_provider(self) -> bool:
        """Whether ``provider`` says which one; ``auto`` does not."""
        return self.provider is not None and self.provider.lower() != "auto"


def _model_deadlines(value: Any) -> dict[str, Deadlines]:
    """``models`` as a list of names, a list of mappings or a mapping from the name."""
    if isinstance(value, list):
        named = [
            (item.get("id") or item.get("name") or item.get("model"), item)
            if isinstance(item, Mapping)
            else (item, {})
            for item in value
        ]
        value = {name: item for name, item in named if isinstance(name, str) and name}
    elif isinstance(value, Mapping):
        value = {key: item if isinstance(item, Mapping) else {} for key, item in value.items()}
    return mapping_of(Deadlines.read)(value)


class ProviderEntry(Endpoint):
    """One entry of ``providers:``."""

    default_model: str | None = spelled("default_model", "model")
    models: Mapping[str, Deadlines] | None = spelled("models", read=_model_deadlines)
    """Deadlines for single models."""


class NamedProvider(ProviderEntry):
    """One entry of the list ``custom_providers:``."""

    name: str = exactly("name")


class PluginsSection(Section):
    """``plugins:``. A name in both lists is disabled."""

    enabled: tuple[str, ...] = exactly("enabled", read=list_of(text), default=())
    disabled: tuple[str, ...] = exactly("disabled", read=list_of(text), default=())


class RecoverySection(Section):
    """``recovery:``: what to do when a call ends badly."""

    after_output: Literal["keep", "restart"] = exactly(
        "after_output", read=choice("keep", "restart"), default="keep"
    )
    max_attempts: int = exactly("max_attempts", read=_attempts, default=3)
    max_wait_seconds: float = exactly("max_wait_seconds", read=_seconds_or_zero, default=60.0)
    remember_days: float = exactly("remember_days", read=_days, default=7.0)
    """How long what a backend taught is heeded; 0 keeps nothing."""


def _model_section(value: Any) -> ModelSection:
    return ModelSection.read(_named(value))


def _named(value: Any) -> Any:
    return {"default": value} if isinstance(value, str) else value


def _providers(value: Any) -> dict[str, ProviderEntry]:
    """``name:`` with nothing below it is an entry that says nothing yet."""
    if isinstance(value, Mapping):
        value = {key: {} if is_unset(item) else item for key, item in value.items()}
    return mapping_of(ProviderEntry.read)(value)


class Config(Section):
    """``config.yaml``."""

    model: ModelSection = exactly("model", read=_model_section, default=ModelSection())
    providers: Mapping[str, ProviderEntry] = exactly("providers", read=_providers, default=_NOTHING)
    custom_providers: tuple[NamedProvider, ...] = exactly(
        "custom_providers", read=list_of(NamedProvider.read), default=()
    )
    plugins: PluginsSection = exactly("plugins", read=PluginsSection.read, default=PluginsSection())
    recovery: RecoverySection = exactly("recovery", read=RecoverySection.read, default=RecoverySection())
    client: Client = exactly("client", read=_client, default="light")
    """For every provider whose own section says nothing else."""

    @classmethod
    def read(cls, data: Any) -> Self:
        """Reads the file. Some have ``provider`` and ``base_url`` beside ``model`` instead of in it.

        Raises:
            InvalidValueError: with everything that is wrong.
        """
        if not isinstance(data, Mapping):
            return super().read(data)
        strays = {
            key: data[key]
            for key in ("provider", "base_url", "api_base")
            if isinstance(data.get(key), str) and not is_unset(data[key])
        }
        section = data.get("model")
        section = {} if is_unset(section) else _named(section)
        if strays and isinstance(section, Mapping):
            filled = {key: value for key, value in section.items() if not is_unset(value)}
            data = {**data, "model": {**strays, **filled}}
        return super().read(data)
