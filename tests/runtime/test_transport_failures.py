"""What goes wrong on a real connection, and how the transport tells it."""

from __future__ import annotations

import socket
import struct
import zlib

import pytest
from pytest_mock import MockerFixture

from hermes.providers.contract import FailureKind
from hermes.runtime.client import Endpoint, build_client
from hermes.runtime.transport import TransportFailed, send

from .helpers import STREAM, Handle, RawServer, failure_over, http, saying, wait_for_eof

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
GZIP = b"content-encoding: gzip\r\n"


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def reset_after(data: bytes) -> Handle:
    def handle(connection: socket.socket) -> None:
        connection.sendall(data)
        reset(connection)

    return handle


ON_THE_WIRE: dict[str, tuple[Handle, FailureKind, str]] = {
    "closed before the status line": (saying(b""), FailureKind.CONNECT, "without answering"),
    "reset before the status line": (reset, FailureKind.CONNECT, "without answering: Connection reset"),
    "closed within the status line": (saying(b"HTTP/1.1 20"), FailureKind.CONNECT, "without answering"),
    "closed within the headers": (saying(HEAD + b"x-more: "), FailureKind.CONNECT, "without answering"),
    "no HTTP": (saying(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), FailureKind.CONNECT, "does not speak HTTP"),
    "headers without end": (saying(HEAD + b"x: y\r\n" * 50_000), FailureKind.CONNECT, "does not speak HTTP"),
    "cut between chunks": (saying(CHUNKED + b"4\r\ndata\r\n"), FailureKind.CUT, "incomplete chunked read"),
    "cut within a chunk": (saying(CHUNKED + b"40\r\ndata"), FailureKind.CUT, "incomplete chunked read"),
    "a chunk of no size": (saying(CHUNKED + b"data\r\n"), FailureKind.CUT, "chunk"),
    "a short body": (
        saying(HEAD + b"content-length: 9\r\n\r\ndata"),
        FailureKind.CUT,
        "expected 9",
    ),
    "reset within the body": (reset_after(HEAD + b"\r\ndata"), FailureKind.CUT, "reset"),
    "damaged gzip": (
        saying(HEAD + GZIP + b"\r\n" + b"no gzip at all"),
        FailureKind.BODY,
        "cannot be decompressed",
    ),
    "a redirect": (
        saying(http(b"", status="307 Temporary Redirect", headers="location: http://127.0.0.1:9/v1/responses")),
        FailureKind.HTTP_STATUS,
        "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("streaming", [True, False], ids=["stream", "non-stream"])
@pytest.mark.parametrize("name", ON_THE_WIRE)
def test_a_bad_answer_is_told_by_its_kind(name: str, streaming: bool) -> None:
    handle, kind, words = ON_THE_WIRE[name]
    with RawServer(handle) as server:
        failure = failure_over(server.base_url, streaming=streaming)
    assert failure.kind is kind
    assert words in failure.message
    assert len(server.requests) == 1  # neither the SDK nor the transport asks again by itself


def test_a_refused_port_is_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert failure_over(f"http://127.0.0.1:{port}/v1").kind is FailureKind.CONNECT


def test_an_unknown_host_is_no_connection(mocker: MockerFixture) -> None:
    mocker.patch("socket.getaddrinfo", side_effect=socket.gaierror(-2, "Name or service not known"))
    failure = failure_over("http://nobody.invalid/v1")
    assert failure.kind is FailureKind.CONNECT
    assert "not known" in failure.message


def test_tls_to_a_port_without_tls_is_no_connection() -> None:
    with RawServer(saying(http(b""))) as server:
        failure = failure_over(server.base_url.replace("http:", "https:"))
    assert (failure.kind, failure.cause) == (FailureKind.CONNECT, "no_tls")


# Error bodies.

REFUSAL = b'{"error": {"message": "No such key.", "code": "invalid_api_key"}}'


@pytest.mark.parametrize("streaming", [True, False], ids=["stream", "non-stream"])
@pytest.mark.parametrize(
    "answer",
    [
        http(REFUSAL, status="401 Unauthorized"),
        http(REFUSAL, status="401 Unauthorized", headers=f"content-length: {len(REFUSAL) + 9}"),
        http(
            b"%x\r\n%b\r\n" % (len(REFUSAL), REFUSAL), status="401 No", headers="transfer-encoding: chunked"
        ),
    ],
    ids=["whole", "short", "cut-chunked"],
)
def test_an_error_body_that_breaks_off_still_says_what_it_says(answer: bytes, streaming: bool) -> None:
    with RawServer(saying(answer)) as server:
        failure = failure_over(server.base_url, streaming=streaming)
    assert (failure.kind, failure.status) == (FailureKind.HTTP_STATUS, 401)
    assert failure.detail.code == "invalid_api_key"


@pytest.mark.parametrize("streaming", [True, False], ids=["stream", "non-stream"])
def test_the_address_that_was_asked_is_told_without_secrets(streaming: bool) -> None:
    with RawServer(saying(http(b"", status="404 Not Found"))) as server:
        address = server.base_url.removeprefix("http://")
        failure = failure_over(f"http://{address}/more?key=secret", streaming=streaming)
    assert failure.url == f"http://{address}/more/responses"


def test_an_error_body_that_cannot_be_decompressed_still_has_its_status() -> None:
    answer = http(b"no gzip at all", status="429 Slow", headers="content-encoding: gzip\r\nretry-after: 7")
    with RawServer(saying(answer)) as server:
        failure = failure_over(server.base_url)
    assert (failure.kind, failure.status, failure.body) == (FailureKind.HTTP_STATUS, 429, b"")
    assert failure.headers["retry-after"] == "7"


def endless(connection: socket.socket, head: bytes, sent: list[int]) -> None:
    connection.sendall(head)
    block = b"x" * 65536
    sent.extend(connection.send(block) for _ in range(3200))  # 200 MiB, if the client lets it


@pytest.mark.parametrize("status", ["500 Internal Server Error", "302 Found"])
def test_an_endless_error_body_is_left_after_its_first_bytes(status: str) -> None:
    sent: list[int] = []
    with RawServer(lambda connection: endless(connection, http(b"", status=status), sent)) as server:
        failure = failure_over(server.base_url)
    assert failure.status == int(status[:3])
    assert failure.body == b"x" * 65536
    assert sum(sent) < 50_000_000  # what fits into the buffers of two sockets, and by far not all


def test_a_bomb_in_an_error_body_is_bounded() -> None:
    bomb = zlib.compress(b"\0" * 200_000_000, 9)
    answer = http(bomb, status="500 Internal Server Error", headers="content-encoding: deflate")
    with RawServer(saying(answer)) as server:
        failure = failure_over(server.base_url)
    assert failure.status == 500
    assert len(failure.body) == 65536


# The connection afterwards.


def test_a_redirect_is_not_followed_and_the_key_stays_at_home() -> None:
    with RawServer(saying(http(b""))) as other:
        moved = http(b"", status="308 Permanent Redirect", headers=f"location: {other.base_url}/responses")
        with RawServer(saying(moved)) as server:
            failure = failure_over(server.base_url)
    assert failure.status == 308
    assert other.requests == []


@pytest.mark.parametrize("streaming", [True, False], ids=["stream", "non-stream"])
def test_an_answer_that_is_not_read_to_its_end_is_closed(streaming: bool) -> None:
    ended: list[bool] = []

    def handle(connection: socket.socket) -> None:
        connection.sendall(CHUNKED + b"2\r\nxx\r\nno chunk\r\n")
        wait_for_eof(connection)
        ended.append(True)

    with RawServer(handle) as server:
        failure_over(server.base_url, streaming=streaming)
        for thread in server._threads[1:]:
            thread.join()
    assert ended == [True]


def test_every_attempt_has_a_connection_of_its_own() -> None:
    """Even where the answer was whole and the server would keep the connection."""
    whole = http(b"{}", status="400 Bad Request", headers="content-length: 2")

    def twice(connection: socket.socket) -> None:
        connection.sendall(whole)
        assert connection.recv(65536) == b""

    with RawServer(twice) as server:
        client = build_client(Endpoint("custom", server.base_url))
        for _ in range(2):
            with pytest.raises(TransportFailed):
                send(client, STREAM)
        client.close()
    assert len(server.requests) == 2  # the server counts connections
