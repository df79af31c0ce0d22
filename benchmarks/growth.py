"""Point 3: how processor time and memory grow with the length of a stream, its frames and its chunks.

``python -m benchmarks.growth engine|call PATH PIECE`` is a child: it reads a stream from a file and prints
what that took. ``python -m benchmarks.growth serve PATH PIECE`` serves the file over HTTP until its stdin is
closed.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.figures import Limit, Measurement, Remark, Setting

__all__ = ["LIMITS", "NOTES", "QUICK", "TOPIC", "measure"]

TOPIC: Final = "growth"
QUICK: Final = False

_ENGINE, _CALL = "engine", "whole call"
_PER_MB: Final = "processor time per MB"
_PER_FRAME: Final = "processor time per frame"
_MEMORY: Final = "memory beyond the text, in longest frames"
_PEAK: Final = "peak memory"

_MB: Final = 1_000_000
_MIB: Final = 1024 * 1024
_BLOCK: Final = 64 * 1024
_LINEAR: Final = 1.35
"""How much more a byte of a stream may cost that is four times as long: nothing, but for what caches hold."""
_FRAMES: Final = 4.0
_KEY: Final = "sk-growth-3f9a1c7e5b2d4f60"
_NUMBERED: Final = re.compile(rb'"sequence_number":\d+')


NOTES: Final = f"""\
A stream is written to a file, and a process of its own reads it in pieces: **{_ENGINE}** feeds them to
`AnswerEngine` with the adapters `builtin`, `lenient` and `codex_lb`, a key to look for and a callback;
**{_CALL}** is `run_call` over a loopback socket. Time grows with length where four times as long a stream
takes as long per byte. The sizes stand in the names; pieces have 64 KiB where nothing else is said. The open
calls are begun and never confirmed, and every second sequence number is missing.

"{_MEMORY}": the peak of the resident memory, less what the process held before (and the piece, where
everything comes at once), less the text of the answer as it is held once, divided by the longest frame. The
answer of 64 MiB is repeated as a whole by four events (`output_text.done`, `content_part.done`,
`output_item.done`, `completed`), its quotation marks and line breaks escaped.
"""


@dataclass(frozen=True, slots=True)
class _Case:
    """A stream and how it comes.

    Attributes:
        name: of the stream.
        frames: makes it.
        size: what ``frames`` is given.
        piece: bytes at a time; 0 for all at once.
    """

    name: str
    frames: Callable[[int], Iterator[bytes]]
    size: int
    piece: int = _BLOCK


def _deltas(size: int, text: str = " word") -> Iterator[bytes]:
    """A message of ``size`` bytes in pieces of ``text``, told whole by four events."""
    count = size // len(text.encode())
    part = {"type": "output_text", "annotations": [], "text": ""}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    yield _frame("created", 0, response=_response("in_progress", []))
    yield _frame("output_item.added", 1, output_index=0, item=item)
    yield _frame("content_part.added", 2, **place, part=part)
    delta = _frame("output_text.delta", 3, **place, delta=text, logprobs=[], obfuscation="q8ZkV1xWt0Ra")
    before, after = _NUMBERED.split(delta)
    for number in range(3, 3 + count):
        yield b'%b"sequence_number":%d%b' % (before, number, after)
    whole = text * count
    yield _frame("output_text.done", count + 3, **place, text=whole)
    part = {**part, "text": whole}
    yield _frame("content_part.done", count + 4, **place, part=part)
    done = {**item, "status": "completed", "content": [part]}
    yield _frame("output_item.done", count + 5, output_index=0, item=done)
    yield _frame("completed", count + 6, response=_response("completed", [done]))


def _long_deltas(size: int) -> Iterator[bytes]:
    return _deltas(size, ('He said "so be it", and left.\n' * 140)[:4096])


def _one_frame(size: int) -> Iterator[bytes]:
    """An answer whose terminal event tells all of it."""
    part = {"type": "output_text", "annotations": [], "text": "a word or two. " * (size // 15)}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    yield _frame("created", 0, response=_response("in_progress", []))
    yield _frame("completed", 1, response=_response("completed", [item]))


def _tiny_frames(size: int) -> Iterator[bytes]:
    yield _frame("created", 0, response=_response("in_progress", []))
    for _ in range(size // 11):
        yield b"data: {}\n\n\n"
    yield _frame("completed", 1, response=_response("completed", []))


def _items(count: int) -> Iterator[bytes]:
    """Calls that are begun and never confirmed, and numbers of which every second one is missing."""
    yield _frame("created", 0, response=_response("in_progress", []))
    number = 0
    for index in range(count):
        call = {"id": f"fc_{index}", "type": "function_call", "call_id": f"call_{index}", "name": "f"}
        number += 1 + index % 2
        yield _frame("output_item.added", number, output_index=index, item={**call, "arguments": ""})
        number += 1 + index % 2
        yield _frame("function_call_arguments.delta", number, output_index=index, delta="{}")
    yield _frame("completed", number + 1, response=_response("completed", []))


def _parts(count: int) -> Iterator[bytes]:
    """A message of many parts."""
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    yield _frame("created", 0, response=_response("in_progress", []))
    yield _frame("output_item.added", 1, output_index=0, item=item)
    for index in range(count):
        place = {"item_id": "msg_1", "output_index": 0, "content_index": index}
        part = {"type": "output_text", "annotations": [], "text": ""}
        yield _frame("content_part.added", 2 * index + 2, **place, part=part)
        yield _frame("output_text.delta", 2 * index + 3, **place, delta="word ")
    yield _frame("completed", 2 * count + 2, response=_response("completed", []))


def _frame(name: str, number: int, **fields: Any) -> bytes:
    event = {"type": f"response.{name}", "sequence_number": number, **fields}
    data = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    return f"event: response.{name}\ndata: {data}\n\n".encode()


def _response(status: str, output: list[Any]) -> dict[str, Any]:
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2} if status == "completed" else None
    return {"id": "resp_1", "object": "response", "status": status, "output": output, "usage": usage}


_TIMED: Final = {
    "deltas, 8 MiB of frames": _Case("deltas", _deltas, 256 * 1024),
    "deltas, 32 MiB of frames": _Case("deltas", _deltas, 1024 * 1024),
    "deltas, 32 MiB at once": _Case("deltas", _deltas, 1024 * 1024, 0),
    "deltas, 2 MiB by the byte": _Case("deltas", _deltas, 64 * 1024, 1),
    "deltas, 8 MiB by the byte": _Case("deltas", _deltas, 256 * 1024, 1),
    "one frame of 2 MiB": _Case("frame", _one_frame, 2 * _MIB, 1024),
    "one frame of 8 MiB": _Case("frame", _one_frame, 8 * _MIB, 1024),
    "one frame of 8 MiB at once": _Case("frame", _one_frame, 8 * _MIB, 0),
    "one frame of 2 MiB by the byte": _Case("frame", _one_frame, 2 * _MIB, 1),
    "one frame of 8 MiB by the byte": _Case("frame", _one_frame, 8 * _MIB, 1),
    "empty objects, 1 MiB": _Case("tiny", _tiny_frames, _MIB),
    "empty objects, 4 MiB": _Case("tiny", _tiny_frames, 4 * _MIB),
    "10,000 open calls": _Case("calls", _items, 10_000),
    "40,000 open calls": _Case("calls", _items, 40_000),
    "10,000 parts": _Case("parts", _parts, 10_000),
    "40,000 parts": _Case("parts", _parts, 40_000),
}
_COMPARED: Final = {
    "deltas, 32 MiB of frames": "deltas, 8 MiB of frames",
    "deltas, 32 MiB at once": "deltas, 32 MiB of frames",
    "deltas, 8 MiB by the byte": "deltas, 2 MiB by the byte",
    "one frame of 8 MiB": "one frame of 2 MiB",
    "one frame of 8 MiB at once": "one frame of 8 MiB",
    "one frame of 8 MiB by the byte": "one frame of 2 MiB by the byte",
    "empty objects, 4 MiB": "empty objects, 1 MiB",
    "40,000 open calls": "10,000 open calls",
    "40,000 parts": "10,000 parts",
}
_HELD: Final = {
    "64 MiB answer": _Case("answer", _long_deltas, 64 * _MIB),
    "64 MiB answer at once": _Case("answer", _long_deltas, 64 * _MIB, 0),
    "1,000,000 deltas": _Case("million", _deltas, 5_000_000),
}

LIMITS: Final = (
    *(
        Limit(
            "3", TOPIC, longer, _PER_MB, _ENGINE, at_most=_LINEAR, against=_ENGINE, against_workload=shorter
        )
        for longer, shorter in _COMPARED.items()
    ),
    *(
        Limit("3", TOPIC, name, _MEMORY, subject, at_most=_FRAMES)
        for name in ("64 MiB answer", "64 MiB answer at once")
        for subject in (_ENGINE, _CALL)
    ),
)


def measure(setting: Setting) -> Iterable[Measurement | Remark]:
    """Times every case in turn, round by round; memory is the same each time and measured once."""
    for number in range(setting.rounds):
        for name, case in _TIMED.items():
            path, frames, _, _ = _written(case, setting.work)
            taken = _child("engine", path, case.piece)
            seconds = taken["seconds"]
            megabytes = path.stat().st_size / _MB
            yield Measurement(TOPIC, name, _ENGINE, _PER_MB, seconds * 1e3 / megabytes, "ms", number)
            yield Measurement(TOPIC, name, _ENGINE, _PER_FRAME, seconds * 1e6 / frames, "µs", number)
            path.unlink()
    for name, case in _HELD.items():
        path, _, longest, text = _written(case, setting.work)
        for subject, mode in ((_ENGINE, "engine"), (_CALL, "call")):
            taken = _child(mode, path, case.piece)
            beyond = (taken["peak"] - text) / longest
            yield Measurement(TOPIC, name, subject, _PEAK, taken["peak"] / _MB, "MB")
            yield Measurement(TOPIC, name, subject, _MEMORY, beyond, "")
        path.unlink()


def _written(case: _Case, work: Path) -> tuple[Path, int, int, int]:
    """The stream in a file; the number of its frames, the length of the longest, and of the text."""
    path = work / case.name
    frames = longest = 0
    with path.open("wb") as file:
        for frame in case.frames(case.size):
            file.write(frame)
            frames += 1
            longest = max(longest, len(frame))
    return path, frames, longest, case.size


def _child(mode: str, path: Path, piece: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.growth", mode, str(path), str(piece)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])
    if ran.returncode:
        raise RuntimeError(f"{mode} {path.name}: {ran.stderr.strip().splitlines()[-1:]}")
    told: dict[str, float] = json.loads(ran.stdout)
    return told


# What runs in processes of their own.


def _main(mode: str, path: Path, piece: int) -> None:
    if mode == "serve":
        _serve(path, piece or _BLOCK)
        return
    run = {"engine": _fed, "call": _called}[mode](path, piece)
    _release_peak()
    held = _status("VmRSS")
    began = time.process_time()
    run()
    seconds = time.process_time() - began
    print(json.dumps({"seconds": seconds, "peak": _status("VmHWM") - held}))


def _fed(path: Path, piece: int) -> Callable[[], object]:
    """The engine, fed from the file."""
    from hermes.providers.contract import Delivered, EndpointMemory
    from hermes.providers.manager import PluginManager
    from hermes.runtime.caller import Caller
    from hermes.runtime.engine import AnswerEngine
    from hermes.runtime.redaction import Redactor

    plugins = PluginManager(["lenient", "codex_lb"])
    whole = path.read_bytes() if not piece else b""  # what the caller holds is not what is measured

    def pieces() -> Iterator[bytes]:
        if whole:
            yield whole
            return
        with path.open("rb") as file:
            while read := file.read(piece):
                yield read

    def run(given: Iterable[bytes]) -> AnswerEngine:
        dispatch = plugins.begin_call(
            provider="bench", model="m", memory=EndpointMemory(), on_report=lambda told: None
        )
        dispatch.begin_attempt(1, streaming=True, delivered=Delivered())
        engine = AnswerEngine(
            dispatch,
            on_delta=Caller(lambda told: None, live=True).on_delta,
            on_notice=lambda told: None,
            redactor=Redactor([_KEY]),
        )
        for each in given:
            engine.feed(each)
        engine.end()
        engine.answer()
        if not engine.finished:
            raise RuntimeError("the stream did not end")
        return engine

    run(_deltas(5_000))
    return lambda: run(pieces())


def _called(path: Path, piece: int) -> Callable[[], object]:
    """A whole call to a server that sends the file."""
    from hermes.providers.manager import PluginManager
    from hermes.runtime.client import Endpoint, build_client
    from hermes.runtime.stream import CallOptions, run_call

    plugins = PluginManager(["lenient", "codex_lb"])
    options = CallOptions(provider="bench", live=True, secrets=(_KEY,))
    small = path.with_name("small")
    small.write_bytes(b"".join(_deltas(5_000)))

    def call(served: Path) -> object:
        command = [sys.executable, "-m", "benchmarks.growth", "serve", str(served), str(piece)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            if server.stdout is None or server.stdin is None:
                raise RuntimeError("pipes were asked for")
            client = build_client(Endpoint("bench", server.stdout.readline().strip(), api_key=_KEY))
            request = {"model": "m", "input": "hi"}
            result = run_call(client, request, plugins, options=options, on_event=lambda told: None)
            server.stdin.close()
        if result.status != "complete":
            raise RuntimeError(f"the answer is {result.status}: {result.reason}")
        return result

    call(small)
    return lambda: call(path)


def _serve(path: Path, piece: int) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", flush=True)

    def answer() -> None:
        while True:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as reader, path.open("rb") as file:
                length = 0
                while (line := reader.readline().strip()) != b"":
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.partition(b":")[2])
                reader.read(length)
                head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
                connection.sendall(head)
                while read := file.read(piece):
                    connection.sendall(read)

    threading.Thread(target=answer, daemon=True).start()
    sys.stdin.read()


def _status(name: str) -> int:
    """A figure of this process in bytes: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html."""
    found = re.search(rf"^{name}:\s+(\d+) kB$", Path("/proc/self/status").read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise RuntimeError(f"the system tells no {name}")
    return int(found[1]) * 1024


def _release_peak() -> None:
    """The peak from here on: https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html."""
    Path("/proc/self/clear_refs").write_text("5", "utf-8")


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
