"""From the command line and the configuration to everything that a call needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from hermes.cli.adapters import plugin_manager
from hermes.cli.options import OneShot
from hermes.config.dotenv import read_environment
from hermes.config.load import load_config
from hermes.config.models import Config
from hermes.config.paths import lessons_path
from hermes.config.resolve import ResolvedProvider, resolve_provider
from hermes.names import plugin_key
from hermes.providers.manager import PluginManager, PluginState
from hermes.responses.sse import DEFAULT_MAX_FRAME_BYTES
from hermes.runtime.client import ClientKind, Endpoint
from hermes.runtime.deadlines import DeadlinePolicy, Speed, likely_speed
from hermes.runtime.lessons import LessonsFile
from hermes.runtime.recovery import RecoveryPolicy
from hermes.runtime.stream import CallOptions

__all__ = ["CallSetup", "set_up"]

_DAY: Final = 86400
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
        lessons: where what the backend teaches is kept; None where it is not.
        greeting: what the user should know before it starts.
        client: what sends the requests.
    """

    endpoint: Endpoint
    model: str
    plugins: PluginManager
    options: CallOptions
    lessons: LessonsFile | None = None
    greeting: tuple[str, ...] = ()
    client: ClientKind = "light"


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
        yield _remembering(_call_setup(wanted, config, provider, live=live), config.recovery.remember_days)
        return
    from hermes.cli.demo import DEMO_ADAPTER, demo_provider, greeting

    with demo_provider(wanted.model) as provider:
        installed = DEMO_ADAPTER in {plugin.name for plugin in PluginManager().plugins}
        off = {plugin_key(name) for name in (*wanted.disable, *config.plugins.disabled)}
        extra = (DEMO_ADAPTER,) if installed and DEMO_ADAPTER not in off else ()
        setup = _call_setup(wanted, config, provider, live=live, extra=extra)
        yield replace(setup, greeting=greeting(adapter_enabled=_is_enabled(setup.plugins, DEMO_ADAPTER)))


def _remembering(setup: CallSetup, days: float) -> CallSetup:
    """The call with what its backend taught in earlier sessions. The demo backend is a new one every time."""
    if not days:
        return setup
    lessons = LessonsFile(lessons_path(), max_age_seconds=days * _DAY)
    memory = lessons.memory_of(
        setup.endpoint.base_url,
        setup.model,
        (adapter.name for adapter in setup.plugins.adapters),
        secrets=setup.endpoint.secrets,
    )
    return replace(setup, options=replace(setup.options, memory=memory), lessons=lessons)


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
    plugins = plugin_manager(
        config, enable=(*extra, *wanted.enable), disable=wanted.disable, provider=provider
    )
    plugins.require_installed()
    for name in wanted.disable:
        plugins.find(name)
    told = dict(provider.deadlines)
    if wanted.timeout is not None:
        told["total"] = wanted.timeout
    speed = next((profile.speed for profile in plugins.profiles if profile.speed is not None), None)
    deadlines = _deadlines(told, provider.base_url, speed)
    endpoint = Endpoint(
        name=provider.name,
        base_url=provider.base_url,
        api_key=provider.api_key or "",
        headers=provider.extra_headers,
        deadlines=deadlines.for_request({}),
    )
    # A plain stream of text cannot take back what is written; the other forms can say so.
    retractable = wanted.json or not wanted.stream
    options = CallOptions(
        provider=provider.name,
        live=live,
        deadlines=deadlines,
        recovery=RecoveryPolicy(
            max_attempts=config.recovery.max_attempts,
            max_wait_seconds=config.recovery.max_wait_seconds,
            after_output=config.recovery.after_output if retractable else "keep",
        ),
        retractable=retractable,
        max_frame_bytes=provider.max_frame_bytes or DEFAULT_MAX_FRAME_BYTES,
        secrets=endpoint.secrets,
    )
    return CallSetup(endpoint, provider.model, plugins, options, client=provider.client)


def _deadlines(told: Mapping[str, float], base_url: str, speed: Speed | None = None) -> DeadlinePolicy:
    """How long the backend may take: what the user wrote, and for the rest how fast it is.

    Args:
        told: what the user wrote, in seconds by the runtime's names.
        base_url: where the backend is.
        speed: what is known of the backend; None guesses by where it is.
    """
    return DeadlinePolicy(
        speed=speed or likely_speed(base_url),
        told={name: min(seconds, _LONGEST) for name, seconds in told.items()},
    )
