"""A real HTTP server on the loopback interface that behaves as a scenario says."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Literal, Self

from hermes.errors import UsageError
from hermes.testing.http1 import ChunkSizes, HttpRequest, MalformedRequestError, read_request, send_reply
from hermes.testing.replies import http_error, json_answer
from hermes.testing.scenario import Control, Reply, RequestKind, Scenario

__all__ = ["MODELS", "LoopbackBackend", "SeenRequest"]

MODELS: Final = ("gpt-5.4", "gpt-5.4-mini")
"""The models that the backend lists."""

_HOST: Final = "127.0.0.1"
_BACKLOG: Final = 1024


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """A request that the backend received.

    Attributes:
        method: e.g. ``POST``.
        path: the target without its query.
        headers: names in lower case.
        body: the decoded JSON body; None where there is none.
        raw_body: its bytes.
        kind: whether a response was asked for as a stream or not; ``other`` for any other request.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    raw_body: bytes
    kind: RequestKind | Literal["other"]


class LoopbackBackend:
    """A Responses API backend on a port of its own, one thread for each connection.

    Use it as a context manager::

        with LoopbackBackend(scenario("good-text")) as backend:
            client = OpenAI(base_url=backend.base_url, api_key="any")

    It answers ``POST .../responses`` and ``GET .../models`` under any prefix.

    Args:
        scenario: what to answer. The n-th request for a stream gets the n-th reply, the last one repeats;
            the same for requests without ``stream``.
        port: the port to listen on; 0 takes a free one.
        key: where given, requests without ``Authorization: Bearer <key>`` are refused.
        chunk_sizes: where given, bodies are cut anew into pieces of these sizes. Called from the
            connections' threads.
        on_request: told of each request before it is answered. Called from the connections' threads.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        port: int = 0,
        key: str | None = None,
        chunk_sizes: ChunkSizes | None = None,
        on_request: Callable[[SeenRequest], None] | None = None,
    ) -> None:
        self.scenario = scenario
        self._replies: dict[RequestKind, tuple[Reply, ...]] = {
            "stream": scenario.streams,
            "non_stream": scenario.non_streams,
        }
        for kind, replies in self._replies.items():
            _check(scenario, kind, replies)
        self._wanted_port = port
        self._key = key
        self._chunk_sizes = chunk_sizes
        self._on_request = on_request
        self._lock = threading.Lock()
        self._requests: list[SeenRequest] = []
        self._answered: dict[RequestKind, int] = {"stream": 0, "non_stream": 0}
        self._connections: set[socket.socket] = set()
        self._acceptor: threading.Thread | None = None
        self._threads: list[threading.Thread] = []
        self._stopped = threading.Event()
        self._listener: socket.socket | None = None
        self._waker: socket.socket | None = None
        self._port = 0

    @property
    def port(self) -> int:
        """The port that it listens on."""
        if not self._port:
            raise RuntimeError("the backend is not started")
        return self._port

    @property
    def base_url(self) -> str:
        """The base URL for a client, e.g. ``http://127.0.0.1:34567/v1``."""
        return f"http://{_HOST}:{self.port}/v1"

    @property
    def requests(self) -> list[SeenRequest]:
        """Every request so far, in the order in which they came."""
        with self._lock:
            return list(self._requests)

    @property
    def kinds(self) -> tuple[RequestKind, ...]:
        """The kinds of the requests for a response, to compare with ``Expected.requests``."""
        return tuple(request.kind for request in self.requests if request.kind != "other")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Listens from now on; a backend is started once.

        Raises:
            UsageError: the port cannot be used.
        """
        if self._listener is not None or self._stopped.is_set():
            raise RuntimeError("the backend was started before")
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((_HOST, self._wanted_port))
            listener.listen(_BACKLOG)
        except (OSError, OverflowError) as error:
            listener.close()
            reason = getattr(error, "strerror", None) or error
            raise UsageError(
                f"Port {self._wanted_port} on {_HOST} cannot be used: {reason}.",
                hint="Choose another port; 0 takes a free one.",
            ) from error
        listener.setblocking(False)
        self._listener = listener
        self._port = listener.getsockname()[1]
        wakee, self._waker = socket.socketpair()
        self._acceptor = self._spawn(self._accept, listener, wakee)

    def close(self) -> None:
        """Ends every connection and thread at once; calling it again does nothing."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        if self._acceptor is None or self._waker is None:
            return
        # The accepting thread goes first, so that no connection is added behind the loop below.
        self._waker.close()
        self._acceptor.join()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):  # the client may have closed it already
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def serve_forever(self) -> None:
        """Serves until the user interrupts it, or until another thread calls ``close``."""
        if self._listener is None:
            self.start()
        try:
            self._stopped.wait()
        except KeyboardInterrupt:
            pass  # this is how a server on a terminal ends
        finally:
            self.close()

    def _spawn(self, target: Callable[..., None], *args: object) -> threading.Thread:
        thread = threading.Thread(target=target, args=args, name=f"loopback:{self._port}", daemon=True)
        thread.start()
        return thread

    def _accept(self, listener: socket.socket, wakee: socket.socket) -> None:
        with listener, wakee, selectors.DefaultSelector() as selector:
            selector.register(listener, selectors.EVENT_READ)
            selector.register(wakee, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select()]
                if wakee in ready:
                    return
                try:
                    connection, _ = listener.accept()
                except (BlockingIOError, ConnectionAbortedError):
                    continue  # the client left before it was served
                connection.setblocking(True)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._lock:
                    self._connections.add(connection)
                serving = [thread for thread in self._threads if thread.is_alive()]
                self._threads = [*serving, self._spawn(self._serve, connection)]

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                with connection.makefile("rb") as reader:
                    while (request := read_request(reader, connection)) and self._answer(connection, request):
                        pass
            except MalformedRequestError as error:
                self._refuse(connection, str(error))
            except OSError:
                pass  # the client or close() ended the connection: nobody is left to answer
            finally:
                with self._lock:
                    self._connections.discard(connection)

    def _refuse(self, connection: socket.socket, reason: str) -> None:
        unreadable = HttpRequest("", "", "HTTP/1.0", {}, b"")
        with contextlib.suppress(OSError):
            send_reply(connection, http_error(400, f"Malformed HTTP request: {reason}"), to=unreadable)

    def _answer(self, connection: socket.socket, request: HttpRequest) -> bool:
        seen = _seen(request)
        with self._lock:
            self._requests.append(seen)
            reply = self._choose(seen)
        if self._on_request is not None:
            self._on_request(seen)
        return send_reply(connection, reply, to=request, chunk_sizes=self._chunk_sizes)

    def _choose(self, request: SeenRequest) -> Reply:
        if refusal := self._refusal(request):
            return refusal
        path = request.path.rstrip("/")
        if request.kind != "other":
            return self._particular_reply(request) or self._next_reply(request.kind)
        if path.endswith("/models") and request.method == "GET":
            return _model_list()
        if path.endswith(("/models", "/responses")):
            return http_error(405, "Method Not Allowed", type="invalid_request_error")
        return http_error(404, f"Not Found: {request.path}", type="invalid_request_error", code="not_found")

    def _particular_reply(self, request: SeenRequest) -> Reply | None:
        body = request.body if isinstance(request.body, dict) else {}
        refusals = self.scenario.refusals
        return next((refusal.reply for refusal in refusals if refusal.when(body)), None)

    def _next_reply(self, kind: RequestKind) -> Reply:
        replies = self._replies[kind]
        index = min(self._answered[kind], len(replies) - 1)
        self._answered[kind] += 1
        return replies[index]

    def _refusal(self, request: SeenRequest) -> Reply | None:
        given = request.headers.get("authorization", "")
        if self._key is None or given == f"Bearer {self._key}":
            return None
        message = "Invalid API key" if given else "Missing API key in Authorization header"
        return http_error(401, message, type="authentication_error", code="invalid_api_key")


def _seen(request: HttpRequest) -> SeenRequest:
    body = request.json
    kind: RequestKind | Literal["other"] = "other"
    if request.method == "POST" and request.path.rstrip("/").endswith("/responses"):
        kind = "stream" if isinstance(body, dict) and body.get("stream") is True else "non_stream"
    return SeenRequest(request.method, request.path, request.headers, body, request.body, kind)


def _model_list() -> Reply:
    models = [{"id": name, "object": "model", "created": 1, "owned_by": "openai"} for name in MODELS]
    return json_answer({"object": "list", "data": models})


def _check(scenario: Scenario, kind: RequestKind, replies: tuple[Reply, ...]) -> None:
    if not replies:
        raise ValueError(f"the scenario {scenario.id!r} has no reply to a {kind} request")
    if any(reply.framing == "length" and Control.KEEPALIVES in reply.steps for reply in replies):
        raise ValueError(f"the scenario {scenario.id!r} has an endless body with a Content-Length")
