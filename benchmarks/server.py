"""The loopback server: writes prebuilt Responses streams, in a process of its own.

``python -m benchmarks.server`` prints the base URL and serves until its stdin is closed. The model or the
path chooses the stream: see ``stream_bytes.Stream`` and the README of this folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from benchmarks.stream_bytes import Stream

__all__ = ["running"]

_BLOCK: Final = 64 * 1024
_MAX_REQUEST: Final = 8 * 1024 * 1024
_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\n"
    b"content-type: text/event-stream; charset=utf-8\r\n"
    b"cache-control: no-cache\r\n"
    b"x-request-id: req_0a1b2c3d4e5f60718293a4b5c6d7e8f9\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
_WORKLOAD_IN_PATH: Final = re.compile(r"/([^/]+)/v1/")
_LAST_CHUNK: Final = b"0\r\n\r\n"
# A repository of programs that list the models before they ask one.
_MODELS: Final = json.dumps({"object": "list", "data": []}).encode()


def _chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


@lru_cache(maxsize=8)
def _writes(workload: str, model: str) -> tuple[bytes, ...]:
    """What is written of a stream, one entry a write, head and last chunk included."""
    stream = Stream.of(workload, model)
    if stream.each:
        frames = [_chunk(frame) for frame in stream.frames]
        return (_HEAD + frames[0], *frames[1:-1], frames[-1] + _LAST_CHUNK)
    body = b"".join(stream.frames)
    blocks = [_chunk(body[start : start + _BLOCK]) for start in range(0, len(body), _BLOCK)]
    return (_HEAD + b"".join(blocks) + _LAST_CHUNK,)


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        while True:
            method, path, body = await _request(reader)
            if not method:
                break
            await _answer(writer, method, path, body)
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def _request(reader: asyncio.StreamReader) -> tuple[str, str, bytes]:
    """The next request's method, path and body; empty where the client is done."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return "", "", b""
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if "chunked" in headers.get("transfer-encoding", ""):
        return method, path, await _chunked(reader)
    length = int(headers.get("content-length") or 0)
    return method, path, await reader.readexactly(min(length, _MAX_REQUEST))


async def _chunked(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while len(body) < _MAX_REQUEST:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        body += (await reader.readexactly(size + 2))[:-2]
        if not size:
            break
    return bytes(body)


async def _answer(writer: asyncio.StreamWriter, method: str, path: str, body: bytes) -> None:
    path = path.partition("?")[0]
    if method == "GET" and path.endswith("/models"):
        _write_json(writer, 200, _MODELS)
        return
    if method != "POST" or not path.endswith("/responses"):
        _write_json(writer, 404, b'{"error":{"message":"There is only /v1/responses.","code":"not_found"}}')
        return
    try:
        asked = json.loads(body)
        named = _WORKLOAD_IN_PATH.match(path)
        stream = Stream.of(named[1] if named else asked["model"], asked["model"])
    except (ValueError, KeyError, TypeError):
        _write_json(writer, 400, b'{"error":{"message":"Nothing names a stream.","code":"model_not_found"}}')
        return
    if not asked.get("stream"):
        _write_json(writer, 200, stream.body)
        return
    for number, data in enumerate(_writes(stream.workload, stream.model)):
        if stream.delay and number:
            await asyncio.sleep(stream.delay)
        writer.write(data)
        await writer.drain()
        if stream.each and not stream.delay and number % 64 == 0:
            await asyncio.sleep(0)  # others are served too


def _write_json(writer: asyncio.StreamWriter, status: int, body: bytes) -> None:
    head = f"HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)


async def _main() -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0, limit=_MAX_REQUEST, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{port}/v1", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    server.close()


@contextlib.contextmanager
def running() -> Iterator[str]:
    """The server in a process of its own; gives its base URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("pipes were asked for")
    try:
        base_url = process.stdout.readline().strip()
        if not base_url:
            raise RuntimeError("the server did not start")
        yield base_url
    finally:
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


if __name__ == "__main__":
    asyncio.run(_main())
