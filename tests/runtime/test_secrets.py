"""A marked key and a marked header are sought wherever a secret could come out."""

from __future__ import annotations

import html
import json
import logging
import traceback
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from hermes.errors import CallError
from hermes.providers.contract import (
    AdapterContext,
    Event,
    Failure,
    Notice,
    Request,
    Verdict,
    Violation,
    hookimpl,
)
from hermes.providers.manager import PluginManager
from hermes.runtime.client import Endpoint, build_client
from hermes.runtime.recovery import RecoveryPolicy
from hermes.runtime.redaction import Redactor
from hermes.runtime.stream import CallOptions, run_call
from hermes.testing.backend import LoopbackBackend
from hermes.testing.frames import comment, event
from hermes.testing.replies import event_stream, http_error, raw_answer
from hermes.testing.scenario import Reply, Scenario
from hermes.testing.scenarios.common import HALF_WAY, ONLY_CREATED
from hermes.testing.wire import created, frames, good_stream

from .conftest import REQUEST
from .helpers import plugins_with, run_with, served

# It holds what JSON, HTML and URLs escape.
KEY = 'sk-MARK/ed+key="&<1>'
TOKEN = "MARKed-token-in-a-header"
COOKED = ("MARK", "sk-", "token-in-a-header")


class Spy:
    """An adapter that has every hook and keeps everything it is shown."""

    name = "spy"
    api_version = 1
    priority = 50
    event_types = ("*",)

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.hooks: set[str] = set()

    def _note(self, hook: str, *arguments: Any) -> None:
        self.hooks.add(hook)
        self.seen.append(arguments)

    @hookimpl
    def normalize_stream_event(self, event: Event, context: AdapterContext) -> Sequence[Event] | None:
        self._note("normalize_stream_event", event, everything(context))
        return None

    @hookimpl
    def repair_stream_event(
        self, violation: Violation, event: Event, context: AdapterContext
    ) -> Sequence[Event] | None:
        self._note("repair_stream_event", violation, event, everything(context))
        return None

    @hookimpl
    def classify_stream_error(self, failure: Failure, context: AdapterContext) -> Verdict | None:
        self._note("classify_stream_error", failure, failure.detail, failure.body, everything(context))
        return None

    @hookimpl
    def fallback_request(self, request: Request, verdict: Verdict, context: AdapterContext) -> None:
        self._note("fallback_request", dict(request), verdict, everything(context))

    @hookimpl
    def observe_headers(self, headers: Mapping[str, str], context: AdapterContext) -> None:
        self._note("observe_headers", dict(headers), everything(context))


def everything(context: AdapterContext) -> dict[str, Any]:
    return {name: getattr(context, name) for name in AdapterContext.__slots__ if name != "on_report"}


def echo(secret: str) -> dict[str, Reply]:
    """Backends that repeat what they were sent, each in another place."""
    words = f"Incorrect API key provided: {secret}."
    said = {"code": "invalid_api_key", "message": words, "param": secret}
    headers = (("x-request-id", secret), ("x-echo", f"Bearer {secret}"))
    failed = {"type": "response.failed", "response": {"status": "failed", "error": said}}
    ended = {"type": "response.incomplete", "response": {"incomplete_details": {"reason": secret}}}
    hello = event("vendor.hello", key=secret, nested=[{"key": [secret]}])
    return {
        "json-error": http_error(401, words, code=secret, param=secret),
        "detail": page(json.dumps({"detail": words}).replace("/", "\\/"), "text/plain", 401),
        "json-in-json": http_error(401, json.dumps({"error": {"message": words}})),
        "plain-text": page(words, "text/plain", 401),
        "html": page(f"<html><title>{secret}</title>{words}</html>", "text/html", 200),
        "html-error": page(f"<html><title>No {html.escape(secret)}</title>", "text/html", 502),
        "response-headers": http_error(401, "no", headers=headers),
        "headers-of-a-good-stream": event_stream(*good_stream(), headers=headers),
        "error-event": event_stream(*ONLY_CREATED, event("error", error=said, key=secret)),
        "flat-error-event": event_stream(*ONLY_CREATED, event("error", **said)),
        "response-failed": event_stream(*ONLY_CREATED, *frames([failed])),
        "late-error-event": event_stream(*HALF_WAY, event("error", error=said)),
        "prelude": event_stream(hello, *good_stream()),
        "event-type": event_stream(event(f"vendor.{secret}", key=1), *good_stream()),
        "created": event_stream(*frames([created(instructions=secret, metadata={secret: secret})])),
        "comment": event_stream(comment(secret), *HALF_WAY),
        "damaged": event_stream(f"data: {{{secret}\n\n".encode()),
        "text-200": page(f"{'x' * 190}{secret} is no key", "text/plain", 200),
        "incomplete": event_stream(*ONLY_CREATED, *frames([ended])),
        "retry": http_error(503, words, headers=(("retry-after", "1"),)),
    }


def page(text: str, content_type: str, status: int) -> Reply:
    return raw_answer(text.encode(), content_type=content_type, status=status)


CASES = [(name, secret) for secret in (KEY, TOKEN) for name in echo(secret)]


@pytest.fixture(autouse=True)
def logs(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


def marks(text: str) -> list[str]:
    return [mark for mark in COOKED if mark in text]


@pytest.mark.parametrize("spied", [False, True], ids=["unseen", "spied"])
@pytest.mark.parametrize("live", [False, True], ids=["buffered", "live"])
@pytest.mark.parametrize(
    ("name", "secret"), CASES, ids=[f"{n}-{'key' if s == KEY else 'token'}" for n, s in CASES]
)
def test_no_secret_comes_out(
    name: str, secret: str, live: bool, spied: bool, logs: pytest.LogCaptureFixture
) -> None:
    spy = Spy()
    # What an adapter is shown has lost its secrets already, so the way without one has to be tried as well.
    plugins = plugins_with(spy) if spied else PluginManager()
    with LoopbackBackend(served(echo(secret)[name])) as backend:
        headers = {"X-Forward-Auth": f"Bearer {TOKEN}", "X-Title": "Hermes"}
        endpoint = Endpoint("custom", backend.base_url, api_key=KEY, headers=headers)
        client = build_client(endpoint)
        ended = run_with(client, live=live, plugins=plugins, secrets=endpoint.secrets)
        client.close()
    sent = backend.requests[0].headers
    assert (sent["authorization"], sent["x-forward-auth"]) == (f"Bearer {KEY}", f"Bearer {TOKEN}")

    assert marks(repr(spy.seen)) == []
    assert marks(repr(ended.events)) == []
    if ended.result is not None:
        told = [ended.result.reason, ended.result.hint, ended.result.attempts, ended.result.notices]
        assert marks(repr(told)) == []
    if ended.error is not None:
        assert marks("".join(traceback.format_exception(ended.error))) == []
        assert (
            marks(repr([ended.error.message, ended.error.hint, ended.error.verdict, ended.error.attempts]))
            == []
        )
        assert ended.error.__cause__ is None
        assert ended.error.__context__ is None
    assert marks(repr(endpoint)) == []
    # httpx2 writes method, URL and status at INFO; httpcore2 writes what it does and the response's headers
    # at DEBUG, and the SDK the request id. None writes the headers of the request. So what a backend echoes
    # in its own headers stands in those two logs, for an application that turns them on: Hermes does not.
    lines = [record.getMessage() for record in logs.records]
    echoed = ("receive_response_headers", "request_id: ")
    assert marks("\n".join(line for line in lines if not line.startswith(echoed))) == []


def test_the_spy_sees_every_hook() -> None:
    """Or else the test above would prove nothing."""
    spy = Spy()
    replies = echo(KEY)
    for name in ("prelude", "json-error"):
        with LoopbackBackend(served(replies[name])) as backend:
            client = build_client(Endpoint("custom", backend.base_url))
            run_with(client, plugins=plugins_with(spy))
            client.close()
    assert spy.hooks == {
        "normalize_stream_event",
        "repair_stream_event",
        "classify_stream_error",
        "fallback_request",
        "observe_headers",
    }
    assert "sk-MARK" in repr(spy.seen)  # this client was not told what is secret


def test_a_client_whose_exceptions_hold_the_request_gives_nothing_away() -> None:
    import httpx2
    import openai

    request = httpx2.Request("POST", "http://127.0.0.1/v1", headers={"authorization": f"Bearer {KEY}"})
    response = httpx2.Response(401, text=f"no such key: {KEY}", request=request)
    raised: list[Exception] = [
        openai.APIStatusError(f"no {KEY}", response=response, body=None),
        openai.APIConnectionError(message=f"no {KEY}", request=request),
        openai.APIError(f"no {KEY}", request, body={"message": KEY}),
        httpx2.LocalProtocolError(f"Illegal header value {KEY!r}\\n"),
        RuntimeError(f"Expected to have received `response.created` before `{KEY}`"),
    ]
    for error in raised:
        spy = Spy()

        def create(error: Exception = error, **request: Any) -> Any:
            raise error

        client = SimpleNamespace(responses=SimpleNamespace(create=create))
        ended = run_with(
            client, plugins=plugins_with(spy), secrets=(KEY,), recovery=RecoveryPolicy(max_attempts=2)
        )
        assert isinstance(ended.error, CallError)
        assert (
            marks("".join(traceback.format_exception(ended.error)) + repr(spy.seen) + repr(ended.events))
            == []
        )


def test_an_adapter_that_knows_a_secret_cannot_tell_it() -> None:
    class Talker:
        name = "talker"
        api_version = 1

        @hookimpl
        def observe_headers(self, headers: Mapping[str, str], context: AdapterContext) -> None:
            context.report(Notice(f"The key is {KEY}."))

    with LoopbackBackend(served(event_stream(*good_stream()))) as backend:
        client = build_client(Endpoint("custom", backend.base_url))
        ended = run_with(client, plugins=plugins_with(Talker()), secrets=(KEY,))
        client.close()
    assert [notice.text for notice in ended.events] == ["The key is [redacted]."]


# What counts as a secret.


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, ()),
        ({"Authorization": "Basic dXNlcjpwYXNz"}, ("Basic dXNlcjpwYXNz", "dXNlcjpwYXNz")),
        ({"api-key": "0123456789"}, ("0123456789",)),
        ({"Cookie": "sid=abcdef"}, ("sid=abcdef",)),
        ({"X-Title": "Hermes"}, ()),
        ({"X-Relay": "a-long-and-opaque-value"}, ("a-long-and-opaque-value",)),
    ],
)
def test_which_headers_are_secret(headers: dict[str, str], expected: tuple[str, ...]) -> None:
    assert Endpoint("custom", "http://127.0.0.1/v1", headers=headers).secrets == expected


def test_the_key_is_secret_and_the_endpoint_does_not_show_it() -> None:
    endpoint = Endpoint("custom", "http://127.0.0.1/v1", api_key=KEY, headers={"X-Key": TOKEN})
    assert endpoint.secrets == (KEY, TOKEN)
    assert KEY not in repr(endpoint)
    assert TOKEN not in repr(endpoint)


@pytest.mark.parametrize("placeholder", ["", "x", "ollama", "hermes", "openai", "none"])
def test_a_placeholder_is_no_secret(placeholder: str) -> None:
    """Or else it would be taken out of Hermes' own sentences."""
    redactor = Redactor([placeholder])
    assert redactor.text("`hermes plugins enable codex_lb`") == "`hermes plugins enable codex_lb`"
    assert redactor.json({"a": "ollama"}) == {"a": "ollama"}


def test_a_secret_within_another_is_taken_out_with_it() -> None:
    assert Redactor(["abcdefgh", "abcdefghijkl"]).text("abcdefghijkl, abcdefgh") == "[redacted], [redacted]"


def test_data_without_a_secret_stays_the_same_object() -> None:
    data = {"type": "response.created", "response": {"id": "é\u2028"}}
    told = Event("response.created", data)
    assert Redactor([KEY]).json(data) is data
    assert Redactor([KEY]).event(told) is told


def test_data_that_cannot_be_searched_is_not_shown() -> None:
    deep: dict[str, Any] = {"key": KEY}
    for _ in range(5000):
        deep = {"deep": deep}
    # How deep is too deep to search differs between the versions of Python.
    shown: Any = Redactor([KEY]).json(deep)
    while isinstance(shown, dict) and "deep" in shown:
        shown = shown["deep"]
    assert shown in ({}, {"key": "[redacted]"})
    assert Redactor([KEY]).json({"text": f"\ud800{KEY}"}) == {}


def test_the_requests_text_is_no_secret() -> None:
    """What the user asks is shown to adapters as it is: they may have to change it."""
    spy = Spy()
    with LoopbackBackend(served(event_stream())) as backend:
        client = build_client(Endpoint("custom", backend.base_url, api_key=KEY))
        run_with(client, plugins=plugins_with(spy), secrets=(KEY,))
        client.close()
    assert dict(REQUEST) == {name: value for name, value in spy_request(spy).items() if name != "stream"}


def spy_request(spy: Spy) -> dict[str, Any]:
    return next(
        arguments[0] for arguments in spy.seen if isinstance(arguments[0], dict) and "model" in arguments[0]
    )


def test_headers_of_the_request_are_sent_and_shown_to_no_adapter() -> None:
    key = "sk-in-a-header-0123456789"
    seen: list[str] = []

    @hookimpl
    def prepare_request(request: Request, context: AdapterContext) -> None:
        seen.append(repr(dict(request)))

    @hookimpl
    def classify_stream_error(failure: Failure, context: AdapterContext) -> None:
        seen.append(repr(failure))

    spy = SimpleNamespace(
        name="spy",
        api_version=1,
        prepare_request=prepare_request,
        classify_stream_error=classify_stream_error,
    )
    refused = http_error(400, f"The header holds {key}.", param="x")
    with LoopbackBackend(Scenario("test", 0, "", (refused,), (refused,))) as backend:
        client = build_client(Endpoint("custom", backend.base_url))
        with pytest.raises(CallError) as caught:
            run_call(
                client,
                {**REQUEST, "extra_headers": {"Authorization": f"Bearer {key}"}},
                plugins_with(spy),
                options=CallOptions(recovery=RecoveryPolicy(max_attempts=1)),
            )
        client.close()
        assert backend.requests[0].headers["authorization"] == f"Bearer {key}"
    assert len(seen) == 2
    assert key not in "".join(seen)
    assert key not in str(caught.value)
