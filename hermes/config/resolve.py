"""From a config, the variables and the command line to the one provider that a call uses.

Who gets which key:

- A key or header goes to the scheme, host and port that it is configured for, and to no other. ``--base-url``
  changes where a call goes, so it takes along the keys of sections with the same origin only; there is no
  variable for a key that fits all hosts.
- ``OPENAI_API_KEY`` goes to https://api.openai.com by itself, and elsewhere only where a section names it in
  ``key_env`` or ``${OPENAI_API_KEY}``.
- Without any key the request has no Authorization header.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from hermes.config.api_modes import API_MODE, spoken_api_mode
from hermes.config.dotenv import Environment
from hermes.config.expand import expand, how_to_set, references
from hermes.config.lookup import (
    CUSTOM,
    Choice,
    Source,
    choose_provider,
    configured_name,
    selected_entry,
    sources_of,
)
from hermes.config.models import Client, Config, ProviderEntry
from hermes.config.urls import OPENAI_BASE_URL, Origin, normalise_base_url, origin_of
from hermes.errors import ConfigError

__all__ = ["ResolvedProvider", "resolve_provider"]

_OPENAI_ORIGIN = origin_of(OPENAI_BASE_URL)
_OPENAI_KEY = "OPENAI_API_KEY"


@dataclass(frozen=True)
class ResolvedProvider:
    """Everything that a call needs to know about its backend.

    Attributes:
        name: as the user calls it; ``custom`` for a bare base URL.
        kind: ``openai`` for https://api.openai.com, ``custom`` for every other server.
        base_url: without a slash at the end.
        model: the model's name.
        api_mode: always ``codex_responses``.
        api_key: None sends no Authorization header.
        api_key_source: where the key comes from, for people; empty without a key.
        extra_headers: headers to send besides.
        deadlines: seconds by ``connect``, ``headers``, ``first_event``, ``idle_bytes``, ``idle_events`` and
            ``total``, where the user wrote any.
        max_frame_bytes: the limit of one SSE frame; None where the user wrote none.
        client: what sends the requests, ``light`` or ``openai``.
        profile: the name of the adapter that knows the backend, as the user wrote it; empty leaves it to
            what is known of the base URL and the name.
        profile_where: the key path of ``profile``, for messages.
    """

    name: str
    kind: str
    base_url: str
    model: str
    api_mode: str = API_MODE
    api_key: str | None = field(default=None, repr=False)
    api_key_source: str = ""
    extra_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    deadlines: Mapping[str, float] = field(default_factory=dict)
    max_frame_bytes: int | None = None
    client: Client = "light"
    profile: str = ""
    profile_where: str = ""


def resolve_provider(
    config: Config,
    env: Environment,
    *,
    provider: str | None = None,
    model: str | None = None,
    base_url: str | None = None,
) -> ResolvedProvider | None:
    """Decide which backend a call goes to.

    Args:
        config: the file.
        env: the variables that it may use.
        provider: ``--provider``.
        model: ``--model``.
        base_url: ``--base-url``; alone it makes a provider of its own, which keeps the configured model.

    Returns:
        The provider, or None where neither the file nor the command line describes one.

    Raises:
        UnknownProviderError: no provider has the name.
        UnsupportedApiModeError: it asks for a protocol that Hermes does not speak.
        ConfigError: something that it needs is missing or wrong.
    """
    if base_url and not provider:
        choice = _bare_choice(config, env, origin_of(normalise_base_url(base_url, "--base-url")))
    else:
        wanted = provider or configured_name(config)
        if wanted is None:
            return None
        where = "--provider" if provider else "`model.provider`"
        choice = choose_provider(config, wanted, where=where)
    url = normalise_base_url(base_url, "--base-url") if base_url else _base_url(choice, env)
    origin = origin_of(url)
    trusted = _trusted(config, choice, env, origin)
    headers = _headers(trusted, env)
    key, key_source = _api_key(trusted, env, origin, needed="authorization" not in map(str.lower, headers))
    model_name = _model(config, choice, env, model)
    profile, profile_where = _profile(choice.sources)
    return ResolvedProvider(
        name=choice.name,
        kind="openai" if origin == _OPENAI_ORIGIN else CUSTOM,
        base_url=url,
        model=model_name,
        # What a section says of its own endpoint says nothing about a bare --base-url.
        api_mode=API_MODE if base_url and not provider else _api_mode(choice.sources),
        api_key=key,
        api_key_source=key_source,
        extra_headers=MappingProxyType(headers),
        deadlines=MappingProxyType(_deadlines(choice.sources, model_name)),
        max_frame_bytes=next(
            (
                source.endpoint.max_frame_bytes
                for source in choice.sources
                if source.endpoint.max_frame_bytes is not None
            ),
            None,
        ),
        client=next(
            (source.endpoint.client for source in choice.sources if source.endpoint.client), config.client
        ),
        profile=profile,
        profile_where=profile_where,
    )


def _bare_choice(config: Config, env: Environment, origin: Origin) -> Choice:
    """``--base-url`` alone: the sections about the same server, the selected one before others."""
    sources = [source for source in sources_of(config) if _own_origin(source, env) == origin]
    selected = selected_entry(config)
    return Choice(CUSTOM, tuple(sorted(sources, key=lambda source: source != selected)), None, True)


def _base_url(choice: Choice, env: Environment) -> str:
    for source in choice.sources:
        written = source.endpoint.base_url
        if written is not None:
            where = source.key_path("base_url")
            return normalise_base_url(expand(written, env, where), where)
    if choice.base_url is not None:
        return choice.base_url
    if not choice.sources or choice.sources[0].where == "model":
        raise ConfigError(
            f"The provider `{choice.name}` has no base URL.",
            hint="Set model.base_url, or pass --base-url, as in http://127.0.0.1:2455/v1",
        )
    raise ConfigError(
        f"The provider `{choice.name}` has no base URL.",
        hint=f"Set {choice.sources[0].where}.base_url, as in http://127.0.0.1:2455/v1",
    )


def _own_origin(source: Source, env: Environment) -> Origin | None:
    """The origin of the section's own base URL; None where it has none, or none that can be used now."""
    if source.endpoint.base_url is None:
        return None
    try:
        return origin_of(normalise_base_url(expand(source.endpoint.base_url, env, ""), ""))
    except ConfigError:
        return None


def _trusted(config: Config, choice: Choice, env: Environment, origin: Origin) -> list[Source]:
    """The sections whose keys and headers may go to ``origin``."""
    own = [_own_origin(source, env) for source in choice.sources]
    built_in = origin_of(choice.base_url) if choice.base_url is not None else None
    # A section without a base URL is about the one that its provider has.
    shared = next((one for one in own if one is not None), built_in)
    trusted = []
    for source, one in zip(choice.sources, own, strict=True):
        if source.endpoint.base_url is not None:
            meant = one
        elif source.where == "model" and not config.model.names_provider:
            meant = None  # a key in `model:` that names neither a provider nor a server is for nobody we know
        else:
            meant = shared
        if meant == origin:
            trusted.append(source)
    return trusted or [source for source in sources_of(config) if _own_origin(source, env) == origin]


def _api_key(
    trusted: Sequence[Source], env: Environment, origin: Origin, *, needed: bool
) -> tuple[str | None, str]:
    for source in trusted:
        endpoint = source.endpoint
        if endpoint.api_key is not None:
            where = source.key_path("api_key")
            written = endpoint.api_key.text
            named = references(written)
            origins = f"{_origin_words(named[0], env)}" if named else f"config.yaml: {where}"
            return _sendable(expand(written, env, where), where), origins
        if endpoint.key_env is not None:
            where = source.key_path("key_env")
            value = env.value(endpoint.key_env)
            if value is None:
                raise _unset_key(endpoint.key_env, where, env)
            return _sendable(value, _shown(endpoint.key_env)), _origin_words(endpoint.key_env, env)
    if origin != _OPENAI_ORIGIN:
        return None, ""
    value = env.value(_OPENAI_KEY)
    if value is not None:
        return _sendable(value, _OPENAI_KEY), _origin_words(_OPENAI_KEY, env)
    if needed:
        raise ConfigError(
            f"api.openai.com needs a key, and {_OPENAI_KEY} is not set.", hint=how_to_set(_OPENAI_KEY, env)
        )
    return None, ""


def _origin_words(name: str, env: Environment) -> str:
    return f"{env.origin(name) or 'environment'}: {_shown(name)}"


def _unset_key(name: str, where: str, env: Environment) -> ConfigError:
    shown = _shown(name)
    if shown == name:
        return ConfigError(
            f"`{where}` in config.yaml names {name}, which is not set.", hint=how_to_set(name, env)
        )
    return ConfigError(
        f"`{where}` in config.yaml names a variable that is not set.",
        hint=f"It takes the name of a variable, such as MY_API_KEY; the key itself belongs in {env.path}.",
    )


def _shown(name: str) -> str:
    """The name of a variable, unless it does not look like one: people put the key itself there."""
    return name if re.fullmatch(r"[A-Z_][A-Z0-9_]*", name) else "a variable"


def _headers(trusted: Iterable[Source], env: Environment) -> dict[str, str]:
    headers: dict[str, tuple[str, str]] = {}
    for source in trusted:
        extra = source.endpoint.extra_headers or {}
        for name, secret in source.endpoint.headers.items():
            where = f"{source.key_path('extra_headers' if name in extra else 'default_headers')}.{name}"
            if name.lower() not in headers:
                value = _sendable(expand(secret.text, env, where), where)
                headers[name.lower()] = (name, value)
    return dict(headers.values())


def _sendable(value: str, where: str) -> str:
    if value.isascii() and value.isprintable():
        return value
    raise ConfigError(
        f"`{where}` has a character in it that an HTTP header cannot carry.",
        hint="Copy the value again: look for a line break, a blank or a typographic quote.",
    )


def _api_mode(sources: Iterable[Source]) -> str:
    for source in sources:
        if source.endpoint.api_mode is not None:
            return spoken_api_mode(source.endpoint.api_mode, source.key_path("api_mode"))
    return API_MODE


def _profile(sources: Iterable[Source]) -> tuple[str, str]:
    """The profile that the strongest section names, and its key path."""
    for source in sources:
        if source.endpoint.profile is not None:
            return source.endpoint.profile, source.key_path("profile")
    return "", ""


def _model(config: Config, choice: Choice, env: Environment, flag: str | None) -> str:
    if flag:
        return flag
    entries = [*choice.sources, selected_entry(config)] if choice.is_configured else choice.sources
    written = [
        (source.endpoint.default_model, source.key_path("default_model"))
        for source in entries
        if source is not None and isinstance(source.endpoint, ProviderEntry)
    ]
    default = (config.model.default, f"model.{config.model.written('default')}")
    order = [default, *written] if choice.is_configured else [*written, default]
    for name, where in order:
        if name is not None:
            return expand(name, env, where)
    raise ConfigError(
        f"No model is chosen for the provider `{choice.name}`.",
        hint="Pass it with -m NAME, or set model.default in config.yaml.",
    )


def _deadlines(sources: Sequence[Source], model: str) -> dict[str, float]:
    merged: dict[str, float] = {}
    for source in reversed(sources):
        merged |= source.endpoint.deadlines()
    for source in reversed(sources):
        if isinstance(source.endpoint, ProviderEntry) and source.endpoint.models:
            override = source.endpoint.models.get(model)
            merged |= override.deadlines() if override is not None else {}
    return merged
