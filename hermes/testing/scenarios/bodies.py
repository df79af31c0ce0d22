"""Bodies that are not what was asked for, or not what their label says."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from typing import Final

from hermes.testing.frames import compact
from hermes.testing.outcomes import RETRIED, complete, failed
from hermes.testing.replies import event_stream, http_error, json_answer, raw_answer
from hermes.testing.scenario import Refusal, Reply, Scenario
from hermes.testing.scenarios.common import (
    GOOD,
    HELLO,
    HELLO_ITEM,
    LIST_FILES_JSON,
    TOOL_RUNS,
)
from hermes.testing.wire import good_stream, response_object

__all__ = ["SCENARIOS"]

_LOGIN_PAGE: Final = (
    b"<!doctype html>\n<html><head><title>Sign in</title></head>"
    b"<body><h1>Sign in to the network</h1></body></html>\n"
)
_CHALLENGE: Final = (
    b'<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head><body>'
    b"Enable JavaScript and cookies to continue"
    b'<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script></body></html>'
)


def _json_bodies() -> list[Scenario]:
    quirk = "json-body-instead-of-sse"
    answer = compact(response_object(HELLO_ITEM))
    bodies: dict[str, tuple[str, Reply]] = {
        "response-object": ("a Response object", HELLO),
        "leading-newlines": (
            "a Response object after line breaks that kept the connection warm",
            event_stream(b"\n", b"\n\n", answer, content_type="application/json"),
        ),
        "wrong-content-type": ("a Response object labelled as a stream", event_stream(answer)),
        "no-content-type": (
            "a Response object without a label",
            event_stream(answer, content_type=None, framing="length"),
        ),
        "pretty": (
            "an indented Response object labelled as a stream",
            event_stream(answer.replace(b',"', b',\n  "')),
        ),
    }
    refused = {"message": "Input is too long.", "type": "invalid_request_error", "code": "invalid_value"}
    broken = {"message": "The server had an error.", "type": "server_error", "code": "server_error"}
    return [
        *(
            Scenario(f"{quirk}/{name}", 87, f"the stream is {what}", (reply,), (HELLO,))
            for name, (what, reply) in bodies.items()
        ),
        Scenario(
            f"{quirk}/tool-call",
            87,
            "the stream is a Response object with a function call",
            (LIST_FILES_JSON,),
            (LIST_FILES_JSON,),
            TOOL_RUNS,
        ),
        Scenario(
            f"{quirk}/error-object",
            87,
            "the stream is an error object under HTTP 200",
            (json_answer({"error": refused}),),
            (json_answer({"error": refused}),),
            failed("bad_request", says=("too long",)),
        ),
        Scenario(
            f"{quirk}/error-object-once",
            87,
            "the first stream is a server's error object under HTTP 200",
            (json_answer({"error": broken}), GOOD),
            (HELLO,),
            complete(RETRIED),
        ),
        Scenario(
            f"{quirk}/failed-response",
            87,
            "the stream is a Response object with the status failed",
            (json_answer(response_object(status="failed", error=refused, usage=None)),),
            (HELLO,),
            failed("bad_request", says=("too long",)),
        ),
    ]


def _pages() -> list[Scenario]:
    html = "text/html; charset=utf-8"
    cloudflare = (("server", "cloudflare"), ("cf-mitigated", "challenge"), ("cf-ray", "8c1f0a2b3c4d5e6f-FRA"))
    login = raw_answer(_LOGIN_PAGE, content_type=html)
    challenge = raw_answer(_CHALLENGE, content_type=html, status=403, headers=cloudflare)
    mislabelled = event_stream(b"\n", _LOGIN_PAGE)
    lost = failed("network_gateway")
    return [
        Scenario("html-200/login-page", 88, "a sign-in page under HTTP 200", (login,), (login,), lost),
        Scenario(
            "html-200/mislabelled", 88, "a sign-in page labelled as a stream", (mislabelled,), (login,), lost
        ),
        Scenario("cloudflare-challenge", 25, "a challenge page", (challenge,), (challenge,), lost),
        Scenario(
            "wrong-path-or-base",
            112,
            "a page that says 404",
            (raw_answer(b"<html>Not Found</html>", content_type=html, status=404),),
            (http_error(404, "Not Found"),),
            lost,
        ),
    ]


def _labels() -> list[Scenario]:
    labels = {
        "octet-stream": "application/octet-stream",
        "json": "application/json",
        "plain": "text/plain; charset=utf-8",
        "empty": "",
        "missing": None,
    }
    return [
        Scenario(
            f"sse-labelled-wrong/{name}",
            89,
            f"a stream with the content type {label!r}",
            (event_stream(*good_stream(), content_type=label),),
            (HELLO,),
        )
        for name, label in labels.items()
    ]


def _compressed() -> list[Scenario]:
    quirk = "response-compressed"
    stream, answer = b"".join(good_stream()), compact(response_object(HELLO_ITEM))
    # Level 0 keeps the bytes as they are between the marks of the format, so that they can be read here.
    packed: dict[str, Callable[[bytes], bytes]] = {
        "gzip": lambda body: gzip.compress(body, 0, mtime=0),
        "deflate": lambda body: zlib.compress(body, 0),
    }
    # https://datatracker.ietf.org/doc/html/rfc8878#section-3.1.1 and, for brotli, rfc7932#section-9.2
    unlabelled = {
        "gzip": packed["gzip"](stream),
        "zstd": b"\x28\xb5\x2f\xfd\x24\x00" + stream,
        "br": b"\x0b\x02\x80hello\x03",
    }
    kept = (("content-encoding", "gzip"),)
    unreadable = event_stream(stream, headers=kept)
    return [
        *(
            Scenario(
                f"{quirk}/{encoding}",
                92,
                f"the stream is compressed with {encoding}, and says so",
                (event_stream(*_in_pieces(pack(stream)), headers=(("content-encoding", encoding),)),),
                (_packed_answer(pack(answer), encoding),),
            )
            for encoding, pack in packed.items()
        ),
        *(
            Scenario(
                f"{quirk}/{encoding}-unlabelled",
                92,
                f"the stream is compressed with {encoding}, and does not say so",
                (event_stream(body),),
                (event_stream(body),),
                failed("protocol", says=("compressed",)),
            )
            for encoding, body in unlabelled.items()
        ),
        Scenario(
            f"{quirk}/label-only",
            92,
            "the stream is said to be compressed and is not",
            (unreadable,),
            (unreadable,),
            failed("protocol", says=("cannot be decompressed",)),
        ),
    ]


def _in_pieces(body: bytes, size: int = 100) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


def _packed_answer(body: bytes, encoding: str) -> Reply:
    return raw_answer(body, content_type="application/json", headers=(("content-encoding", encoding),))


def _requests() -> list[Scenario]:
    unread = json_answer({"detail": "There was an error parsing the body"}, status=400)
    return [
        Scenario(
            "request-zstd-unsupported",
            93,
            "the backend reads a request's body only where it is plain JSON",
            (GOOD,),
            (HELLO,),
            refusals=(Refusal(lambda body: "model" not in body, unread),),
        )
    ]


SCENARIOS: Final = (*_json_bodies(), *_pages(), *_labels(), *_compressed(), *_requests())
