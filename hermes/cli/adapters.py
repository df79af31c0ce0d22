"""The plugins as the configuration and the command line want them."""

from __future__ import annotations

from collections.abc import Iterable

from hermes.cli.output import prints_to_stderr
from hermes.config.models import Config
from hermes.config.resolve import ResolvedProvider
from hermes.errors import ConfigError
from hermes.names import nearest, plugin_key
from hermes.providers.known import KnownAdapter, adapter_at, adapter_called, own_adapters
from hermes.providers.manager import PluginManager

__all__ = ["backend_of", "named_backend", "plugin_manager"]

_NO_PROFILE = "none"


def plugin_manager(
    config: Config,
    *,
    enable: tuple[str, ...] = (),
    disable: tuple[str, ...] = (),
    provider: ResolvedProvider | None = None,
) -> PluginManager:
    """Loads what is enabled; the command line is stronger than the configuration.

    Hermes' own adapter for the backend of ``provider`` is switched on, unless the user disabled it. Another
    package's never is, but it may be hinted at. Hermes' own adapters that the configuration enables are for
    providers of which nothing else tells the backend.

    Args:
        config: the configuration.
        enable: names from the command line.
        disable: the same.
        provider: the provider of the call; None where there is no call.

    Raises:
        ConfigError: the provider names a profile that Hermes does not have.
    """
    by_hand = {plugin_key(name) for name in enable}
    off = [*(name for name in config.plugins.disabled if plugin_key(name) not in by_hand), *disable]
    on = list(config.plugins.enabled)
    backend = None
    if provider is not None:
        backend = backend_of(provider, enable)
        own = backend.adapter if backend is not None and backend.is_own else ""
        if own or provider.profile or provider.kind == "openai":
            on = [own, *(name for name in on if plugin_key(name) not in _for_one_backend())]
    # Backends of unknown manners get the lenient repairs; OpenAI's own needs none.
    if provider is None or provider.kind != "openai":
        on.insert(0, "lenient")
    with prints_to_stderr():
        return PluginManager(
            enabled=[*filter(None, on), *enable],
            disabled=off,
            suspected=None if backend is None or backend.is_own else backend,
        )


def backend_of(provider: ResolvedProvider, enable: Iterable[str] = ()) -> KnownAdapter | None:
    """The adapter that knows the backend of a provider; None for one of unknown manners.

    What the user wrote under ``profile`` counts first. Then what is switched on for the call: where an
    adapter for one backend is among it, none is added. Else the base URL and the provider's name tell.

    Args:
        provider: the provider.
        enable: names of plugins from the command line.

    Raises:
        ConfigError: the user named a profile that Hermes does not have.
    """
    if provider.profile:
        return named_backend(provider.profile, provider.profile_where)
    if provider.kind == "openai" or {plugin_key(name) for name in enable} & _for_one_backend():
        return None
    return adapter_at(provider.base_url, provider.name)


def _for_one_backend() -> set[str]:
    return {known.adapter for known in own_adapters()}


def named_backend(written: str, where: str) -> KnownAdapter | None:
    """The adapter that a ``profile`` of the configuration means; None for ``none``.

    Args:
        written: the name, in any spelling.
        where: its key path, for the message.

    Raises:
        ConfigError: Hermes has none of that name.
    """
    if plugin_key(written) == _NO_PROFILE:
        return None
    known = adapter_called(written)
    if known is not None and known.is_own:
        return known
    if known is not None:
        raise ConfigError(
            f"`{where}` names `{known.adapter}`, which is a plugin of its own.",
            hint=f"Take it out there, and run: hermes plugins enable {known.adapter}",
        )
    names = [known.adapter for known in own_adapters()]
    near = nearest(plugin_key(written), names)
    guess = f"Did you mean {near}? " if near else ""
    # Something long is no misspelt name, and may be a key on the wrong line.
    shown = f"`{written}`" if len(written) <= 24 else "a long text"
    raise ConfigError(
        f"`{where}` is {shown}, which is no profile that Hermes has.",
        hint=f"{guess}There are: {', '.join(names)}, and {_NO_PROFILE}.",
    )
