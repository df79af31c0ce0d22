"""One answer's bytes to deltas: body sniffing, SSE, adapters, accumulator. No I/O.

The same engine serves a socket, a client that yields ready-made events, a recording and a benchmark.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from hermes.errors import FrameTooLargeError, ProtocolError, ResponseBodyError, StreamOrderError
from hermes.providers.contract import Event, Failure, FailureKind, Notice
from hermes.providers.dispatch import CallDispatch
from hermes.responses.accumulator import Accumulator, Answer
from hermes.responses.body import BodyKind, sniff_body
from hermes.responses.decode import (
    FrameKind,
    MendedEvent,
    decode_body,
    decode_frame,
    event_of,
    events_from_response,
    looks_like_response,
)
from hermes.responses.events import ENDED, Delta
from hermes.responses.sse import DEFAULT_MAX_FRAME_BYTES, Frame, SSEDecoder
from hermes.runtime.redaction import Redactor

__all__ = ["ERROR_BODY_BYTES", "AnswerEngine"]

ERROR_BODY_BYTES: Final = 64 * 1024
# More at once is cut, so that the frames of a long chunk need not all be held beside it.
_LONGEST_PIECE: Final = 256 * 1024
_MAX_REPAIRS: Final = 8
# A frame without any of these is a heartbeat in words, not what is left of an event.
_PIECE_OF_JSON: Final = re.compile(rb'[{}\[\]"]')
_STRANGE: Final = frozenset({BodyKind.HTML, BodyKind.COMPRESSED, BodyKind.TEXT})
_PLAIN_TEXT: Final = 200
_TORN: Final = "A frame of the answer was lost on its way, and nothing told what was in it."
_ONLY_THOUGHTS: Final = "The backend says it is done and sent only {}."


class AnswerEngine:
    """Turns one answer into deltas and, at its end, an ``Answer`` and perhaps a ``Failure``.

    Args:
        dispatch: the adapters of the call.
        on_delta: takes each delta as it comes; None for a caller that waits for the end.
        on_notice: takes what the user should know.
        on_restart: given what is void, when the backend begins another answer within the stream.
        content_type: the label of the body.
        tolerate_prelude: see ``Accumulator``.
        max_frame_bytes: the longest SSE frame or JSON body.
        redactor: takes secrets out of what adapters see.
    """

    def __init__(
        self,
        dispatch: CallDispatch,
        *,
        on_delta: Callable[[Delta], None] | None,
        on_notice: Callable[[Notice], None],
        on_restart: Callable[[Answer], None] | None = None,
        content_type: str = "",
        tolerate_prelude: bool = False,
        max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES,
        redactor: Redactor | None = None,
    ) -> None:
        self.finished = False
        """Whether the answer is over, so that nothing more needs to be read."""
        self.events = 0
        """How many events came so far, without those that adapters dropped: a keepalive is no progress."""
        self._dispatch = dispatch
        self._on_delta = on_delta
        self._on_notice = on_notice
        self._content_type = content_type
        self._limit = max_frame_bytes
        self._redactor = redactor or Redactor()
        self._decoder = SSEDecoder(max_frame_bytes=max_frame_bytes)
        self._accumulator = Accumulator(tolerate_prelude=tolerate_prelude, on_restart=on_restart)
        self._kind: BodyKind | None = None
        self._held = bytearray()
        self._damaged_frames = 0
        # The frames that came at once, and whether they hold no secret; None until that has to be known.
        self._frames: Sequence[Frame] = ()
        self._is_clean: bool | None = None

    @property
    def retry_ms(self) -> int | None:
        """The ``retry:`` field of the stream in milliseconds, where one came."""
        return self._decoder.retry_ms

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes of the body.

        Raises:
            StreamOrderError: an event out of order that no adapter repaired.
            FrameTooLargeError: a frame or body over the limit.
            ResponseBodyError: the body is neither SSE nor JSON, and more of it would tell nothing new.
        """
        if len(chunk) > _LONGEST_PIECE:
            for start in range(0, len(chunk), _LONGEST_PIECE):
                self.feed(chunk[start : start + _LONGEST_PIECE])
                if self.finished:
                    return
            return
        if self._kind is BodyKind.SSE:
            self._feed_frames(self._decoder.feed(chunk))
            return
        if not self._held:
            chunk = chunk.lstrip()  # line feeds that keep a connection warm
        if len(self._held) + len(chunk) > self._limit:
            raise FrameTooLargeError(self._limit)
        self._held += chunk
        if self._kind is None:
            self._decide(ended=False)
        if self._kind in _STRANGE and len(self._held) > ERROR_BODY_BYTES:
            raise ResponseBodyError(self._strange_body())

    def feed_event(self, data: Mapping[str, Any]) -> None:
        """Takes an event that the client has decoded already.

        Raises:
            StreamOrderError: an event out of order that no adapter repaired.
        """
        self._feed_event(event_of(dict(data)))

    def feed_response(self, data: Mapping[str, Any]) -> None:
        """Takes a whole Response object that the client has decoded already."""
        self._feed_json(dict(data))

    def end(self) -> None:
        """The body ended cleanly.

        Raises:
            StreamOrderError: the last frame is out of order.
            ResponseBodyError: the body is neither SSE nor JSON of a known kind.
        """
        if self.finished:
            return
        if self._kind is None:
            self._decide(ended=True)
        if self._kind is BodyKind.SSE:
            self._feed_frames(self._decoder.close())
        elif self._kind is BodyKind.JSON:
            self._feed_body(bytes(self._held))
        else:
            raise ResponseBodyError(self._strange_body())
        self._over()

    def end_broken(self) -> None:
        """The connection broke. What came may be whole all the same, but for the end of its framing.

        Raises:
            ResponseBodyError: the body is a web page, cut or not.
        """
        damaged = self._damaged_frames
        try:
            self.end()
        except ProtocolError:
            if self._kind is BodyKind.HTML:
                raise
        # The frame in which the connection broke is no damaged one.
        self._damaged_frames = damaged
        self.finished = self._accumulator.terminal is not None

    def report_damage(self) -> None:
        """Tells of damaged frames, once the answer is over."""
        if self._damaged_frames:
            many = "frame" if self._damaged_frames == 1 else "frames"
            text = f"Skipped {self._damaged_frames} damaged {many} of the stream."
            self._on_notice(Notice(text, kind="damaged"))

    def answer(self) -> Answer:
        """What is known of the answer."""
        return self._accumulator.answer()

    def failure_of(self, answer: Answer) -> Failure | None:
        """What is wrong with an answer whose body ended; None where nothing is.

        The caller fills in the HTTP facts and takes the secrets out.
        """
        terminal = answer.terminal
        if terminal is None:
            if self.events == 0 and self._damaged_frames:
                return Failure(FailureKind.BODY, "The stream holds nothing but damaged frames.")
            message = "" if self.events else "The stream ended before its first event."
            return Failure(FailureKind.EARLY_END, message, retry_after_ms=self.retry_ms)
        if terminal.type == "error":
            return Failure(FailureKind.ERROR_EVENT, event=terminal, retry_after_ms=self.retry_ms)
        if answer.status in ("failed", "cancelled"):
            return Failure(FailureKind.RESPONSE_FAILED, event=terminal, retry_after_ms=self.retry_ms)
        if answer.torn:
            return Failure(FailureKind.EARLY_END, _TORN, retry_after_ms=self.retry_ms)
        if answer.status == "completed" and _is_billed_and_empty(answer):
            tokens = answer.usage.output_tokens if answer.usage else None
            billed = f" ({tokens:,} tokens billed)" if tokens else ""
            return Failure(FailureKind.EMPTY, f"The backend says it is done and sent no output{billed}.")
        if answer.status == "completed" and answer.lacks_answer:
            output = tuple(item.data for item in answer.items)
            what = "commentary" if any(item.is_commentary for item in answer.items) else "its reasoning"
            return Failure(FailureKind.NO_ANSWER, _ONLY_THOUGHTS.format(what), output=output)
        return None

    def body_start(self) -> bytes:
        """The start of a body that is no answer."""
        return self._redactor.raw(bytes(self._held[: 2 * ERROR_BODY_BYTES]))[:ERROR_BODY_BYTES]

    # Bytes to events.

    def _decide(self, *, ended: bool) -> None:
        self._kind = sniff_body(bytes(self._held[:1024]), self._content_type, ended=ended)
        if self._kind is BodyKind.SSE:
            held = bytes(self._held)
            self._held.clear()
            self._feed_frames(self._decoder.feed(held))

    def _feed_frames(self, frames: Sequence[Frame]) -> None:
        self._frames, self._is_clean = frames, None
        try:
            for frame in frames:
                event = decode_frame(frame)
                if type(event) is Event:
                    self._feed_event(event, frame)
                    if self.finished:
                        return
                elif event is FrameKind.DONE:
                    self._over()
                    return
                elif isinstance(event, MendedEvent):
                    self._feed_mended(event)
                    if self.finished:
                        return
                elif event is FrameKind.MALFORMED:
                    self._damaged_frames += 1
                    if _PIECE_OF_JSON.search(frame.data):
                        self._accumulator.lose_frame()
        finally:
            self._frames, self._is_clean = (), None

    def _feed_mended(self, event: Event) -> None:
        self._accumulator.garbled = True
        self._feed_event(event)
        self._accumulator.garbled = False

    def _feed_body(self, body: bytes) -> None:
        try:
            data, self._accumulator.garbled = decode_body(body)
        except ValueError:
            raise ResponseBodyError("The backend sent JSON that is damaged or cut.") from None
        if not isinstance(data, dict):
            raise ResponseBodyError("The backend sent JSON that is no response.")
        self._feed_json(data)

    def _feed_json(self, data: dict[str, Any]) -> None:
        response = data.get("response")
        if isinstance(response, dict) and looks_like_response(response):
            data = response  # an event as a body: the response is in it
        if looks_like_response(data):
            for event in events_from_response(data):
                self._feed_event(event)
        elif data.get("error") or data.get("detail") or data.get("message"):
            self._feed_event(Event("error", {**data, "type": "error"}))
        else:
            raise ResponseBodyError("The backend sent JSON that is no response.")

    def _strange_body(self) -> str:
        if self._kind is BodyKind.HTML:
            return "The backend sent a web page."
        if self._kind is BodyKind.COMPRESSED:
            return "The backend sent compressed data without saying so."
        # The secrets go first: the cut may go through one.
        start = self.body_start().decode("utf-8", "replace")[:_PLAIN_TEXT]
        return f"The backend sent plain text: {start}"

    # Events to deltas.

    def _over(self) -> None:
        """Nothing more comes: where no event said so, adapters hand out what they hold back.

        Where the caller was given no text so far, it becomes part of the answer only: what nobody has read
        can still be asked for again.
        """
        if self._accumulator.terminal is None and self._dispatch.route(ENDED):
            if not any(item.text or item.refusal for item in self.answer().items):
                self._on_delta = None
            for told in self._dispatch.normalize(Event(ENDED, {"type": ENDED})):
                if told.type != ENDED:
                    self._feed_told(told)
        self.finished = True

    def _feed_event(self, event: Event, frame: Frame | None = None) -> None:
        """Takes an event, and the frame that it was decoded from, where it comes as one."""
        route = self._dispatch.routes.get(event.type)
        if route is None:
            route = self._dispatch.route(event.type)
        # What a backend calls by the name of Hermes' own event is an unknown event.
        if route and event.type != ENDED:
            self._feed_normalized(event, frame)
        else:
            self._feed_told(event)

    def _feed_normalized(self, event: Event, frame: Frame | None) -> None:
        shown = event if self._is_clean else self._shown(event, frame)
        events = self._dispatch.normalize(shown)
        if len(events) == 1:
            told = events[0]
            if told is not event and told.data.get("sequence_number") != event.data.get("sequence_number"):
                self._accumulator.pass_over(event)
            self._feed_told(told)
            return
        self._accumulator.pass_over(event)
        for told in events:
            self._feed_told(told)

    def _shown(self, event: Event, frame: Frame | None) -> Event:
        """The event as adapters see it: a backend may echo a secret anywhere, and none is shown to them."""
        if frame is not None:
            if self._is_clean is None:
                self._is_clean = not self._may_hold_secrets(self._frames)
            if self._is_clean or not self._may_hold_secrets([frame]):
                return event
        return self._redactor.event(event)

    def _may_hold_secrets(self, frames: Sequence[Frame]) -> bool:
        """Searches all frames at once, which takes less time than one after the other."""
        first, *others = frames
        searched = [b"\n".join({frame.event for frame in frames}), first.data]
        if others:  # the first one may have come in many pieces and be long, so it is not copied
            searched.append(b"\n".join([frame.data for frame in others]))
        return any(map(self._redactor.may_be_in, searched))

    def _feed_told(self, event: Event) -> None:
        """Takes an event as it is, or as adapters tell it; what is out of order they may repair."""
        self.events += 1
        try:
            deltas = self._accumulator.feed(event)
        except StreamOrderError as error:
            self._repair(event, error)
            return
        if deltas:
            self._hand_out(deltas)
        if self._accumulator.terminal is not None:
            self.finished = True

    def _hand_out(self, deltas: Iterable[Delta]) -> None:
        if self._on_delta is not None:
            for delta in deltas:
                self._on_delta(delta)

    def _repair(self, event: Event, error: StreamOrderError) -> None:
        """Lets adapters repair the stream around an event, each repair one violation further."""
        pending = [self._redactor.event(event)]
        for _ in range(_MAX_REPAIRS):
            repaired = self._dispatch.repair(error.violation, pending[0])
            if repaired is None:
                raise error
            self._accumulator.pass_over(pending[0])
            pending[:1] = repaired
            while pending:
                try:
                    deltas = self._accumulator.feed(pending[0])
                except StreamOrderError as next_error:
                    error = next_error
                    break
                self._hand_out(deltas)
                pending.pop(0)
            else:
                self.finished = self._accumulator.terminal is not None
                return
        raise error


def _is_billed_and_empty(answer: Answer) -> bool:
    """A completed answer without content, unless the backend says that it was billed nothing for it."""
    if any(
        item.type not in ("", "message") or item.text or item.refusal or item.commentary
        for item in answer.items
    ):
        return False
    return answer.usage is None or answer.usage.output_tokens != 0
