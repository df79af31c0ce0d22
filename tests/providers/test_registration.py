"""What a plugin object must be to become an adapter."""

from __future__ import annotations

import types
from typing import Any

import pytest

from hermes.errors import PluginLoadError
from hermes.providers.contract import Event, hookimpl
from hermes.providers.registration import HOOK_NAMES, Registry


def plugin(**attributes: Any) -> object:
    """A module-like plugin that keeps the contract but for what is given here."""
    fields = {"name": "acme", "api_version": 1, **attributes}
    return types.SimpleNamespace(**{name: value for name, value in fields.items() if value is not Ellipsis})


@hookimpl
def drop(event: Any, context: Any) -> Any:
    return []


@hookimpl
def classify_stream_error(failure: Any, context: Any) -> Any:
    return None


@hookimpl
def wrong_arguments(failure: Any, request: Any) -> Any:
    return None


@hookimpl
def too_many(event: Any, context: Any, attempt: Any) -> Any:
    return None


def unmarked(event: Any, context: Any) -> Any:
    return []


@hookimpl(wrapper=True)
def wrapping(event: Any, context: Any) -> Any:
    return (yield)


@hookimpl
async def waiting(event: Any, context: Any) -> Any:
    return None


@hookimpl(specname="normalise_stream_event")
def misnamed(event: Any) -> Any:
    return None


@hookimpl(specname="normalize_stream_event")
def renamed(event: Any) -> Any:
    return []


NORMALIZE = {"event_types": ("acme.*",)}
BREACHES = [
    ({"api_version": ...}, "it names no api_version; this Hermes speaks contract 1"),
    ({"api_version": 2}, "it is written for contract 2; this Hermes speaks contract 1"),
    ({"api_version": "1"}, "it is written for contract '1'; this Hermes speaks contract 1"),
    ({"api_version": True}, "it is written for contract True; this Hermes speaks contract 1"),
    ({"name": ...}, "it has no `name`"),
    ({"name": ""}, "it has no `name`"),
    ({"name": 5}, "it has no `name`"),
    ({"priority": "high"}, "its `priority` is 'high', not a whole number"),
    ({"priority": 1.5}, "its `priority` is 1.5, not a whole number"),
    ({"priority": True}, "its `priority` is True, not a whole number"),
    ({"priority": None}, "its `priority` is None, not a whole number"),
    ({"event_types": "acme.*"}, "its `event_types` is not a list of event types"),
    ({"event_types": 5}, "its `event_types` is not a list of event types"),
    ({"event_types": {"acme.*": True}}, "its `event_types` is not a list of event types"),
    ({"event_types": [""]}, "its `event_types` holds something that is no event type"),
    ({"event_types": [None]}, "its `event_types` holds something that is no event type"),
    ({"event_types": ["acme.*.done"]}, "its event type `acme.*.done` has a `*` that is not at the end"),
    (
        {"normalize_stream_event": drop},
        "it has `normalize_stream_event` and no `event_types`, so it is never asked",
    ),
    ({"other": renamed}, "it has `normalize_stream_event` and no `event_types`, so it is never asked"),
    (
        {"classify_stream_eror": classify_stream_error},
        (
            "it has a hook `classify_stream_eror` that Hermes does not know; "
            "did you mean `classify_stream_error`?"
        ),
    ),
    ({"frobnicate": drop}, "it has a hook `frobnicate` that Hermes does not know"),
    (
        {"other": misnamed},
        (
            "it has a hook `normalise_stream_event` that Hermes does not know; "
            "did you mean `normalize_stream_event`?"
        ),
    ),
    (
        {**NORMALIZE, "normalize_stream_event": unmarked},
        "its `normalize_stream_event` lacks the marker @hookimpl",
    ),
    (
        {**NORMALIZE, "normalize_stream_event": wrapping},
        "its `normalize_stream_event` is a wrapper; adapters are asked one by one, unwrapped",
    ),
    (
        {**NORMALIZE, "normalize_stream_event": waiting},
        "its `normalize_stream_event` is async; hooks are plain functions",
    ),
    (
        {"classify_stream_error": wrong_arguments},
        (
            "Plugin 'acme' for hook 'classify_stream_error' hookimpl definition: "
            "wrong_arguments(failure: 'Any', request: 'Any') -> 'Any' "
            "Argument(s) {'request'} are declared in the hookimpl but can not be found in the hookspec"
        ),
    ),
    (
        {**NORMALIZE, "normalize_stream_event": too_many},
        (
            "Plugin 'acme' for hook 'normalize_stream_event' hookimpl definition: "
            "too_many(event: 'Any', context: 'Any', attempt: 'Any') -> 'Any' "
            "Argument(s) {'attempt'} are declared in the hookimpl but can not be found in the hookspec"
        ),
    ),
]


@pytest.mark.parametrize(("attributes", "message"), BREACHES)
def test_a_breach_of_the_contract_is_named(attributes: dict[str, Any], message: str) -> None:
    registry = Registry()
    with pytest.raises(PluginLoadError) as caught:
        registry.register(plugin(**attributes), "acme")
    assert caught.value.message == message
    # The registry holds nothing of it: the name is free for another try.
    assert registry.register(plugin(), "acme").hooks == {}


def test_the_hooks_of_the_contract() -> None:
    assert HOOK_NAMES == (
        "classify_stream_error",
        "fallback_request",
        "normalize_stream_event",
        "observe_headers",
        "prepare_request",
        "repair_stream_event",
    )


def test_what_an_adapter_keeps() -> None:
    adapter = Registry().register(
        plugin(priority=-3, event_types=["a", "b.*"], classify_stream_error=classify_stream_error), "acme"
    )
    assert (adapter.name, adapter.priority, adapter.event_types) == ("acme", -3, ("a", "b.*"))
    assert list(adapter.hooks) == ["classify_stream_error"]


def test_event_types_may_be_a_set() -> None:
    assert Registry().register(plugin(event_types={"acme.*"}), "acme").event_types == ("acme.*",)


def test_a_factory_is_no_adapter() -> None:
    with pytest.raises(PluginLoadError, match="it is a function; name a module, a class or an object"):
        Registry().register(plugin, "acme")


def test_priority_and_event_types_may_be_left_out() -> None:
    adapter = Registry().register(plugin(), "acme")
    assert (adapter.priority, adapter.event_types) == (0, ())


EVENT, CONTEXT, VIOLATION = object(), object(), object()


@hookimpl(specname="repair_stream_event")
def only_the_event(event: Any) -> Any:
    return event


@hookimpl(specname="repair_stream_event")
def none_at_all() -> Any:
    return "called"


@hookimpl(specname="repair_stream_event")
def other_order(context: Any, event: Any, violation: Any) -> Any:
    return (context, event, violation)


@hookimpl(specname="repair_stream_event")
def with_defaults(event: Any, mine: str = "mine", context: Any = None) -> Any:
    return (event, mine, context)


@hookimpl(specname="repair_stream_event")
def by_keyword_only(*, violation: Any, event: Any, context: Any) -> Any:
    return (event, context)


@pytest.mark.parametrize(
    ("hook", "answer"),
    [
        (by_keyword_only, (EVENT, CONTEXT)),
        (only_the_event, EVENT),
        (none_at_all, "called"),
        (other_order, (CONTEXT, EVENT, VIOLATION)),
        (with_defaults, (EVENT, "mine", CONTEXT)),
    ],
)
def test_arguments_by_name(hook: Any, answer: Any) -> None:
    adapter = Registry().register(plugin(repair=hook), "acme")
    assert adapter.hooks["repair_stream_event"](VIOLATION, EVENT, CONTEXT) == answer


def test_methods_of_an_object() -> None:
    class Acme:
        name = "acme"
        api_version = 1
        event_types = ("acme.*",)

        @hookimpl
        def normalize_stream_event(self, event: Event) -> list[Event]:
            return [event, event]

        @staticmethod
        @hookimpl
        def observe_headers(headers: Any) -> None:
            raise LookupError(headers)

    adapter = Registry().register(Acme(), "acme")
    event = Event("acme.x", {})
    assert adapter.hooks["normalize_stream_event"](event, None) == [event, event]
    with pytest.raises(LookupError, match="h"):
        adapter.hooks["observe_headers"]("h", None)


def test_one_object_under_two_names() -> None:
    registry = Registry()
    adapter = plugin()
    registry.register(adapter, "acme")
    with pytest.raises(PluginLoadError, match="already registered"):
        registry.register(adapter, "other")
