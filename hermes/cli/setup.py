"""From the command line and the configuration to everything that a call needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from hermes.cli.options import OneShot
from hermes.config.dotenv import read_environment
from hermes.config.load import load_config
from hermes.config.models import Config
from hermes.config.resolve import ResolvedProvider, resolve_provider
from hermes.providers.manager import PluginManager
from hermes.providers.names import plugin_key
from hermes.responses.sse import DEFAULT_MAX_FRAME_BYTES
from hermes.runtime.client import Endpoint
from hermes.runtime.deadlines import Deadlines
from hermes.runtime.recovery import RecoveryPolicy
from hermes.runtime.stream import CallOptions

__all__ = ["CallSetup", "plugin_manager", "set_up"]


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
        enable = installed and DEMO_ADAPTER not in off
        extra = (DEMO_ADAPTER,) if enable else ()
        setup = _call_setup(wanted, config, provider, live=live, extra=extra)
        yield replace(setup, greeting=greeting(adapter_enabled=enable))


def plugin_manager(
    config: Config, *, enable: tuple[str, ...] = (), disable: tuple[str, ...] = (), lenient: bool = True
) -> PluginManager:
    """The plugins as the configuration and the command line want them; the command line is stronger."""
    by_hand = {plugin_key(name) for name in enable}
    configured = [name for name in config.plugins.disabled if plugin_key(name) not in by_hand]
    return PluginManager(
        enabled=(*(("lenient",) if lenient else ()), *config.plugins.enabled, *enable),
        disabled=(*configured, *disable),
    )


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
            after_output=config.recovery.after_output,
        ),
        max_frame_bytes=provider.max_frame_bytes or DEFAULT_MAX_FRAME_BYTES,
        secrets=endpoint.secrets,
    )
    return CallSetup(endpoint, provider.model, plugins, options)


def _deadlines(told: dict[str, float]) -> Deadlines:
    """What the user wrote always wins: a longer limit for the whole call lifts the shorter ones in it."""
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
