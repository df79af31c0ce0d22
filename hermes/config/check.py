"""What ``hermes config check`` has to say about ``config.yaml`` and ``.env``."""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from hermes.config.api_modes import spoken_api_mode
from hermes.config.dotenv import Environment, read_environment, unreadable_lines
from hermes.config.expand import expand, how_to_set, references
from hermes.config.files import read_text_file
from hermes.config.load import problem_error, read_config_text, validate
from hermes.config.lookup import Source, entries_of, selected_entry, sources_of
from hermes.config.misspelt import keys_unknown_to_hermes, misspelt_keys
from hermes.config.models import Config, PluginsSection
from hermes.config.paths import config_path, env_path
from hermes.config.resolve import resolve_provider
from hermes.config.urls import normalise_base_url, origin_of
from hermes.config.yamltext import line_of, parse_yaml
from hermes.errors import ConfigError
from hermes.names import plugin_key, provider_key

__all__ = ["Finding", "check_config"]

Level = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Finding:
    """One remark about the configuration.

    Attributes:
        level: ``error`` keeps Hermes from working with the configured provider.
        where: the file, or the key path in ``config.yaml``.
        message: what is wrong, in a sentence.
        hint: what to do.
    """

    level: Level
    where: str
    message: str
    hint: str = ""


def check_config(home: Path | None = None, environ: Mapping[str, str] | None = None) -> list[Finding]:
    """Look at both files without calling a backend.

    Args:
        home: their folder; None takes ``$HERMES_HOME`` or its default.
        environ: the environment; None takes ``os.environ``.
    """
    findings: list[Finding] = []
    env = Environment({}, {}, env_path(home))
    try:
        env = read_environment(home, environ)
        findings += _dotenv_findings(env_path(home))
    except ConfigError as error:
        findings.append(_error(".env", error))
    path = config_path(home)
    try:
        text = read_config_text(path)
        data = parse_yaml(text, path)
    except ConfigError as error:
        return [_error("config.yaml", error), *findings]
    config, problems = validate(data)
    keys = list(_key_findings(data, text))
    if config is None:
        return [
            *(_error("config.yaml", problem_error(one, path, text)) for one in problems),
            *keys,
            *findings,
        ]
    return [
        *_provider_findings(config, env),
        *keys,
        *_entry_findings(config, env),
        *_plugin_findings(config.plugins),
        *_inline_key_findings(config, path),
        *findings,
    ]


def _error(where: str, error: ConfigError) -> Finding:
    return Finding("error", where, error.message, error.hint)


def _provider_findings(config: Config, env: Environment) -> Iterator[Finding]:
    """The provider that a call would use."""
    try:
        if resolve_provider(config, env) is None:
            yield Finding(
                "info",
                "model",
                "No provider is configured, so Hermes answers from its built-in demo backend.",
                "Set model.provider and model.base_url in config.yaml.",
            )
    except ConfigError as error:
        yield _error("model", error)
    section = config.model
    entry = selected_entry(config)
    if section.base_url is None or not section.names_provider:
        return
    if entry is not None:
        ours, theirs = _origin(section.base_url, env), _origin(entry.endpoint.base_url, env)
        if theirs is not None and ours != theirs:
            yield Finding(
                "warning",
                f"model.{section.written('base_url')}",
                f"`{entry.where}` has another base URL, and that one is used.",
                "Delete the one that you do not mean.",
            )
    elif provider_key(section.provider or "") not in {"custom", "openai", "openai-api"}:
        yield Finding(
            "warning",
            "model.provider",
            f"There is no entry for `{section.provider}`; Hermes uses what stands in `model`.",
            "Write `provider: custom`, or give it an entry in `providers`.",
        )


def _origin(written: str | None, env: Environment) -> object:
    try:
        return None if written is None else origin_of(normalise_base_url(expand(written, env, ""), ""))
    except ConfigError:
        return None


def _entry_findings(config: Config, env: Environment) -> Iterator[Finding]:
    """The entries that are not selected; what is wrong with them matters only to who selects them."""
    selected = selected_entry(config)
    for source in entries_of(config):
        if source != selected:
            yield from _unusable(source, env)
    times = Counter(provider_key(source.name) for source in entries_of(config))
    for name, count in times.items():
        if count > 1:
            yield Finding(
                "warning",
                "providers",
                f"{count} entries have the name `{name}`; the first one is used.",
                "Rename the others.",
            )


def _unusable(source: Source, env: Environment) -> Iterator[Finding]:
    endpoint = source.endpoint
    if endpoint.api_mode is not None:
        where = source.key_path("api_mode")
        try:
            spoken_api_mode(endpoint.api_mode, where)
        except ConfigError as error:
            yield Finding("warning", where, error.message, error.hint)
    if endpoint.base_url is not None:
        where = source.key_path("base_url")
        try:
            normalise_base_url(expand(endpoint.base_url, env, where), where)
        except ConfigError as error:
            yield Finding("warning", where, error.message, error.hint)
    names = {"key_env": [endpoint.key_env] if endpoint.key_env is not None else []}
    names["api_key"] = references(endpoint.api_key.text) if endpoint.api_key is not None else []
    for field, variables in names.items():
        for name in variables:
            # A name in unusual letters may be the key itself, so it stays out of the message.
            if env.value(name) is None:
                yield Finding(
                    "warning",
                    source.key_path(field),
                    f"The variable {name if name.isupper() else 'that is named there'} is not set.",
                    how_to_set(name, env) if name.isupper() else f"Set it in {env.path}.",
                )


def _plugin_findings(plugins: PluginsSection) -> Iterator[Finding]:
    disabled = {plugin_key(name) for name in plugins.disabled}
    for name in plugins.enabled:
        if plugin_key(name) in disabled:
            yield Finding(
                "warning",
                "plugins",
                f"The plugin `{name}` is both enabled and disabled, so it is disabled.",
                f"Run: hermes plugins enable {name}",
            )


def _inline_key_findings(config: Config, path: Path) -> Iterator[Finding]:
    for source in sources_of(config):
        key = source.endpoint.api_key
        if key is not None and not references(key.text) and _others_may_read(path):
            yield Finding(
                "warning",
                source.key_path("api_key"),
                f"A key stands in {path}, which other users of this machine may read.",
                f"Run: chmod 600 {path}",
            )
            return


def _dotenv_findings(path: Path) -> Iterator[Finding]:
    file = read_text_file(path)
    if file is None:
        return
    for line in unreadable_lines(file.text):
        yield Finding(
            "warning", ".env", f"{path}, line {line}: this is no NAME=value.", "Correct or delete the line."
        )
    if _others_may_read(path):
        yield Finding(
            "warning",
            ".env",
            f"Other users of this machine may read the keys in {path}.",
            f"Run: chmod 600 {path}",
        )


def _others_may_read(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _key_findings(data: Any, text: str) -> Iterator[Finding]:
    for path, near in misspelt_keys(data):
        yield Finding(
            "warning",
            f"line {line_of(text, path)}",
            f"Hermes does not read `{path[-1]}`.",
            f"Did you mean {near}?",
        )
    for path, _ in keys_unknown_to_hermes(data):
        if path[-1] == "key_cmd":
            yield Finding(
                "warning",
                f"line {line_of(text, path)}",
                "Hermes runs no `key_cmd`, so this provider has no key from it.",
                "Put the key into a variable and name it in key_env.",
            )
