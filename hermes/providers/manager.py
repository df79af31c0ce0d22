"""Which plugins there are, which are enabled, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib import import_module
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points
from inspect import isclass

from hermes.errors import PluginLoadError, UnknownPluginError
from hermes.names import nearest, plugin_key
from hermes.providers.contract import EndpointMemory, Notice, Profile, RateLimits
from hermes.providers.dispatch import Adapter, CallDispatch
from hermes.providers.faults import fault
from hermes.providers.known import OWN_PACKAGE, KnownAdapter, adapter_for, adapter_named, own_adapters
from hermes.providers.registration import Registry

__all__ = ["ENTRY_POINT_GROUP", "PluginInfo", "PluginManager", "PluginState"]

ENTRY_POINT_GROUP = "hermes.adapters"

_GENERAL = ("builtin", "lenient")
_OWN_MODULES = "hermes.providers.adapters"


class PluginState(StrEnum):
    """What became of a plugin."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    AUTOMATIC = "automatic"
    """One of Hermes' own that is switched on by itself where its backend is known."""
    NOT_INSTALLED = "not installed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """One plugin as ``hermes plugins list`` shows it.

    Attributes:
        name: the name under which it is enabled.
        state: what became of it.
        reason: why, for ``failed`` and ``not installed``.
        distribution: the package that offers it; ``OWN_PACKAGE`` for Hermes' own.
        version: of that package.
        adapter: the loaded adapter; None where it is not loaded.
    """

    name: str
    state: PluginState
    reason: str = ""
    distribution: str = ""
    version: str = ""
    adapter: Adapter | None = None

    @property
    def is_own(self) -> bool:
        """Whether it comes with Hermes."""
        return self.distribution == OWN_PACKAGE


class PluginManager:
    """The typed facade over discovery, pluggy and the states of plugins.

    Installed is not enabled: a third-party module is imported only when its name is in ``enabled``.

    Args:
        enabled: names of plugins to switch on, in any spelling.
        disabled: names that win over ``enabled``; ``lenient`` can be switched off so, ``builtin`` cannot.
        suspected: the adapter that probably knows the backend; it is not switched on, but may be hinted at.
        discover: gives the entry points of the group; for tests.
    """

    def __init__(
        self,
        enabled: Iterable[str] = (),
        disabled: Iterable[str] = (),
        *,
        suspected: KnownAdapter | None = None,
        discover: Callable[[], Iterable[EntryPoint]] | None = None,
    ) -> None:
        wanted = {plugin_key(name): name for name in enabled}
        off = {plugin_key(name) for name in disabled} - {"builtin"}
        self._overruled = off & wanted.keys()
        self._suspected = suspected
        self._registry = Registry()
        self._plugins: dict[str, PluginInfo] = {}
        self._load_own(wanted, off)
        own = frozenset(self._plugins)
        self._impostors: list[PluginInfo] = []
        offered = _offered((discover or _installed)())
        for key in sorted(offered):
            if key in own:
                self._impostors += [_impostor(point) for point in offered[key]]
                continue
            enable = key in wanted and key not in off
            self._plugins[key] = self._load_offered(offered[key], enable=enable)
        for key, name in wanted.items():
            if key not in self._plugins and key not in off:
                reason = "no installed package offers it"
                self._plugins[key] = PluginInfo(name, PluginState.NOT_INSTALLED, reason)

    @property
    def plugins(self) -> tuple[PluginInfo, ...]:
        """Every plugin that is installed or enabled: Hermes' own, then the others by name.

        Last come packages that offer a plugin under a name of Hermes' own: they are never imported.
        """
        return (*self._plugins.values(), *self._impostors)

    @property
    def adapters(self) -> tuple[Adapter, ...]:
        """The adapters that are enabled and loaded."""
        return tuple(plugin.adapter for plugin in self._plugins.values() if plugin.adapter is not None)

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """What is known of the backend: the profiles of the enabled adapters, the first asked first."""
        ordered = sorted(self.adapters, key=lambda adapter: (-adapter.priority, adapter.name))
        return tuple(adapter.profile for adapter in ordered if adapter.profile is not None)

    def find(self, name: str) -> PluginInfo:
        """The plugin of that name, in any spelling.

        Raises:
            UnknownPluginError: there is none.
        """
        plugin = self._plugins.get(plugin_key(name))
        if plugin is None or plugin.state is PluginState.NOT_INSTALLED:
            raise self._unknown(name)
        return plugin

    def require_installed(self) -> None:
        """Refuses to work while an enabled plugin is not installed.

        Raises:
            UnknownPluginError: names the first one, the nearest installed name, and what to type.
        """
        for plugin in self._plugins.values():
            if plugin.state is PluginState.NOT_INSTALLED:
                raise self._unknown(plugin.name)

    def adapter_hint(self, event_type: str, headers: Iterable[str]) -> str:
        """What to type to enable the adapter that knows a backend by these traces; may be empty."""
        traced = adapter_for(event_type, headers)
        known = traced or self._suspected
        plugin = self._plugins.get(plugin_key(known.adapter)) if known is not None else None
        if known is None or (plugin is not None and plugin.state is PluginState.ENABLED):
            return ""
        adapter = f"adapter `{known.adapter}` knows"
        knows = f"The {adapter} this backend and keeps its streams"
        if traced is None:
            knows = f"If this is {known.names[0]}, the {adapter} it and keeps its streams"
        if plugin is not None and plugin.state is PluginState.FAILED:
            return f"{knows}, but it cannot be used: {plugin.reason}."
        if plugin_key(known.adapter) in self._overruled:
            return f"{knows}; it is switched off for this call."
        installed = plugin is not None and plugin.state is PluginState.DISABLED
        install = "" if installed else f"`pip install {known.package}`, then "
        return f"{knows}: {install}`hermes plugins enable {known.adapter}`."

    def begin_call(
        self,
        *,
        provider: str,
        model: str,
        memory: EndpointMemory,
        on_report: Callable[[RateLimits | Notice], None],
    ) -> CallDispatch:
        """The dispatch of hooks for one model call."""
        return CallDispatch(self.adapters, provider=provider, model=model, memory=memory, on_report=on_report)

    def _load_own(self, wanted: Mapping[str, str], off: set[str]) -> None:
        """Imports those of Hermes' own that are in use: there are many, and start-up time counts."""
        from hermes import __version__

        singles = [known.adapter for known in own_adapters()]
        for name in (*_GENERAL, *singles):
            info = PluginInfo(name, PluginState.ENABLED, distribution=OWN_PACKAGE, version=__version__)
            if name in off or (name == "lenient" and name not in wanted):
                info = replace(info, state=PluginState.DISABLED)
            elif name in singles and name not in wanted:
                info = replace(info, state=PluginState.AUTOMATIC)
            else:
                module = import_module(f"{_OWN_MODULES}.{name}")
                plugin = getattr(module, "adapter", module)
                info = replace(info, adapter=self._registry.register(plugin, name))
            self._plugins[name] = info

    def _load_offered(self, points: list[EntryPoint], *, enable: bool) -> PluginInfo:
        point = points[0]
        package, version = _distribution(point)
        info = PluginInfo(point.name, PluginState.DISABLED, distribution=package, version=version)
        if not enable:
            return info
        try:
            if len(points) > 1:
                packages = sorted({_distribution(point)[0] or "a package without a name" for point in points})
                raise PluginLoadError(f"this name is offered more than once: {', '.join(packages)}")
            adapter = self._load(point)
        except PluginLoadError as error:
            return replace(info, state=PluginState.FAILED, reason=error.message)
        return replace(info, state=PluginState.ENABLED, adapter=adapter)

    def _load(self, point: EntryPoint) -> Adapter:
        """Imports and registers what an entry point names.

        Raises:
            PluginLoadError: whatever went wrong in the third party's module, in one line.
        """
        try:
            plugin = point.load()
            return self._registry.register(plugin() if isclass(plugin) else plugin, point.name)
        except (PluginLoadError, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - the border to other people's code, sys.exit() included
            raise PluginLoadError(f"its import raised {fault(error)}") from None

    def _unknown(self, name: str) -> UnknownPluginError:
        key = plugin_key(name)
        known = adapter_named(key)
        installed = {k: p.name for k, p in self._plugins.items() if p.state is not PluginState.NOT_INSTALLED}
        near = nearest(key, installed)
        if known is not None:
            hint = f"`pip install {known.package}` installs it. "
        else:
            hint = f"Did you mean `{installed[near]}`? " if near else ""
        return UnknownPluginError(
            f"No plugin named `{name}` is installed.",
            hint=f"{hint}`hermes plugins list` shows what is installed.",
        )


def _installed() -> Iterable[EntryPoint]:
    """The entry points of the group; a package whose metadata is damaged hides no other one's."""
    try:
        return entry_points(group=ENTRY_POINT_GROUP)
    except Exception:  # noqa: BLE001 - the border to other people's packages
        return [point for distribution in distributions() for point in _entry_points_of(distribution)]


def _entry_points_of(distribution: Distribution) -> Iterable[EntryPoint]:
    try:
        return distribution.entry_points.select(group=ENTRY_POINT_GROUP)
    except Exception:  # noqa: BLE001 - the same
        return ()


def _distribution(point: EntryPoint) -> tuple[str, str]:
    """The name and version of the package that offers an entry point; empty where its metadata is damaged."""
    try:
        # `name` and `version` of a distribution parse its metadata once more each.
        metadata = point.dist.metadata if point.dist else None
        return (metadata["Name"] or "", metadata["Version"] or "") if metadata else ("", "")
    except Exception:  # noqa: BLE001 - the same
        return "", ""


def _impostor(point: EntryPoint) -> PluginInfo:
    package, version = _distribution(point)
    reason = "the name belongs to a plugin of Hermes' own"
    return PluginInfo(point.name, PluginState.FAILED, reason, distribution=package, version=version)


def _offered(points: Iterable[EntryPoint]) -> dict[str, list[EntryPoint]]:
    """The entry points by plugin key, each package's once."""
    offered: dict[str, list[EntryPoint]] = {}
    seen: set[tuple[str, str, str]] = set()
    for point in points:
        # An editable install beside a wheel on the path lists the same entry point twice.
        identity = (plugin_key(point.name), _distribution(point)[0], point.value)
        if identity not in seen:
            seen.add(identity)
            offered.setdefault(identity[0], []).append(point)
    return offered
