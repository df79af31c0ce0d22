"""What the reference client sends, where to, and what it leaves behind."""

from __future__ import annotations

import gc
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from hermes.errors import ConfigError
from hermes.runtime.client import Endpoint, build_async_client, build_client
from hermes.runtime.transport import send
from hermes.testing.backend import LoopbackBackend, SeenRequest
from hermes.testing.corpus import scenario
from hermes.testing.replies import event_stream
from hermes.testing.scenario import Control
from hermes.testing.scenarios.common import HALF_WAY

from .conftest import Call
from .helpers import FOREIGN, MARK, STREAM, RawServer, http, run_with, saying, served


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def seen(**endpoint: Any) -> SeenRequest:
    """The request that a loopback backend gets from a client for ``endpoint``."""
    with LoopbackBackend(scenario("good-text")) as backend:
        client = build_client(Endpoint("custom", endpoint.pop("base_url", backend.base_url), **endpoint))
        try:
            answer: Any = send(client, STREAM)
            answer.close()
        finally:
            client.close()
    return backend.requests[0]


@pytest.mark.parametrize("key", ["", "sk-our-own"])
def test_what_is_meant_for_openai_reaches_no_other_host(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    for name, value in FOREIGN.items():
        monkeypatch.setenv(name, value)
    request = seen(api_key=key)
    assert MARK not in str(request)
    assert MARK.encode() not in request.raw_body
    assert request.headers.get("authorization", "") == (f"Bearer {key}" if key else "")
    assert request.headers["content-type"] == "application/json"


def test_a_provider_without_a_key_sends_no_authorization() -> None:
    assert "authorization" not in seen().headers


def test_a_key_is_sent_as_a_bearer_token() -> None:
    assert seen(api_key="sk-1").headers["authorization"] == "Bearer sk-1"


@pytest.mark.parametrize("key", ["", "sk-1"])
@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
def test_an_authorization_of_the_users_own_takes_the_place_of_the_key(name: str, key: str) -> None:
    assert seen(api_key=key, headers={name: "Basic dXNlcg=="}).headers["authorization"] == "Basic dXNlcg=="


def test_extra_headers_arrive_and_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"X-Title: {MARK}")
    request = seen(headers={"x-title": "Hermes", "X-Empty": "", "User-Agent": "hermes/1"})
    assert request.headers["x-title"] == "Hermes"
    assert request.headers["x-empty"] == ""
    assert request.headers["user-agent"] == "hermes/1"


def test_no_compression_is_asked_for() -> None:
    assert seen().headers["accept-encoding"] == "identity"


def test_the_body_is_the_request() -> None:
    assert seen().body == dict(STREAM)


def test_the_netrc_file_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text(f"machine 127.0.0.1 login user password {MARK}\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    assert "authorization" not in seen().headers


def test_no_cookie_comes_back() -> None:
    headers = "set-cookie: server=1; Path=/\r\ncontent-type: text/event-stream"
    with RawServer(saying(http(b"", headers=headers))) as server:
        client = build_client(Endpoint("custom", server.base_url))
        for _ in range(2):
            answer: Any = send(client, STREAM)
            answer.close()
        client.close()
    assert len(server.requests) == 2
    assert b"cookie" not in server.requests[1].lower()


# What cannot be sent.


@pytest.mark.parametrize("key", ["sk-1\n", " sk-1", "sk-\u201c1\u201d", "sk-\0", "sk-1\r\nx-evil: 1"])
def test_a_key_that_no_header_can_hold_is_refused_without_being_quoted(key: str) -> None:
    with pytest.raises(ConfigError, match="cannot be sent") as caught:
        build_client(Endpoint("mine", "http://127.0.0.1:9/v1", api_key=key))
    assert "`mine`" in caught.value.message
    assert "sk-" not in caught.value.message


@pytest.mark.parametrize(
    "headers", [{"X-Key": f"{MARK}\n"}, {"X-Key": f"{MARK}é"}, {"X Key": MARK}, {"": MARK}]
)
def test_a_header_that_cannot_be_sent_is_refused_without_its_value(headers: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="cannot be sent") as caught:
        build_client(Endpoint("mine", "http://127.0.0.1:9/v1", headers=headers))
    assert MARK not in caught.value.message


@pytest.mark.parametrize("host", ["a..b", f"{'a' * 64}.example"])
def test_a_host_name_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(ConfigError, match="no valid host name"):
        build_client(Endpoint("mine", f"http://{host}/v1"))


# Proxies.


@pytest.fixture
def dead_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


PROXY_VARIABLES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")


def with_proxy(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.setenv(name, proxy)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "127.0.0.2"])
@pytest.mark.parametrize("scheme", ["http", "socks5", "nonsense"])
def test_loopback_never_goes_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch, dead_port: int, host: str, scheme: str
) -> None:
    with_proxy(monkeypatch, f"{scheme}://127.0.0.1:{dead_port}")
    with LoopbackBackend(scenario("good-text")) as backend:
        address = "0.0.0.0" if host == "127.0.0.2" else "127.0.0.1"  # noqa: S104 - to see where it goes
        with RawServer(saying(http(b"")), host=address) as server:
            base_url = server.base_url if host == "127.0.0.2" else backend.base_url
            client = build_client(Endpoint("custom", base_url.replace("127.0.0.1", host)))
            answer: Any = send(client, STREAM)
            answer.close()
            client.close()
    assert answer.status == 200


def test_loopback_over_ipv6_never_goes_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch, dead_port: int
) -> None:
    with_proxy(monkeypatch, f"http://127.0.0.1:{dead_port}")
    try:
        server = RawServer(saying(http(b"")), host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with server:
        client = build_client(Endpoint("custom", f"http://[::1]:{server.port}/v1"))
        answer: Any = send(client, STREAM)
        answer.close()
        client.close()
    assert len(server.requests) == 1


def test_another_host_is_reached_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(saying(http(b""))) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        client = build_client(Endpoint("custom", "http://example.invalid/v1"))
        answer: Any = send(client, STREAM)
        answer.close()
        client.close()
    assert proxy.requests[0].startswith(b"POST http://example.invalid/v1/responses HTTP/1.1\r\n")


def test_a_proxy_that_cannot_be_used_is_a_matter_of_the_configuration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALL_PROXY", f"nonsense://user:{MARK}@127.0.0.1:1")
    with pytest.raises(ConfigError, match="ALL_PROXY holds no address") as caught:
        build_client(Endpoint("custom", "http://example.invalid/v1"))
    assert MARK not in caught.value.message


# What is left behind.


def sockets() -> int:
    return sum(isinstance(thing, socket.socket) and thing.fileno() >= 0 for thing in gc.get_objects())


def test_nothing_is_left_of_many_calls() -> None:
    names = (
        "good-text",
        "codex-lb-prelude",
        "chunked-cut/mid-text",
        "error-envelope-zoo/500-once",
        "html-200/login-page",
    )
    before = sockets()
    for name in names:
        with LoopbackBackend(scenario(name)) as backend:
            client = build_client(Endpoint("custom", backend.base_url))
            for _ in range(40):
                run_with(client)
            client.close()
    assert [thread for thread in threading.enumerate() if thread.name == "hermes-watchdog"] == []
    assert sockets() == before


def test_the_connection_is_closed_after_the_terminal_event(call: Call) -> None:
    """The backend holds the connection open, and stops only when all its connections are done."""
    outcome = call(scenario("terminal-failure-without-eof/failed"))
    assert outcome.verdict == "bad_request"


def test_an_exception_of_the_caller_closes_the_connection_too() -> None:
    def refuse(event: Any) -> None:
        raise OSError(28, "No space left on device")

    with LoopbackBackend(served(event_stream(*HALF_WAY, Control.HOLD))) as backend:
        client = build_client(Endpoint("custom", backend.base_url))
        with pytest.raises(OSError, match="No space left"):
            run_with(client, live=True, on_event=refuse)
        for thread in backend._threads:
            thread.join(10)  # ends when the client has closed the connection
            assert not thread.is_alive()
        client.close()


@pytest.mark.parametrize("build", [build_client, build_async_client])
def test_a_base_url_with_a_password_is_refused(build: Any) -> None:
    with pytest.raises(ConfigError, match="has a user name or password in it") as refused:
        build(Endpoint("custom", f"https://user:{MARK}@h.example/v1"))
    assert MARK not in f"{refused.value} {refused.value.hint}"


@pytest.mark.parametrize("base_url", ["http://h.example:port/v1", "http://h.example:99999/v1"])
def test_a_base_url_with_a_port_that_is_none_is_refused(base_url: str) -> None:
    with pytest.raises(ConfigError, match="no valid host name or port"):
        build_client(Endpoint("custom", base_url))
