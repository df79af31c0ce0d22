"""Whichever client sends the requests, the user is told the same: over proxies, TLS, deadlines, refusals."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from pytest_mock import MockerFixture

from hermes.errors import ConfigError
from hermes.runtime.recovery import RecoveryPolicy
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
CLOSED = "The backend closed the connection without answering"
NO_HTTP = "What answers at this address does not speak HTTP"
ON_THE_WIRE: dict[str, tuple[Handle, str, int | None]] = {
    "closed before the status line": (saying(b""), f"{CLOSED}.", None),
    "reset before the status line": (reset_after(b""), f"{CLOSED}: {os.strerror(errno.ECONNRESET)}.", None),
    "closed within the headers": (saying(HEAD + b"x-more: "), f"{CLOSED}.", None),
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
def test_a_server_that_breaks_tls_before_it_answers(trusted: trustme.CA, way: Way) -> None:
    def handle(connection: socket.socket) -> None:
        socket.socket.sendall(connection, b"\x17\x03\x03\x00\x20" + b"x" * 32)  # past the encryption
        wait_for_eof(connection)

    with TlsServer(trusted, handle) as server:
        one = told(way, server.base_url)
    assert (one.reason, one.verdict) == (f"{UNREACHED}: decryption failed or bad record mac.", "transport")


THRICE = RecoveryPolicy(max_attempts=3)


@every_way
def test_nobody_else_is_trusted(trusted: trustme.CA, way: Way) -> None:
    with TlsServer(trustme.CA(), saying(GOOD)) as server:
        one = told(way, server.base_url, recovery=THRICE)
    words = "The certificate of 127.0.0.1 cannot be verified: unable to get local issuer certificate."
    assert one == Told("", words, "transport", None)
    assert one.hint == "Set SSL_CERT_FILE to the certificate of its authority."
    assert one.attempts == 1  # it does not get better


@every_way
def test_the_certificate_must_be_for_the_host(trusted: trustme.CA, way: Way) -> None:
    with TlsServer(trusted, saying(GOOD), name="other.invalid") as server:
        one = told(way, server.base_url, recovery=THRICE)
    mismatch = "IP address mismatch, certificate is not valid for '127.0.0.1'"
    assert one.reason == f"The certificate of 127.0.0.1 cannot be verified: {mismatch}."
    assert one.hint == "Ask for the host by a name that its certificate holds."
    assert one.attempts == 1
    assert server.requests == []


@every_way
def test_the_certificate_must_be_of_today(trusted: trustme.CA, way: Way) -> None:
    past = datetime(2001, 1, 1, tzinfo=UTC)
    with TlsServer(trusted, saying(GOOD), not_before=past, not_after=past + timedelta(days=1)) as server:
        one = told(way, server.base_url, recovery=THRICE)
    assert one.reason == "The certificate of 127.0.0.1 cannot be verified: certificate has expired."
    assert one.hint.startswith("Whoever runs that host has to renew it")
    assert one.attempts == 1


@every_way
def test_a_certificate_behind_a_proxy_is_the_hosts(
    monkeypatch: pytest.MonkeyPatch, trusted: trustme.CA, way: Way
) -> None:
    with RawServer(tunnel(trustme.CA(), saying(GOOD))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address(proxy)}")
        one = told(way, "https://example.invalid/v1")
    assert one.reason.startswith("The certificate of example.invalid cannot be verified: ")


@every_way
def test_a_port_without_tls(way: Way) -> None:
    with RawServer(saying(GOOD)) as server:
        one = told(way, server.base_url.replace("http:", "https:"), recovery=THRICE)
    words = f"What answers at 127.0.0.1:{server.port} does not speak TLS."
    assert one == Told("", words, "transport", None)
    assert one.hint == "Write http:// instead of https:// in base_url."
    assert one.attempts == 1


ALERT = b"\x15\x03\x01\x00\x02\x02\x46"


@every_way
@pytest.mark.parametrize("data", [ALERT, ALERT + b"\r\n\r\n"], ids=["alert", "alert and lines"])
def test_a_port_with_tls_only(data: bytes, way: Way) -> None:
    with RawServer(saying(data)) as server:
        one = told(way, server.base_url, recovery=THRICE)
    words = f"What answers at 127.0.0.1:{server.port} does not speak plain HTTP."
    assert one == Told("", words, "transport", None)
    assert one.hint == "If it speaks TLS, write https:// instead of http:// in base_url."
    assert one.attempts == 1


@every_way
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_connection_that_is_closed_is_tried_again(scheme: str, way: Way) -> None:
    with RawServer(saying(b"")) as server:
        one = told(way, server.base_url.replace("http:", f"{scheme}:"), recovery=THRICE)
    assert one == Told("", f"{CLOSED}.", "transport", None)
    assert one.hint == "Ask again later; check that base_url is right, with http:// or https:// before it."
    assert one.attempts == 3
    if scheme == "http":
        assert all(b'"stream":true' in request for request in server.requests)


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
@pytest.mark.parametrize(
    ("variable", "name", "words"),
    [
        ("SSL_CERT_FILE", "missing.pem", "SSL_CERT_FILE names a file that does not exist: {}."),
        (
            "SSL_CERT_FILE",
            "empty.pem",
            "SSL_CERT_FILE names a file without certificates in the format PEM: {}.",
        ),
        ("SSL_CERT_FILE", "folder", "SSL_CERT_FILE names a directory: {}."),
        ("SSL_CERT_DIR", "missing", "SSL_CERT_DIR names no directory that exists: {}."),
        ("SSL_CERT_DIR", "empty.pem", "SSL_CERT_DIR names no directory that exists: {}."),
    ],
)
def test_certificates_that_cannot_be_read_are_a_matter_of_the_configuration(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, name: str, words: str, way: Way
) -> None:
    (tmp_path / "empty.pem").write_text("nothing\n")
    (tmp_path / "folder").mkdir()
    monkeypatch.setenv(variable, str(tmp_path / name))
    with pytest.raises(ConfigError) as caught:
        told(way, "https://127.0.0.1:9/v1")
    assert caught.value.message == words.format(tmp_path / name)
    assert variable in caught.value.hint


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


PROXY_HINT = "Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY; the hosts in NO_PROXY are asked directly."


@every_way
@pytest.mark.parametrize(("scheme", "status"), [("http", 407), ("https", None)])
def test_a_proxy_that_refuses_the_credentials(
    monkeypatch: pytest.MonkeyPatch, scheme: str, status: int | None, way: Way
) -> None:
    with RawServer(saying(http(b"", status=f"407 {MARK}"))) as proxy:
        monkeypatch.setenv(f"{scheme.upper()}_PROXY", f"http://user:{MARK}@{address(proxy)}")
        one = told(way, f"{scheme}://example.invalid/v1", recovery=THRICE)
    words = f"The proxy {address(proxy)} refuses the credentials for it"
    words += " (HTTP 407)." if status else "."
    assert one == Told("", words, "network_gateway", status)
    assert one.hint.startswith("Check user and password in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY; ")
    assert one.attempts == 1


@every_way
def test_a_proxy_that_opens_no_tunnel(monkeypatch: pytest.MonkeyPatch, way: Way) -> None:
    with RawServer(saying(http(b"", status=f"503 {MARK}"))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:{MARK}@{address(proxy)}")
        one = told(way, "https://example.invalid/v1")
    words = f"The proxy {address(proxy)} does not connect to example.invalid: HTTP 503."
    assert one == Told("", words, "transport", None)
    assert one.hint == PROXY_HINT


@every_way
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch, scheme: str, way: Way) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("ALL_PROXY", f"http://user:{MARK}@127.0.0.1:{port}")
    one = told(way, f"{scheme}://example.invalid/v1")
    words = f"The proxy 127.0.0.1:{port} cannot be reached: Connection refused."
    assert one == Told("", words, "transport", None)
    assert one.hint == PROXY_HINT


@every_way
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_closes_the_connection(monkeypatch: pytest.MonkeyPatch, scheme: str, way: Way) -> None:
    with RawServer(saying(b"")) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"http://user:{MARK}@{address(proxy)}")
        one = told(way, f"{scheme}://example.invalid/v1")
    words = f"The proxy {address(proxy)} closed the connection without answering."
    assert (one.reason, one.hint) == (words, PROXY_HINT)


@every_way
def test_a_proxy_without_tls(monkeypatch: pytest.MonkeyPatch, way: Way) -> None:
    with RawServer(saying(GOOD)) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"https://user:{MARK}@{address(proxy)}")
        one = told(way, "https://example.invalid/v1")
    assert (one.reason, one.hint) == (f"The proxy {address(proxy)} does not speak TLS.", PROXY_HINT)


@every_way
def test_a_tunnel_to_a_host_without_tls(monkeypatch: pytest.MonkeyPatch, way: Way) -> None:
    def connect(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        connection.recv(65536)
        connection.sendall(GOOD)

    with RawServer(connect) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address(proxy)}")
        one = told(way, "https://example.invalid/v1")
    assert one.reason == "What answers at example.invalid does not speak TLS."


@every_way
def test_a_tunnel_that_is_closed_is_closed_by_the_backend(
    monkeypatch: pytest.MonkeyPatch, trusted: trustme.CA, way: Way
) -> None:
    with RawServer(tunnel(trusted, saying(b""))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address(proxy)}")
        assert told(way, "https://example.invalid/v1").reason == f"{CLOSED}."


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
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "https_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("value", [f"nonsense://user:{MARK}@127.0.0.1:1", f"http://user:{MARK}/x@host:1"])
def test_a_proxy_that_cannot_be_used_is_a_matter_of_the_configuration(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, way: Way
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as caught:
        told(way, "http://example.invalid/v1")
    assert caught.value.message == f"{variable} holds no address of a proxy."
    assert MARK not in caught.value.hint


@every_way
def test_a_socks_proxy_needs_its_package(
    monkeypatch: pytest.MonkeyPatch, mocker: MockerFixture, way: Way
) -> None:
    mocker.patch.dict("sys.modules", {"socksio": None})
    monkeypatch.setenv("ALL_PROXY", f"socks5://user:{MARK}@127.0.0.1:1")
    with pytest.raises(ConfigError) as caught:
        told(way, "https://example.invalid/v1")
    assert caught.value.message == "ALL_PROXY names a SOCKS proxy, for which a package is missing."
    assert caught.value.hint == "Install it with `pip install httpx2[socks]`."
