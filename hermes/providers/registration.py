"""Checks a plugin object against the contract and makes an adapter of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from types import NoneType
from typing import Any

import pluggy

from hermes.errors import PluginLoadError
from hermes.names import nearest
from hermes.providers import hookspecs
from hermes.providers.contract import API_VERSION, Profile
from hermes.providers.dispatch import Adapter
from hermes.providers.markers import PROJECT_NAME

__all__ = ["HOOK_NAMES", "Registry"]

HOOK_NAMES = tuple(hookspecs.__all__)


class Registry:
    """pluggy's registry with Hermes' specs."""

    def __init__(self) -> None:
        self._pluggy = pluggy.PluginManager(PROJECT_NAME)
        self._pluggy.add_hookspecs(hookspecs)

    def register(self, plugin: object, name: str) -> Adapter:
        """Registers a plugin object.

        Args:
            plugin: a module or an object.
            name: the name under which users know it.

        Raises:
            PluginLoadError: it does not keep the contract; the message says what and where.
        """
        self._check_attributes(plugin)
        self._check_hook_names(plugin)
        try:
            self._pluggy.register(plugin, name)
        except (pluggy.PluginValidationError, ValueError) as error:
            if self._pluggy.has_plugin(name):
                self._pluggy.unregister(name=name)
            raise PluginLoadError(" ".join(str(error).split())) from None
        return Adapter(
            name=name,
            priority=getattr(plugin, "priority", 0),
            event_types=tuple(getattr(plugin, "event_types", ())),
            hooks=self._hooks(plugin),
            profile=getattr(plugin, "profile", None),
        )

    def _check_attributes(self, plugin: object) -> None:
        if inspect.isroutine(plugin):
            raise PluginLoadError("it is a function; name a module, a class or an object")
        version = getattr(plugin, "api_version", None)
        if type(version) is not int or version != API_VERSION:
            told = "names no api_version" if version is None else f"is written for contract {version!r}"
            raise PluginLoadError(f"it {told}; this Hermes speaks contract {API_VERSION}")
        name = getattr(plugin, "name", None)
        if not isinstance(name, str) or not name:
            raise PluginLoadError("it has no `name`")
        priority = getattr(plugin, "priority", 0)
        if not isinstance(priority, int) or isinstance(priority, bool):
            raise PluginLoadError(f"its `priority` is {priority!r}, not a whole number")
        if not isinstance(getattr(plugin, "profile", None), (Profile, NoneType)):
            raise PluginLoadError("its `profile` is no Profile")
        self._check_event_types(getattr(plugin, "event_types", ()))

    def _check_event_types(self, types: object) -> None:
        if isinstance(types, str) or not isinstance(types, (Sequence, AbstractSet)):
            raise PluginLoadError("its `event_types` is not a list of event types")
        for entry in types:
            if not isinstance(entry, str) or not entry:
                raise PluginLoadError("its `event_types` holds something that is no event type")
            if "*" in entry[:-1]:
                raise PluginLoadError(f"its event type `{entry}` has a `*` that is not at the end")

    def _check_hook_names(self, plugin: object) -> None:
        for attribute in dir(plugin):
            if attribute.startswith("__"):
                continue
            options = self._pluggy.parse_hookimpl_opts(plugin, attribute)
            if options is None:
                if attribute in HOOK_NAMES and callable(getattr(plugin, attribute)):
                    raise PluginLoadError(f"its `{attribute}` lacks the marker @hookimpl")
                continue
            hook = options.get("specname") or attribute
            if hook not in HOOK_NAMES:
                near = nearest(hook, HOOK_NAMES)
                raise PluginLoadError(
                    f"it has a hook `{hook}` that Hermes does not know"
                    + (f"; did you mean `{near}`?" if near else "")
                )
            if options.get("hookwrapper") or options.get("wrapper"):
                raise PluginLoadError(f"its `{hook}` is a wrapper; adapters are asked one by one, unwrapped")
            if inspect.iscoroutinefunction(getattr(plugin, attribute)):
                raise PluginLoadError(f"its `{hook}` is async; hooks are plain functions")
            if hook == "normalize_stream_event" and not getattr(plugin, "event_types", ()):
                raise PluginLoadError(f"it has `{hook}` and no `event_types`, so it is never asked")

    def _hooks(self, plugin: object) -> dict[str, Callable[..., Any]]:
        hooks: dict[str, Callable[..., Any]] = {}
        for hook in HOOK_NAMES:
            caller = getattr(self._pluggy.hook, hook)
            spec_names = caller.spec.argnames
            for implementation in caller.get_hookimpls():
                if implementation.plugin is plugin:
                    # pluggy leaves an argument with a default out of `argnames` and would never pass it.
                    names = [*implementation.argnames, *implementation.kwargnames]
                    hooks[hook] = _with_spec_arguments(implementation.function, names, spec_names)
        return hooks


def _with_spec_arguments(
    function: Callable[..., Any], names: Sequence[str], spec_names: Sequence[str]
) -> Callable[..., Any]:
    """The function as one that takes all arguments of the spec: an implementation may leave some out."""
    parameters = inspect.signature(function).parameters
    by_keyword = [name for name, parameter in parameters.items() if parameter.kind is parameter.KEYWORD_ONLY]
    if list(names) == list(spec_names) and not by_keyword:
        return function
    taken = [(name, spec_names.index(name)) for name in [*names, *by_keyword] if name in spec_names]
    return lambda *arguments: function(**{name: arguments[place] for name, place in taken})
