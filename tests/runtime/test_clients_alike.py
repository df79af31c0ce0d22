"""Whichever client sends the requests, the user is told the same: over proxies, TLS, deadlines, refusals."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from pytest_mock import MockerFixture

from hermes.errors import ConfigError
from hermes.testing.frames import comment
from hermes.testing.scenarios.common import HALF_WAY
from hermes.testing.wire import good_stream

from .client_kinds import (
    NEVER,
    TlsServer,
    Told,
    Way,
    encrypted,
    every_way,
    server_context,
    told,
)
from .helpers import Handle, RawServer, http, read_request, saying, wait_for_eof

GOOD = http(b"".join(good_stream()))
SOON = 0.15
MARK = "marked-secret"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """The authority, in which the environment says to trust."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority


def address(server: RawServer) -> str:
    return f"127.0.0.1:{server.port}"


@every_way
def test_an_answer(way: Way) -> None:
    with RawServer(saying(GOOD)) as server:
        assert told(way, server.base_url) == Told("Hello", "", "", 200)


# What goes wrong on the wire.

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
REFUSAL = b'{"error": {"message": "No such key.", "code": "invalid_api_key"}}'


def reset_after(data: bytes) -> Handle:
    def handle(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return handle


RESET = f"[Errno {errno.ECONNRESET}] {os.strerror(errno.ECONNRESET)}"
BROKEN = "The stream ended before the answer was complete"
NO_GZIP = "The body cannot be decompressed: Error -3 while decompressing data: incorrect header check"
NONSENSE = "The backend's answer makes no sense"
UNREACHED = "The backend cannot be reached"
NO_HTTP = "What answers at this address does not speak HTTP"
ON_THE_WIRE: dict[str, tuple[Handle, str, int | None]] = {
    "closed before the status line": (
        saying(b""),
        f"{BROKEN}: Server disconnected without sending a response.",
        None,
    ),
    "reset before the status line": (
        reset_after(b""),
        f"{BROKEN}: {RESET}.",
        None,
    ),
    "closed within the headers": (
        saying(HEAD + b"x-more: "),
        f"{BROKEN}: Server disconnected without sending a response.",
        None,
    ),
    "no HTTP": (saying(b"SSH-2.0\r\n\r\n"), f"{UNREACHED}: {NO_HTTP} (illegal status line).", None),
    "headers without end": (
        saying(HEAD + b"x: y\r\n" * 50_000),
        f"{UNREACHED}: {NO_HTTP} (Receive buffer too long).",
        None,
    ),
    "cut within a chunk": (
        saying(CHUNKED + b"40\r\ndata"),
        f"{BROKEN}: peer closed connection without sending complete message body (incomplete chunked read).",
        200,
    ),
    "reset within the body": (
        reset_after(HEAD + b"\r\ndata"),
        f"{BROKEN}: {RESET}.",
        200,
    ),
    "damaged gzip": (
        saying(HEAD + b"content-encoding: gzip\r\n\r\nno gzip at all"),
        f"{NONSENSE}: {NO_GZIP}.",
        200,
    ),
    "a redirect": (
        saying(http(b"", status="307 Moved", headers="location: http://127.0.0.1:9/v1/responses")),
        "The backend redirects to another address: http://127.0.0.1:9/v1/responses (HTTP 307).",
        307,
    ),
    "a refusal": (
        saying(http(REFUSAL, status="401 Unauthorized")),
        "The backend refuses the credentials: No such key (invalid_api_key, HTTP 401).",
        401,
    ),
    "a refusal that breaks off": (
        saying(http(REFUSAL, status="401 No", headers=f"content-length: {len(REFUSAL) + 9}")),
        "The backend refuses the credentials: No such key (invalid_api_key, HTTP 401).",
        401,
    ),
    "a refusal in damaged gzip": (
        saying(http(b"no gzip at all", status="429 Slow", headers="content-encoding: gzip")),
        "The backend's rate limit is reached (HTTP 429).",
        429,
    ),
}


@every_way
@pytest.mark.parametrize("name", ON_THE_WIRE)
def test_a_bad_answer_is_told_in_the_same_words(name: str, way: Way) -> None:
    handle, reason, status = ON_THE_WIRE[name]
    with RawServer(handle) as server:
        one = told(way, server.base_url)
    assert (one.reason, one.status) == (reason, status)
    assert len(server.requests) == 1


@every_way
def test_a_redirect_is_not_followed_and_the_key_stays_at_home(way: Way) -> None:
    with RawServer(saying(GOOD)) as other:
        moved = http(b"", status="308 Permanent Redirect", headers=f"location: {other.base_url}/responses")
        with RawServer(saying(moved)) as server:
            assert told(way, server.base_url, api_key="sk-1").status == 308
    assert other.requests == []


@every_way
def test_an_endless_error_body_is_left_after_its_first_bytes(way: Way) -> None:
    sent: list[int] = []

    def handle(connection: socket.socket) -> None:
        connection.sendall(http(b"", status="500 Internal Server Error"))
        block = b"x" * 65536
        sent.extend(connection.send(block) for _ in range(3200))  # 200 MiB, if the client lets it

    with RawServer(handle) as server:
        one = told(way, server.base_url)
    assert (one.reason[:24], one.status) == ("The backend failed: xxxx", 500)
    assert sum(sent) < 50_000_000  # what fits into the buffers of two sockets, and by far not all


@every_way
def test_a_port_that_nobody_listens_on(way: Way) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert told(way, f"http://127.0.0.1:{port}/v1") == Told(
        "", f"{UNREACHED}: 127.0.0.1:{port}: Connection refused.", "transport", None
    )


# Deadlines.

SILENT = "The backend was silent for too long: "
TOO_LONG = "The call takes longer than it may: "


def silent_after(data: bytes) -> Handle:
    def handle(connection: socket.socket) -> None:
        connection.sendall(data)
        wait_for_eof(connection)

    return handle


def pinging(connection: socket.socket) -> None:
    connection.sendall(http(b"".join(HALF_WAY)))
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(comment("keepalive"))


DEADLINES: dict[str, tuple[Handle, str]] = {
    "headers": (
        silent_after(b""),
        SILENT + "no answer headers within the deadline (headers_timeout_seconds).",
    ),
    "first_event": (
        silent_after(http(b"")),
        SILENT + "answer headers, but no first event within the deadline (first_event_timeout_seconds).",
    ),
    "idle_bytes": (
        silent_after(http(b"".join(HALF_WAY))),
        SILENT + "not a byte within the deadline (idle_timeout_seconds).",
    ),
    "idle_events": (pinging, SILENT + "only keepalives within the deadline (event_idle_timeout_seconds)."),
    "total": (
        silent_after(b""),
        TOO_LONG + "no end within the deadline of the call (request_timeout_seconds, --timeout).",
    ),
}


@every_way
@pytest.mark.parametrize("name", DEADLINES)
def test_a_deadline_ends_the_call(name: str, way: Way) -> None:
    handle, words = DEADLINES[name]
    with RawServer(handle) as server:
        one = told(way, server.base_url, deadlines=replace(NEVER, **{name: SOON}))
    assert (one.reason, one.verdict) == (words, "timeout")


@every_way
def test_an_error_body_that_never_ends_is_under_the_deadlines_too(way: Way) -> None:
    with RawServer(silent_after(http(b"{", status="500 Internal Server Error"))) as server:
        one = told(way, server.base_url, deadlines=replace(NEVER, first_event=SOON))
    assert one.reason == SILENT + "no answer headers within the deadline (first_event_timeout_seconds)."


@pytest.fixture
def full_backlog() -> Iterator[str]:
    """The base URL of a port that takes no more connections, and refuses none."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"


@every_way
def test_connecting_has_a_deadline(full_backlog: str, way: Way) -> None:
    one = told(way, full_backlog, deadlines=replace(NEVER, connect=SOON))
    assert one.reason == SILENT + "no connection within the deadline (connect_timeout_seconds)."


# TLS.


@every_way
def test_the_environment_says_whom_to_trust(trusted: trustme.CA, way: Way) -> None:
    with TlsServer(trusted, saying(GOOD)) as server:
        assert told(way, server.base_url).text == "Hello"


@every_way
def test_nobody_else_is_trusted(trusted: trustme.CA, way: Way) -> None:
    with TlsServer(trustme.CA(), saying(GOOD)) as server:
        one = told(way, server.base_url)
    start = (
        f"{UNREACHED}: 127.0.0.1:{server.port}: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
    )
    assert one.reason.startswith(start + "unable to get local issuer certificate")
    assert one.verdict == "transport"


@every_way
def test_the_certificate_must_be_for_the_host(trusted: trustme.CA, way: Way) -> None:
    with TlsServer(trusted, saying(GOOD), name="other.invalid") as server:
        one = told(way, server.base_url)
    assert "certificate is not valid for '127.0.0.1'" in one.reason
    assert server.requests == []


@every_way
def test_a_port_without_tls(way: Way) -> None:
    with RawServer(saying(GOOD)) as server:
        one = told(way, server.base_url.replace("http:", "https:"))
    assert one.reason.startswith(f"{UNREACHED}: 127.0.0.1:{server.port}: [SSL: WRONG_VERSION_NUMBER]")


@every_way
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("idle_bytes", SILENT + "not a byte within the deadline (idle_timeout_seconds)."),
        ("total", TOO_LONG + "no end within the deadline of the call (request_timeout_seconds, --timeout)."),
    ],
)
def test_a_read_that_is_blocked_within_a_tls_record_is_ended(
    trusted: trustme.CA, name: str, words: str, way: Way
) -> None:
    def handle(connection: socket.socket) -> None:
        connection.sendall(http(b"".join(HALF_WAY)))
        socket.socket.sendall(connection, b"\x17\x03\x03\x01\x00" + b"x" * 9)  # past the encryption
        wait_for_eof(connection)

    with TlsServer(trusted, handle) as server:
        one = told(way, server.base_url, deadlines=replace(NEVER, **{name: 3 * SOON}))
    assert (one.text, one.reason, one.verdict) == ("Hel", words, "timeout")


@every_way
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("connect", "no connection within the deadline (connect_timeout_seconds)."),
        ("first_event", "no answer headers within the deadline (first_event_timeout_seconds)."),
    ],
)
def test_a_server_that_never_answers_the_handshake(name: str, words: str, way: Way) -> None:
    with RawServer(silent_after(b"")) as server:
        base_url = server.base_url.replace("http:", "https:")
        one = told(way, base_url, deadlines=replace(NEVER, **{name: SOON}))
    assert one.reason == SILENT + words


@every_way
def test_certificates_that_cannot_be_read_are_a_matter_of_the_configuration(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: Way
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    with pytest.raises(ConfigError, match="proxies or certificates cannot be used") as caught:
        told(way, "https://127.0.0.1:9/v1")
    assert "SSL_CERT_FILE" in caught.value.hint


# Proxies.


def tunnel(authority: trustme.CA, handle: Handle) -> Handle:
    """A proxy that opens a tunnel to a server that is the proxy itself."""
    context = server_context(authority, "example.invalid")

    def connect(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with encrypted(connection, context) as tls:
            read_request(tls)
            handle(tls)

    return connect


@every_way
def test_another_host_is_asked_through_the_proxy(monkeypatch: pytest.MonkeyPatch, way: Way) -> None:
    with RawServer(saying(GOOD)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://user:{MARK}@{address(proxy)}")
        one = told(way, "http://example.invalid/v1", api_key="sk-1")
    assert one.text == "Hello"
    head = proxy.requests[0].lower()
    assert head.startswith(b"post http://example.invalid/v1/responses http/1.1\r\n")
    assert b"\r\nproxy-authorization: basic " in head
    assert b"\r\nauthorization: bearer sk-1\r\n" in head


@every_way
def test_what_is_encrypted_goes_through_a_tunnel(
    monkeypatch: pytest.MonkeyPatch, trusted: trustme.CA, way: Way
) -> None:
    with RawServer(tunnel(trusted, saying(GOOD))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address(proxy)}")
        one = told(way, "https://example.invalid/v1", api_key="sk-1")
    assert one.text == "Hello"
    assert proxy.requests[0].startswith(b"CONNECT example.invalid:443 HTTP/1.1\r\n")
    assert b"sk-1" not in proxy.requests[0]


@every_way
def test_a_read_through_a_tunnel_is_ended_too(
    monkeypatch: pytest.MonkeyPatch, trusted: trustme.CA, way: Way
) -> None:
    with RawServer(tunnel(trusted, silent_after(http(b"".join(HALF_WAY))))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address(proxy)}")
        one = told(way, "https://example.invalid/v1", deadlines=replace(NEVER, idle_bytes=3 * SOON))
    assert (one.text, one.verdict) == ("Hel", "timeout")


REFUSED_BY_PROXY = {
    "http": ("A web page came instead of an answer (HTTP 407).", 407),
    "https": (f"{UNREACHED}: example.invalid: 407 Proxy Authentication Required.", None),
}


@every_way
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_refuses(monkeypatch: pytest.MonkeyPatch, scheme: str, way: Way) -> None:
    with RawServer(saying(http(b"", status="407 Proxy Authentication Required"))) as proxy:
        monkeypatch.setenv(f"{scheme.upper()}_PROXY", f"http://user:{MARK}@{address(proxy)}")
        one = told(way, f"{scheme}://example.invalid/v1")
    assert (one.reason, one.status) == REFUSED_BY_PROXY[scheme]


@every_way
def test_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch, way: Way) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("ALL_PROXY", f"http://user:{MARK}@127.0.0.1:{port}")
    assert told(way, "https://example.invalid/v1") == Told(
        "", f"{UNREACHED}: example.invalid: Connection refused.", "transport", None
    )


@every_way
def test_a_host_that_the_environment_excepts_is_asked_directly(
    monkeypatch: pytest.MonkeyPatch, mocker: MockerFixture, way: Way
) -> None:
    resolve = socket.getaddrinfo
    mocker.patch(
        "socket.getaddrinfo", side_effect=lambda host, *rest, **more: resolve("127.0.0.1", *rest, **more)
    )
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "example.invalid")
    with RawServer(saying(GOOD)) as server:
        assert told(way, f"http://example.invalid:{server.port}/v1").text == "Hello"
    assert server.requests[0].startswith(b"POST /v1/responses HTTP/1.1\r\n")


@every_way
def test_a_proxy_that_cannot_be_used_is_a_matter_of_the_configuration(
    monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    monkeypatch.setenv("ALL_PROXY", f"nonsense://user:{MARK}@127.0.0.1:1")
    with pytest.raises(ConfigError, match="proxies") as caught:
        told(way, "http://example.invalid/v1")
    assert MARK not in caught.value.message
