"""What each kind of client sends: the same request, and who it says it is."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import openai
import pydantic
import pytest

import hermes
from hermes.errors import ConfigError
from hermes.runtime.client import ClientKind, Endpoint, build_client
from hermes.runtime.client.request import json_body, responses_url, with_query
from hermes.testing.backend import LoopbackBackend, SeenRequest
from hermes.testing.corpus import scenario
from hermes.testing.frames import event
from hermes.testing.wire import good_stream

from .client_kinds import CLIENTS, Way, every_way, told
from .conftest import REQUEST
from .helpers import FOREIGN, MARK, RawServer, http, saying

GOOD = http(b"".join(good_stream()))

OURS = {"host", "connection", "accept", "accept-encoding", "content-type", "content-length", "user-agent"}
OF_THE_SDK = {
    f"x-stainless-{name}"
    for name in (
        "arch",
        "async",
        "lang",
        "os",
        "package-version",
        "retry-count",
        "runtime",
        "runtime-version",
    )
}


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def seen(way: Way, *, query: str = "", request: dict[str, Any] | None = None, **endpoint: Any) -> SeenRequest:
    """The request that a loopback backend gets in a call."""
    with LoopbackBackend(scenario("good-text")) as backend:
        told(way, backend.base_url + query, request={**REQUEST, **(request or {})}, **endpoint)
    return backend.requests[0]


# Who it says it is.


@every_way
def test_each_client_has_an_identity(way: Way) -> None:
    headers = seen(way, api_key="sk-1").headers
    assert headers["accept-encoding"] == "identity"
    if way.kind == "light":
        assert set(headers) == OURS | {"authorization"}
        assert headers["user-agent"] == f"hermes/{hermes.__version__}"
        assert headers["accept"] == "text/event-stream"
    else:
        assert set(headers) == OURS | {"authorization"} | OF_THE_SDK
        assert headers["user-agent"].endswith(f"OpenAI/Python {openai.__version__}")
        assert headers["accept"] == "application/json"


@every_way
def test_a_backend_may_answer_by_the_identity(way: Way) -> None:
    """codex-lb's native route does: https://github.com/Soju06/codex-lb."""
    native = event("codex.keepalive") + b"".join(good_stream())
    contract = b"".join(good_stream())

    def handle(connection: Any) -> None:
        head = server.requests[-1].lower()
        is_sdk = b"x-stainless-" in head or b"openai" in head.partition(b"user-agent:")[2].split(b"\r\n")[0]
        served.append("contract" if is_sdk else "native")
        connection.sendall(http(contract if is_sdk else native))

    served: list[str] = []
    with RawServer(handle) as server:
        one = told(way, server.base_url)
    assert served == ["native" if way.kind == "light" else "contract"]
    # Without the backend's adapter its own events before `response.created` are a disorder, and told as one.
    assert one.verdict == ("order_mismatch" if way.kind == "light" else "")


@every_way
def test_the_users_own_identity_wins(way: Way) -> None:
    request = seen(way, headers={"user-agent": "mine/1", "X-Empty": "", "ACCEPT": "a/b"})
    assert (request.headers["user-agent"], request.headers["accept"]) == ("mine/1", "a/b")
    assert request.headers["x-empty"] == ""


# The key, and what the environment holds for another host.


@every_way
@pytest.mark.parametrize("key", ["", "sk-our-own"])
def test_what_is_meant_for_openai_reaches_no_other_host(
    monkeypatch: pytest.MonkeyPatch, key: str, way: Way
) -> None:
    for name, value in FOREIGN.items():
        monkeypatch.setenv(name, value)
    request = seen(way, api_key=key)
    assert MARK not in str(request)
    assert MARK.encode() not in request.raw_body
    assert request.headers.get("authorization", "") == (f"Bearer {key}" if key else "")
    assert request.headers["content-type"] == "application/json"


@every_way
def test_what_is_meant_for_openai_reaches_it(monkeypatch: pytest.MonkeyPatch, way: Way) -> None:
    for name, value in FOREIGN.items():
        monkeypatch.setenv(name, value)
    with RawServer(saying(GOOD)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        assert told(way, "http://api.openai.com/v1", api_key="sk-1").text == "Hello"
    lines = [line.partition(b": ") for line in proxy.requests[0].split(b"\r\n")[1:]]
    headers = {name.decode().lower(): value.decode() for name, _, value in lines}
    assert headers["openai-organization"] == f"org-{MARK}"
    assert headers["openai-project"] == f"proj-{MARK}"
    assert headers["x-custom"] == MARK
    assert headers["content-type"] == f"text/{MARK}"
    assert (headers["authorization"], headers["accept-encoding"]) == ("Bearer sk-1", "identity")


@every_way
def test_a_variable_that_no_header_can_hold_is_named(monkeypatch: pytest.MonkeyPatch, way: Way) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", f"{MARK}\né")
    with pytest.raises(ConfigError, match="`OPENAI_ORG_ID` holds what no header can") as caught:
        told(way, "http://api.openai.com/v1")
    assert MARK not in caught.value.message


@every_way
@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
def test_an_authorization_of_the_users_own_takes_the_place_of_the_key(name: str, way: Way) -> None:
    request = seen(way, api_key="sk-1", headers={name: "Basic dXNlcg=="})
    assert request.headers["authorization"] == "Basic dXNlcg=="


# The keywords of the SDK's method.


class Part(pydantic.BaseModel):
    type: str = "input_text"
    text: str
    more: str | None = None
    plan: str = pydantic.Field(default="", alias="schema")


@every_way
def test_the_body_is_the_request(way: Way) -> None:
    assert seen(way).body == {**REQUEST, "stream": True}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("client", CLIENTS)
def test_keywords_mean_what_they_mean_to_the_sdk(client: ClientKind, stream: bool) -> None:
    message = {"type": "message", "role": "user", "content": [Part(type="input_text", text="hä")]}
    keywords: dict[str, Any] = {
        "model": "m",
        "input": [message],
        "tools": ({"type": "web_search", "filters": None, "user_location": openai.omit} for _ in range(2)),
        "instructions": None,
        "temperature": openai.NOT_GIVEN,
        "store": openai.omit,
        "metadata": {"at": datetime(2026, 1, 2, tzinfo=UTC)},
        "extra_headers": {"X-More": "1", "Content-Type": "application/json; more"},
        "extra_query": {"list": [1, True, None], "one": {"deep": 2}, "none": None, "text": "ä b"},
        "extra_body": {"metadata": {"a": "b"}, "vendor": {"n": 1.5}},
        "timeout": 30,
    }
    request = asked(client, stream, keywords)
    assert request.body == {
        "model": "m",
        "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hä"}]}],
        "tools": [{"type": "web_search", "filters": None}] * 2,
        "instructions": None,
        "metadata": {"a": "b"},
        "vendor": {"n": 1.5},
        **({"stream": True} if stream else {}),
    }
    assert request.headers["x-more"] == "1"
    assert request.headers["content-type"] == "application/json; more"


def asked(client: ClientKind, stream: bool, keywords: dict[str, Any]) -> SeenRequest:
    with LoopbackBackend(scenario("good-text")) as backend:
        sender: Any = build_client(Endpoint("custom", backend.base_url), client)
        if stream:
            sender.responses.create(**keywords, stream=True).response.close()
        elif client == "light":
            sender.responses.create(**keywords).response.close()
        else:
            with sender.responses.with_streaming_response.create(**keywords):
                pass
        sender.close()
    return backend.requests[0]


@every_way
def test_a_query_goes_behind_the_path(way: Way) -> None:
    with RawServer(saying(GOOD)) as server:
        request = {**REQUEST, "extra_query": {"list": [1, True], "one": {"deep": None, "b": "ä"}, "a": "2"}}
        told(way, f"{server.base_url}/?a=1&b=%C3%A4", request=request)
    line = server.requests[0].partition(b"\r\n")[0]
    path, _, query = line.split(b" ")[1].partition(b"?")
    assert path == b"/v1/responses"
    assert sorted(query.split(b"&")) == sorted(
        [b"b=%C3%A4", b"list%5B%5D=1", b"list%5B%5D=true", b"one%5Bb%5D=%C3%A4", b"a=2"]
    )


def test_addresses() -> None:
    assert responses_url("http://h") == "http://h/responses"
    assert responses_url("http://h/v1/") == "http://h/v1/responses"
    assert responses_url("http://u:p@h:1/v1?k=1&k=2#part") == "http://u:p@h:1/v1/responses?k=1&k=2"
    assert with_query("http://h/r?k=1", {}) == "http://h/r?k=1"
    assert with_query("http://h/r?k=1&l=2", {"k": "a&b", "n": openai.omit}) == "http://h/r?l=2&k=a%26b"


@pytest.mark.parametrize("value", [float("nan"), "\ud800"])
def test_what_has_no_json_is_a_fault_of_the_callers(value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words are the library's
        json_body({"input": value})


@pytest.mark.parametrize("value", [b"bytes", object()])
def test_what_no_json_can_hold_is_named(value: Any) -> None:
    with pytest.raises(TypeError, match=f"holds a {type(value).__name__}, which has no JSON"):
        json_body({"input": value})


def test_json() -> None:
    class Named(pydantic.BaseModel):
        __api_exclude__ = {"parsed"}
        parsed: int = 0
        plan: int = pydantic.Field(alias="schema")

    body = json_body({"a": Named(schema=1, parsed=2), "b": {"c": {1}}, "d": (openai.omit, 1), "e": None})
    assert json.loads(body) == {"a": {"schema": 1}, "b": {"c": [1]}, "d": [1], "e": None}


# What is imported.

IMPORTS = """
import sys
from hermes.runtime.client import Endpoint, build_client
assert "httpx2" not in sys.modules
client = build_client(Endpoint("custom", sys.argv[1]))
from hermes.runtime.stream import run_call
result = run_call(client, {"model": "m", "input": "hi"})
client.close()
print(result.text, sorted(name for name in ("openai", "pydantic", "rich") if name in sys.modules))
"""


def test_the_light_client_imports_no_sdk() -> None:
    with LoopbackBackend(scenario("good-text")) as backend:
        done = subprocess.run(
            [sys.executable, "-c", IMPORTS, backend.base_url], capture_output=True, text=True, check=False
        )
    assert (done.stdout, done.stderr) == ("Hello []\n", "")
