"""Servers that speak bad HTTP, and other pieces that several test modules share."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Self

from hermes.errors import CallError
from hermes.providers.contract import EndpointMemory, Failure, Request, Verdict, VerdictKind
from hermes.providers.dispatch import CallDispatch
from hermes.providers.manager import PluginManager
from hermes.responses.result import ResponseResult
from hermes.runtime.client import Endpoint, build_client
from hermes.runtime.deadlines import Deadlines
from hermes.runtime.recovery import RecoveryPolicy
from hermes.runtime.stream import CallOptions, run_call
from hermes.runtime.transport import BytesAnswer, TransportFailed, send
from hermes.testing.scenario import Reply, Scenario

from .conftest import REQUEST, FakeClock

Handle = Callable[[socket.socket], None]
ONE_ATTEMPT = RecoveryPolicy(max_attempts=1)
STREAM = Request(REQUEST, stream=True)

# What the SDK would take from the environment, and what only api.openai.com may be sent of it.
MARK = "marked-for-another-host"
FOREIGN = {
    "OPENAI_API_KEY": f"sk-{MARK}-0",
    "OPENAI_ADMIN_KEY": f"sk-{MARK}-1",
    "OPENAI_ORG_ID": f"org-{MARK}",
    "OPENAI_PROJECT_ID": f"proj-{MARK}",
    "OPENAI_WEBHOOK_SECRET": f"whsec-{MARK}",
    "OPENAI_BASE_URL": f"http://{MARK}.invalid/v1",
    "OPENAI_CUSTOM_HEADERS": f"Authorization: Bearer {MARK}\nX-Custom: {MARK}\nContent-Type: text/{MARK}\n"
    f"accept-encoding: {MARK}",
}


class RawServer:
    """A TCP server on the loopback interface; a function of the test handles each connection.

    Args:
        handle: called in a thread of its own with the connection, once a whole request has come.
    """

    def __init__(self, handle: Handle, *, host: str = "127.0.0.1") -> None:
        self.requests: list[bytes] = []
        self._handle = handle
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self.port: int = self._listener.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *exception: object) -> None:
        for connection in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self.requests.append(read_request(connection))
            self._handle(connection)


def read_request(connection: socket.socket) -> bytes:
    """A whole request with its head and its body; what is no HTTP is read as far as it has come."""
    request = connection.recv(65536)
    if not request.startswith(b"POST"):
        return request
    while b"\r\n\r\n" not in request:
        request += connection.recv(65536)
    head, _, body = request.partition(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def wait_for_eof(connection: socket.socket) -> None:
    """Returns when the client has closed the connection."""
    with contextlib.suppress(ConnectionError):
        while connection.recv(65536):
            pass


def saying(data: bytes) -> Handle:
    """A handler that sends ``data`` and closes the connection."""
    return lambda connection: connection.sendall(data)


def http(body: bytes, *, status: str = "200 OK", headers: str = "content-type: text/event-stream") -> bytes:
    """An HTTP answer that the end of the connection ends."""
    return f"HTTP/1.1 {status}\r\n{headers}\r\n\r\n".encode() + body


def failure_over(base_url: str, *, streaming: bool = True, deadlines: Deadlines | None = None) -> Failure:
    """How the transport tells what goes wrong in one request to ``base_url``, its body included."""
    client = build_client(Endpoint("custom", base_url, deadlines=deadlines or Deadlines(connect=5)))
    request = STREAM if streaming else Request(REQUEST)
    try:
        answer = send(client, request)
        assert isinstance(answer, BytesAnswer)
        try:
            for _ in answer.chunks():
                pass
        finally:
            answer.close()
    except TransportFailed as error:
        return error.failure
    finally:
        client.close()
    raise AssertionError("nothing went wrong")


def run_with(
    client: Any, *, live: bool = False, plugins: PluginManager | None = None, **options: Any
) -> Ended:
    """A call with any client and a clock that never waits."""
    events: list[Any] = []
    clock = options.pop("clock", None) or FakeClock()
    slept = getattr(clock, "slept", [])
    on_event = options.pop("on_event", events.append)
    options = {"live": live, "clock": clock, **options}
    try:
        result = run_call(
            client,
            REQUEST,
            plugins or PluginManager(["lenient"]),
            options=CallOptions(**options),
            on_event=on_event,
        )
    except CallError as error:
        return Ended(events, slept, error=error)
    return Ended(events, slept, result=result)


@dataclass
class Ended:
    """How a call with an injected client ended."""

    events: list[Any]
    slept: list[float]
    result: ResponseResult | None = None
    error: CallError | None = None

    @property
    def reason(self) -> str:
        return self.result.reason if self.result is not None else str(self.error)


def client_of(*answers: Any) -> Any:
    """A client whose ``responses.create`` gives one answer after the other and keeps the requests."""
    waiting = list(answers)
    requests: list[dict[str, Any]] = []

    def create(**request: Any) -> Any:
        requests.append(request)
        answer = waiting.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return SimpleNamespace(responses=SimpleNamespace(create=create), requests=requests)


def served(stream: Reply, *more: Reply, non_stream: Reply | None = None) -> Scenario:
    """A scenario of replies, the last one repeated."""
    return Scenario("test", 0, "", (stream, *more), (non_stream or stream,))


@dataclass(frozen=True)
class Offered:
    """An entry point whose plugin is an object of the test."""

    name: str
    plugin: Any
    value: str = "test"
    group: str = "hermes.adapters"
    dist: None = None

    def load(self) -> Any:
        return self.plugin


def plugins_with(plugin: Any, *enabled: str) -> PluginManager:
    """Hermes' own adapters, and ``plugin`` found as an installed one is."""
    point: Any = Offered(plugin.name, plugin)
    return PluginManager(["lenient", plugin.name, *enabled], discover=lambda: [point])


def dispatch_of(manager: PluginManager | None = None) -> CallDispatch:
    """The adapters of one call."""
    return (manager or PluginManager(["lenient"])).begin_call(
        provider="custom", model="m", memory=EndpointMemory(), on_report=lambda item: None
    )


def verdict(kind: str, **fields: Any) -> Verdict:
    """A verdict of that kind."""
    return Verdict(VerdictKind(kind), **fields)
