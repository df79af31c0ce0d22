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
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SecretStr,
    model_validator,
)
from pydantic_core import PydanticCustomError

__all__ = [
    "Config",
    "Deadlines",
    "Endpoint",
    "ModelSection",
    "NamedProvider",
    "PluginsSection",
    "ProviderEntry",
    "RecoverySection",
    "Section",
]


def _expected(words: str) -> PydanticCustomError:
    """A refusal; ``words`` say what is expected, and ``hermes.config.invalid`` makes a sentence of them."""
    return PydanticCustomError("hermes_expected", "{expected}", {"expected": words})


def _is_unset(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


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
        raise _expected("a number of seconds above 0, such as 30")
    return number


def _seconds_or_zero(value: Any) -> float:
    number = _number(value)
    if number is None or number < 0:
        raise _expected("a number of seconds, 0 or more")
    return number


def _days(value: Any) -> float:
    number = _number(value)
    if number is None or not 0 <= number <= 3650:
        raise _expected("a number of days from 0 to 3650")
    return number


def _byte_count(value: Any) -> int:
    number = _number(value)
    if number is None or number < 1 or number != int(number):
        raise _expected("a whole number of bytes above 0, such as 268435456")
    return int(number)


def _attempts(value: Any) -> int:
    number = _number(value)
    if number is None or not 1 <= number <= 10 or number != int(number):
        raise _expected("a whole number from 1 to 10")
    return int(number)


def _header_name(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", value):
        raise _expected("a header name made of letters, digits and -")
    return value


def _header_value(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _expected("text; put quotes around it")
    return str(value)


def _variable_name(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value.strip()):
        raise _expected("the name of an environment variable, such as MY_API_KEY, and not the key itself")
    return value.strip()


def _without_unset(value: Any) -> Any:
    """Leave out what is unset; keys become text, since YAML reads ``404:`` as a number."""
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items() if not _is_unset(item)}
    if isinstance(value, list):
        return [item for item in value if not _is_unset(item)]
    return value


def _entries(value: Any) -> Any:
    """``name:`` with nothing below it is an entry that says nothing yet."""
    if isinstance(value, Mapping):
        return {str(key): {} if _is_unset(item) else item for key, item in value.items()}
    return value


def _overrides(value: Any) -> Any:
    """``models`` as a list of names, a list of mappings or a mapping; here it is a mapping from the name."""
    if isinstance(value, list):
        named = [
            (item.get("id") or item.get("name") or item.get("model"), item)
            if isinstance(item, Mapping)
            else (item, {})
            for item in value
        ]
        return {name: item for name, item in named if isinstance(name, str) and name}
    if isinstance(value, Mapping):
        return {str(key): item if isinstance(item, Mapping) else {} for key, item in value.items()}
    return value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _spelled(*names: str, repr: bool = True) -> Any:  # noqa: A002 - the word that pydantic and dataclasses use
    """An optional field that users write under any of ``names``."""
    spellings = dict.fromkeys(form for name in names for form in (name, _camel(name)))
    return Field(default=None, validation_alias=AliasChoices(*spellings), repr=repr)


Seconds = Annotated[float, BeforeValidator(_seconds)]
ByteCount = Annotated[int, BeforeValidator(_byte_count)]
VariableName = Annotated[str, BeforeValidator(_variable_name)]
Headers = Annotated[
    dict[Annotated[str, BeforeValidator(_header_name)], Annotated[SecretStr, BeforeValidator(_header_value)]],
    BeforeValidator(_without_unset),
]
PluginNames = Annotated[list[str], BeforeValidator(_without_unset)]


class Section(BaseModel):
    """A mapping of the file, of which Hermes reads the keys that it knows."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, str_strip_whitespace=True
    )

    _written: dict[str, str] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(data, Mapping):
            return handler(data)
        present = {key: value for key, value in data.items() if isinstance(key, str) and not _is_unset(value)}
        section = handler(present)
        for name in cls.model_fields:
            section._written[name] = next((key for key in cls.spellings(name) if key in present), name)
        return section

    @classmethod
    def spellings(cls, name: str) -> tuple[str, ...]:
        """The keys that mean the field ``name``, the strongest first."""
        alias = cls.model_fields[name].validation_alias
        if isinstance(alias, AliasChoices):
            return tuple(choice for choice in alias.choices if isinstance(choice, str))
        return (name,)

    @classmethod
    def known_keys(cls) -> frozenset[str]:
        """All keys of this section that Hermes reads."""
        return frozenset(key for name in cls.model_fields for key in cls.spellings(name))

    def written(self, name: str) -> str:
        """The field ``name`` in the user's own spelling."""
        return self._written.get(name, name)


class Deadlines(Section):
    """How long Hermes waits; None leaves it to the runtime's defaults."""

    request_timeout_seconds: Seconds | None = _spelled("request_timeout_seconds", "timeout_seconds")
    """For a whole call."""
    connect_timeout_seconds: Seconds | None = _spelled("connect_timeout_seconds")
    headers_timeout_seconds: Seconds | None = _spelled("headers_timeout_seconds")
    """Until the headers of a streamed answer."""
    first_event_timeout_seconds: Seconds | None = _spelled("first_event_timeout_seconds")
    idle_timeout_seconds: Seconds | None = _spelled(
        "idle_timeout_seconds", "stale_timeout_seconds", "stream_idle_timeout_seconds"
    )
    """Between two bytes of a stream."""
    event_idle_timeout_seconds: Seconds | None = _spelled("event_idle_timeout_seconds")
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
    base_url: str | None = _spelled("base_url", "api_base", "url", "api", repr=False)
    api_key: SecretStr | None = _spelled("api_key")
    key_env: VariableName | None = _spelled("key_env", "api_key_env", repr=False)
    api_mode: str | None = _spelled("api_mode", "transport")
    profile: str | None = _spelled("profile")
    """The name of the adapter that knows the backend; ``none`` for a backend of unknown manners."""
    extra_headers: Headers | None = _spelled("extra_headers")
    default_headers: Headers | None = _spelled("default_headers")
    max_frame_bytes: ByteCount | None = _spelled("max_frame_bytes")

    @property
    def headers(self) -> dict[str, SecretStr]:
        """Both kinds of headers; ``extra_headers`` is stronger."""
        return {**(self.default_headers or {}), **(self.extra_headers or {})}


class ModelSection(Endpoint):
    """``model:``. As plain text it is a model's name, slashes included, as in ``openai/gpt-5.4``."""

    default: str | None = _spelled("default", "model", "name", "model_name")
    provider: str | None = _spelled("provider")

    @property
    def names_provider(self) -> bool:
        """Whether ``provider`` says which one; ``auto`` does not."""
        return self.provider is not None and self.provider.lower() != "auto"


class ProviderEntry(Endpoint):
    """One entry of ``providers:``."""

    default_model: str | None = _spelled("default_model", "model")
    models: Annotated[dict[str, Deadlines], BeforeValidator(_overrides)] | None = _spelled("models")
    """Deadlines for single models."""


class NamedProvider(ProviderEntry):
    """One entry of the list ``custom_providers:``."""

    name: str


class PluginsSection(Section):
    """``plugins:``. A name in both lists is disabled."""

    enabled: PluginNames = Field(default_factory=list)
    disabled: PluginNames = Field(default_factory=list)


class RecoverySection(Section):
    """``recovery:``: what to do when a call ends badly."""

    after_output: Literal["keep", "restart"] = "keep"
    max_attempts: Annotated[int, BeforeValidator(_attempts)] = 3
    max_wait_seconds: Annotated[float, BeforeValidator(_seconds_or_zero)] = 60.0
    remember_days: Annotated[float, BeforeValidator(_days)] = 7.0
    """How long what a backend taught is heeded; 0 keeps nothing."""


def _model_section(value: Any) -> Any:
    return {"default": value} if isinstance(value, str) else value


class Config(Section):
    """``config.yaml``."""

    model: Annotated[ModelSection, BeforeValidator(_model_section)] = Field(default_factory=ModelSection)
    providers: Annotated[dict[str, ProviderEntry], BeforeValidator(_entries)] = Field(default_factory=dict)
    custom_providers: Annotated[list[NamedProvider], BeforeValidator(_without_unset)] = Field(
        default_factory=list
    )
    plugins: PluginsSection = Field(default_factory=PluginsSection)
    recovery: RecoverySection = Field(default_factory=RecoverySection)

    @model_validator(mode="before")
    @classmethod
    def _adopt_root_keys(cls, data: Any) -> Any:
        """Some files have ``provider`` and ``base_url`` beside ``model`` instead of in it."""
        if not isinstance(data, Mapping):
            return data
        strays = {
            key: data[key]
            for key in ("provider", "base_url", "api_base")
            if isinstance(data.get(key), str) and not _is_unset(data[key])
        }
        section = data.get("model")
        section = {} if _is_unset(section) else _model_section(section)
        if not strays or not isinstance(section, Mapping):
            return data
        filled = {key: value for key, value in section.items() if not _is_unset(value)}
        return {**data, "model": {**strays, **filled}}
