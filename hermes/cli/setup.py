"""From the command line and the configuration to everything that a call needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from hermes.cli.adapters import plugin_manager
from hermes.cli.options import OneShot
from hermes.config.dotenv import read_environment
from hermes.config.load import load_config
from hermes.config.models import Config
from hermes.config.resolve import ResolvedProvider, resolve_provider
from hermes.names import plugin_key
from hermes.providers.manager import PluginManager, PluginState
from hermes.responses.sse import DEFAULT_MAX_FRAME_BYTES
from hermes.runtime.client import Endpoint
from hermes.runtime.deadlines import Deadlines
from hermes.runtime.recovery import RecoveryPolicy
from hermes.runtime.stream import CallOptions

__all__ = ["CallSetup", "set_up"]

_LONGEST: Final = 1e9
"""Seconds: some thirty years, which is what a clock can wait."""


@dataclass(frozen=True, slots=True)
class CallSetup:
    """Everything that a call needs.

    Attributes:
        endpoint: where the backend is.
        model: the model to ask.
        plugins: the adapters.
        options: how the call is made.
        greeting: what the user should know before it starts.
    """

    endpoint: Endpoint
    model: str
    plugins: PluginManager
    options: CallOptions
    greeting: tuple[str, ...] = ()


@contextmanager
def set_up(wanted: OneShot, *, live: bool) -> Iterator[CallSetup]:
    """Reads the configuration and prepares the call; without a provider, with the demo backend.

    Raises:
        ConfigError: the configuration, a provider or a plugin is wrong.
    """
    config = load_config()
    provider = resolve_provider(
        config, read_environment(), provider=wanted.provider, model=wanted.model, base_url=wanted.base_url
    )
    if provider is not None:
        yield _call_setup(wanted, config, provider, live=live)
        return
    from hermes.cli.demo import DEMO_ADAPTER, demo_provider, greeting

    with demo_provider(wanted.model) as provider:
        installed = DEMO_ADAPTER in {plugin.name for plugin in PluginManager().plugins}
        off = {plugin_key(name) for name in (*wanted.disable, *config.plugins.disabled)}
        extra = (DEMO_ADAPTER,) if installed and DEMO_ADAPTER not in off else ()
        setup = _call_setup(wanted, config, provider, live=live, extra=extra)
        yield replace(setup, greeting=greeting(adapter_enabled=_is_enabled(setup.plugins, DEMO_ADAPTER)))


def _is_enabled(plugins: PluginManager, name: str) -> bool:
    return any(plugin.name == name and plugin.state is PluginState.ENABLED for plugin in plugins.plugins)


def _call_setup(
    wanted: OneShot,
    config: Config,
    provider: ResolvedProvider,
    *,
    live: bool,
    extra: tuple[str, ...] = (),
) -> CallSetup:
    # Backends of unknown manners get the lenient repairs; OpenAI's own needs none.
    plugins = plugin_manager(
        config,
        enable=(*extra, *wanted.enable),
        disable=wanted.disable,
        lenient=provider.kind != "openai",
    )
    plugins.require_installed()
    for name in wanted.disable:
        plugins.find(name)
    told = dict(provider.deadlines)
    if wanted.timeout is not None:
        told["total"] = wanted.timeout
    deadlines = _deadlines(told)
    endpoint = Endpoint(
        name=provider.name,
        base_url=provider.base_url,
        api_key=provider.api_key or "",
        headers=provider.extra_headers,
        deadlines=deadlines,
    )
    options = CallOptions(
        provider=provider.name,
        live=live,
        deadlines=deadlines,
        recovery=RecoveryPolicy(
            max_attempts=config.recovery.max_attempts,
            max_wait_seconds=config.recovery.max_wait_seconds,
            # A plain stream of text cannot take back what is written; the other forms can say so.
            after_output="keep" if wanted.stream and not wanted.json else config.recovery.after_output,
        ),
        max_frame_bytes=provider.max_frame_bytes or DEFAULT_MAX_FRAME_BYTES,
        secrets=endpoint.secrets,
    )
    return CallSetup(endpoint, provider.model, plugins, options)


def _deadlines(told: dict[str, float]) -> Deadlines:
    """What the user wrote always wins: a longer limit for the whole call lifts the shorter ones in it."""
    told = {name: min(seconds, _LONGEST) for name, seconds in told.items()}
    deadlines = replace(Deadlines(), **told)
    total = told.get("total")
    if total is None:
        return deadlines
    lifted = {
        name: max(total, getattr(deadlines, name))
        for name in ("first_event", "idle_bytes", "idle_events")
        if name not in told
    }
    return replace(deadlines, **lifted)
