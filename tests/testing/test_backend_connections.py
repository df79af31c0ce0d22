"""What happens on the connection itself, seen by a client that reads raw bytes."""

import http.client
import itertools
import socket
import threading
from contextlib import contextmanager

import pytest

from hermes.testing.backend import LoopbackBackend
from hermes.testing.corpus import all_scenarios
from hermes.testing.replies import event_stream
from hermes.testing.scenario import Control
from hermes.testing.wire import comment, good_stream

REQUEST = b'POST /v1/responses HTTP/1.1\r\nhost: x\r\ncontent-length: 15\r\n\r\n{"stream":true}'
GOOD = b"".join(good_stream())


@contextmanager
def connected(backend):
    with socket.create_connection(("127.0.0.1", backend.port), timeout=10) as connection:
        yield connection


def read_all(connection):
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return received


def read_until(connection, marker):
    received = b""
    while marker not in received:
        piece = connection.recv(65536)
        assert piece, received
        received += piece
    return received


def chunks_of(body):
    """The chunks of a chunked body, the last and empty one included."""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        yield body[:length]
        assert body[length : length + 2] == b"\r\n"
        body = body[length + 2 :]


def test_each_step_is_a_chunk(playing):
    with LoopbackBackend(playing()) as backend, connected(backend) as connection:
        connection.sendall(REQUEST)
        head, _, body = read_until(connection, b"\r\n0\r\n\r\n").partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head
    assert list(chunks_of(body)) == [*good_stream(), b""]


def test_an_empty_step_does_not_end_the_body(playing):
    with (
        LoopbackBackend(playing(event_stream(b"a", b"", b"b"))) as backend,
        connected(backend) as connection,
    ):
        connection.sendall(REQUEST)
        _, _, body = read_until(connection, b"\r\n0\r\n\r\n").partition(b"\r\n\r\n")
    assert list(chunks_of(body)) == [b"a", b"b", b""]


@pytest.mark.parametrize("sizes", [[1], [7, 1, 300], [10_000], [0]], ids=str)
def test_bodies_are_cut_anew(playing, sizes):
    scenario = playing()
    give = itertools.cycle(sizes)
    with (
        LoopbackBackend(scenario, chunk_sizes=lambda: next(give)) as backend,
        connected(backend) as connection,
    ):
        connection.sendall(REQUEST)
        _, _, body = read_until(connection, b"\r\n0\r\n\r\n").partition(b"\r\n\r\n")
    pieces = list(chunks_of(body))
    assert b"".join(pieces) == GOOD
    assert len(pieces[0]) == min(max(sizes[0], 1), len(GOOD))


def test_controls_keep_their_place_when_bodies_are_cut_anew(playing):
    reply = event_stream(b"abc", b"def", Control.CUT, b"ghi")
    with (
        LoopbackBackend(playing(reply), chunk_sizes=lambda: 4) as backend,
        connected(backend) as connection,
    ):
        connection.sendall(REQUEST)
        received = read_all(connection)
    assert received.endswith(b"\r\n\r\n4\r\nabcd\r\n2\r\nef\r\n")


@pytest.mark.parametrize("framing", ["chunked", "length"])
def test_a_connection_serves_many_requests(playing, framing):
    with LoopbackBackend(playing(event_stream(*good_stream(), framing=framing))) as backend:
        client = http.client.HTTPConnection("127.0.0.1", backend.port, timeout=10)
        client.connect()
        opened = client.sock
        for _ in range(3):
            client.request("POST", "/v1/responses", b'{"stream":true}')
            assert client.getresponse().read() == GOOD
        assert client.sock is opened
        client.close()
        assert len(backend.requests) == 3


def test_a_client_that_says_close_is_left(playing):
    closing = REQUEST.replace(b"host: x", b"connection: close")
    with LoopbackBackend(playing()) as backend, connected(backend) as connection:
        connection.sendall(closing)
        assert read_all(connection).endswith(b"0\r\n\r\n")


def test_an_old_client_gets_no_chunks(playing):
    old = REQUEST.replace(b"HTTP/1.1", b"HTTP/1.0")
    with LoopbackBackend(playing()) as backend, connected(backend) as connection:
        connection.sendall(old)
        _, _, body = read_all(connection).partition(b"\r\n\r\n")
    assert body == GOOD


def test_the_end_of_the_connection_can_end_the_body(playing):
    with (
        LoopbackBackend(playing(event_stream(*good_stream(), framing="close"))) as backend,
        connected(backend) as connection,
    ):
        connection.sendall(REQUEST)
        head, _, body = read_all(connection).partition(b"\r\n\r\n")
    assert b"connection: close" in head
    assert body == GOOD


def test_requests_may_be_chunked_and_wait_to_be_told_to_go_on(playing):
    head = (
        b"POST /v1/responses HTTP/1.1\r\nexpect: 100-continue\r\n"
        b"transfer-encoding: chunked\r\nx-a: 1\r\nx-a: 2\r\n\r\n"
    )
    with LoopbackBackend(playing()) as backend, connected(backend) as connection:
        connection.sendall(head)
        assert read_until(connection, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b'8\r\n{"stream\r\n7;x=y\r\n":true}\r\n0\r\nx-trailer: 1\r\n\r\n')
        read_until(connection, b"\r\n0\r\n\r\n")
        (seen,) = backend.requests
    assert (seen.body, seen.kind) == ({"stream": True}, "stream")
    assert seen.headers["x-a"] == "1, 2"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_http_is_told_so(playing, request_bytes):
    with LoopbackBackend(playing()) as backend, connected(backend) as connection:
        connection.sendall(request_bytes)
        assert read_all(connection).startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert backend.requests == []


def test_a_request_that_breaks_off_is_not_recorded(playing):
    with LoopbackBackend(playing()) as backend:
        with connected(backend) as connection:
            connection.sendall(REQUEST[:-3])
        with connected(backend) as connection:
            connection.sendall(REQUEST)
            read_until(connection, b"\r\n0\r\n\r\n")
        assert len(backend.requests) == 1


@pytest.mark.parametrize("framing", ["chunked", "length"])
def test_a_cut_leaves_the_body_without_its_end(playing, framing):
    reply = event_stream(*good_stream()[:5], Control.CUT, framing=framing)
    with LoopbackBackend(playing(reply)) as backend:
        client = http.client.HTTPConnection("127.0.0.1", backend.port, timeout=10)
        client.request("POST", "/v1/responses", b'{"stream":true}')
        response = client.getresponse()
        with pytest.raises(http.client.IncompleteRead) as caught:
            response.read()
        client.close()
    assert caught.value.partial == b"".join(good_stream()[:5])


@pytest.mark.parametrize("chunk_sizes", [None, lambda: 1], ids=["as-written", "cut-anew"])
def test_a_cut_is_a_reset_where_nothing_else_would_show(playing, chunk_sizes):
    reply = event_stream(*good_stream()[:5], Control.CUT, framing="close")
    with (
        LoopbackBackend(playing(reply), chunk_sizes=chunk_sizes) as backend,
        connected(backend) as connection,
    ):
        connection.sendall(REQUEST)
        assert read_until(connection, b'"Hel"').endswith(good_stream()[4])
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_a_cut_can_come_before_the_status_line(playing):
    with (
        LoopbackBackend(playing(event_stream(Control.BEFORE_HEADERS, Control.CUT))) as backend,
        connected(backend) as connection,
    ):
        connection.sendall(REQUEST)
        assert read_all(connection) == b""


@pytest.mark.parametrize(
    ("steps", "first"),
    [
        ((b"abc", Control.HOLD), b"abc"),
        ((Control.KEEPALIVES,), comment("keepalive")),
        ((Control.HOLD,), b"\r\n\r\n"),
    ],
    ids=["after-bytes", "keepalives", "after-headers"],
)
class TestEndlessReplies:
    def test_close_ends_them_at_once(self, playing, steps, first):
        backend = LoopbackBackend(playing(event_stream(*steps)))
        backend.start()
        with connected(backend) as connection:
            connection.sendall(REQUEST)
            read_until(connection, first)
            backend.close()
            assert b"0\r\n\r\n" not in read_all(connection)

    def test_they_end_when_the_client_goes(self, playing, steps, first):
        with LoopbackBackend(playing(event_stream(*steps))) as backend:
            idle = set(threading.enumerate())
            with connected(backend) as connection:
                connection.sendall(REQUEST)
                read_until(connection, first)
                (serving,) = set(threading.enumerate()) - idle
            serving.join(timeout=10)
            assert not serving.is_alive()


def test_keepalives_come_again_and_again(playing):
    beat = b"%x\r\n%b\r\n" % (len(comment("keepalive")), comment("keepalive"))
    with (
        LoopbackBackend(playing(event_stream(Control.KEEPALIVES))) as backend,
        connected(backend) as connection,
    ):
        connection.sendall(REQUEST)
        read_until(connection, beat * 3)


def test_close_ends_a_backend_whose_client_does_not_read(playing):
    with (
        LoopbackBackend(playing(event_stream(b"x" * 50_000_000))) as backend,
        connected(backend) as connection,
    ):
        connection.sendall(REQUEST)
        read_until(connection, b"x")


def test_close_ends_idle_connections(playing):
    with LoopbackBackend(playing()) as backend, connected(backend) as connection:
        connection.sendall(REQUEST)
        read_until(connection, b"\r\n0\r\n\r\n")
        backend.close()
        assert read_all(connection) == b""


def test_silence_before_the_headers(playing):
    asked = threading.Event()
    silent = playing(event_stream(Control.BEFORE_HEADERS))
    with (
        LoopbackBackend(silent, on_request=lambda _: asked.set()) as backend,
        connected(backend) as connection,
    ):
        connection.sendall(REQUEST)
        assert asked.wait(timeout=10)
        backend.close()
        assert read_all(connection) == b""


@pytest.mark.parametrize(
    "case", [case for case in all_scenarios() if not case.refusals], ids=lambda case: case.id
)
def test_the_corpus_is_played_as_written(case):
    reply = case.streams[0]
    whole = b"".join(step for step in reply.steps if isinstance(step, bytes))
    with LoopbackBackend(case) as backend:
        client = http.client.HTTPConnection("127.0.0.1", backend.port, timeout=10)
        client.request("POST", "/v1/responses", b'{"stream":true}')
        try:
            if Control.BEFORE_HEADERS in reply.steps:
                if Control.CUT in reply.steps:
                    with pytest.raises(http.client.RemoteDisconnected):
                        client.getresponse()
                return
            response = client.getresponse()
            assert response.status == reply.status
            if Control.CUT in reply.steps:
                with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
                    response.read()
            elif {Control.HOLD, Control.KEEPALIVES} & set(reply.steps):
                assert not whole or response.read(len(whole)) == whole
            else:
                assert response.read() == whole
        finally:
            client.close()
