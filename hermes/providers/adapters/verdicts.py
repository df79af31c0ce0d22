"""From a failure to its meaning.

Decisive words count before the code, the code before the type, the type before other words, and words before
the HTTP status: gateways keep the words of an error and lose its status. An error has the same meaning
whether it comes as an HTTP status or within a stream that began with HTTP 200.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from hermes.providers.adapters.error_words import (
    ACCOUNT_OF_A_POOL,
    CATCH_ALL_CODES,
    DECISIVE_WORDS,
    LOGIN_OF_A_POOL,
    NO_WORDS,
    STREAM_REQUIRED_WORDS,
    WORDS,
    folded,
    kind_of_code,
)
from hermes.providers.adapters.refused_parameter import (
    PATH_OF_ITEM_ID,
    parameter_in_words,
    refused_parameter,
)
from hermes.providers.adapters.sentences import headline_of, hint_of, one_line, sentence
from hermes.providers.contract import (
    EMPTY_ANSWER,
    NO_ANSWER_TEXT,
    ErrorDetail,
    Failure,
    FailureKind,
    Verdict,
    VerdictKind,
    retry_at,
)

__all__ = ["verdict_of"]

_MAY_PASS: Final = frozenset(
    {
        VerdictKind.TRANSPORT,
        VerdictKind.TIMEOUT,
        VerdictKind.OVERLOADED,
        VerdictKind.RATE_LIMITED,
        VerdictKind.TRUNCATED,
        VerdictKind.SERVER_ERROR,
    }
)
_ABOUT_THE_REQUEST: Final = (
    VerdictKind.BAD_REQUEST,
    VerdictKind.REPLAY_INVALID,
    VerdictKind.STREAM_REQUIRED,
)
_SIMPLE: Final = {
    FailureKind.CONNECT: (VerdictKind.TRANSPORT, True),
    FailureKind.CUT: (VerdictKind.TRUNCATED, True),
    FailureKind.TIMEOUT: (VerdictKind.TIMEOUT, True),
    FailureKind.ORDER: (VerdictKind.ORDER_MISMATCH, False),
    FailureKind.EARLY_END: (VerdictKind.TRUNCATED, False),
}
# Only what may pass is worth another try.
_CAUSES: Final = {
    "certificate": (VerdictKind.TRANSPORT, False),
    "certificate_name": (VerdictKind.TRANSPORT, False),
    "certificate_date": (VerdictKind.TRANSPORT, False),
    "no_tls": (VerdictKind.TRANSPORT, False),
    "tls": (VerdictKind.TRANSPORT, False),
    "closed": (VerdictKind.TRANSPORT, True),
    "proxy": (VerdictKind.TRANSPORT, True),
    "proxy_login": (VerdictKind.NETWORK_GATEWAY, False),
}
_HOLLOW: Final = {FailureKind.EMPTY: EMPTY_ANSWER, FailureKind.NO_ANSWER: NO_ANSWER_TEXT}
_BY_STATUS: Final = {
    401: VerdictKind.AUTH,
    402: VerdictKind.QUOTA,
    403: VerdictKind.AUTH,
    407: VerdictKind.NETWORK_GATEWAY,
    408: VerdictKind.TIMEOUT,
    429: VerdictKind.RATE_LIMITED,
    503: VerdictKind.OVERLOADED,
    511: VerdictKind.NETWORK_GATEWAY,
    529: VerdictKind.OVERLOADED,
}
_WORDS_BUT_OF_MODELS: Final = tuple(row for row in WORDS if row[0] is not VerdictKind.MODEL_UNAVAILABLE)
_BOM: Final = b"\xef\xbb\xbf"
_SEARCHED: Final = 4000
"""Characters at either end of a message that are searched: in between stands what the backend quotes."""
_LONGEST_ID: Final = 120
_LONGEST_HEADLINE: Final = 300
_TOO_LONG: Final = "The call takes longer than it may"


def verdict_of(failure: Failure) -> Verdict:
    """The verdict on any failure, from what is known of every backend."""
    cause = _CAUSES.get(failure.cause)
    if cause is not None:
        kind, retryable = cause
        headline = one_line(failure.message, _LONGEST_HEADLINE)
        return _verdict(kind, failure, retryable=retryable, headline=headline)
    simple = _SIMPLE.get(failure.kind)
    if simple is not None:
        kind, retryable = simple
        # The whole call's time is used up: there is none left for another try.
        retryable = retryable and failure.deadline != "total"
        headline = _TOO_LONG if failure.deadline == "total" else ""
        return _verdict(kind, failure, words=failure.message, retryable=retryable, headline=headline)
    if failure.kind in _HOLLOW:
        headline = "No answer text came" if failure.kind is FailureKind.NO_ANSWER else ""
        code = _HOLLOW[failure.kind]
        return _verdict(VerdictKind.PROTOCOL, failure, words=failure.message, code=code, headline=headline)
    if failure.status is not None and 300 <= failure.status < 400:
        return _redirect_verdict(failure)
    if _is_page(failure):
        return _page_verdict(failure)
    return _told_verdict(failure)


def _told_verdict(failure: Failure) -> Verdict:
    """The backend told an error in words and codes."""
    detail = failure.detail
    code, family = _code_word(detail.code), _code_word(detail.type)
    if failure.kind is FailureKind.BODY and not _is_json(failure.body):
        return _verdict(VerdictKind.PROTOCOL, failure, words=failure.message)
    # Some codes are sentences: `personal-team-blocked:spending-limit`.
    words = f"{code} {_ends(detail.message)}"
    kind = _kind(code, family, words, detail, failure)
    retries = None
    if (kind is VerdictKind.MODEL_UNAVAILABLE and ACCOUNT_OF_A_POOL.search(words)) or (
        kind is VerdictKind.AUTH and LOGIN_OF_A_POOL.search(words)
    ):
        retries = 1  # the next account of the pool may do
    return _verdict(
        kind,
        failure,
        words=detail.message or failure.message,
        code=code or family,
        retryable=kind in _MAY_PASS or retries is not None,
        retries=retries,
    )


def _kind(code: str, family: str, words: str, detail: ErrorDetail, failure: Failure) -> VerdictKind:
    if STREAM_REQUIRED_WORDS.search(words):
        return VerdictKind.STREAM_REQUIRED
    if detail.param == "previous_response_id" or PATH_OF_ITEM_ID.fullmatch(detail.param):
        return VerdictKind.REPLAY_INVALID
    decisive = _kind_of_words(DECISIVE_WORDS, words)
    if decisive is not None:
        return decisive
    for word in (code, family):
        kind = kind_of_code(word)
        if kind is not None:
            return kind
    # What is refused of a message, such as an image, is no matter of the model's name.
    about_model = detail.param.lower() in ("", "model", *NO_WORDS)
    kind = _kind_of_words(WORDS if about_model else _WORDS_BUT_OF_MODELS, words)
    if kind is not None:
        return kind
    if not CATCH_ALL_CODES.isdisjoint((folded(code), folded(family))):
        return VerdictKind.BAD_REQUEST
    if _says_cancelled(failure):
        return VerdictKind.CANCELLED
    status = detail.status or failure.status
    says_little = status is None or status < 300 or status >= 500
    if says_little and parameter_in_words(detail.message):
        return VerdictKind.BAD_REQUEST
    if status is not None and status >= 300:
        return _kind_of_status(status)
    return VerdictKind.PROTOCOL if failure.kind is FailureKind.BODY else VerdictKind.SERVER_ERROR


def _kind_of_words(table: tuple[tuple[VerdictKind, re.Pattern[str]], ...], words: str) -> VerdictKind | None:
    return next((kind for kind, pattern in table if pattern.search(words)), None)


def _kind_of_status(status: int) -> VerdictKind:
    known = _BY_STATUS.get(status)
    if known is not None:
        return known
    if status >= 500:
        return VerdictKind.SERVER_ERROR
    return VerdictKind.NETWORK_GATEWAY if status < 400 else VerdictKind.BAD_REQUEST


def _code_word(word: str) -> str:
    """A code or type that says something: some gateways send the word `None`, or the HTTP status again."""
    word = word[: 4 * _LONGEST_ID]
    return "" if word.lower() in NO_WORDS or word.isdecimal() else word


def _ends(message: str) -> str:
    return message if len(message) <= 2 * _SEARCHED else f"{message[:_SEARCHED]} {message[-_SEARCHED:]}"


def _is_json(body: bytes) -> bool:
    """Whether a body that is no answer may tell an error all the same, whatever its envelope."""
    return body.removeprefix(_BOM).lstrip()[:1] in (b"{", b"[")


def _says_cancelled(failure: Failure) -> bool:
    if failure.event is None:
        return False
    response = failure.event.data.get("response")
    status = response.get("status") if isinstance(response, Mapping) else None
    return status in ("cancelled", "canceled") or failure.event.type == "response.cancelled"


def _redirect_verdict(failure: Failure) -> Verdict:
    """Its body is a page for browsers; where it leads is told without what may hold a secret."""
    words = _place(failure.headers.get("location", ""))
    headline = "The backend redirects to another address"
    return _verdict(VerdictKind.NETWORK_GATEWAY, failure, words=words, headline=headline)


def _place(address: str) -> str:
    """Scheme, host, port and path of an address, without user, password, query and fragment."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return ""
    host, path = parts.netloc.rpartition("@")[2], parts.path.partition(";")[0]
    if host:
        return f"{parts.scheme}://{host}{path}" if parts.scheme else f"//{host}{path}"
    # Of another form than an address has, anything may stand anywhere.
    return path if path.startswith("/") and not parts.scheme else ""


def _is_page(failure: Failure) -> bool:
    if failure.event is not None:
        return False
    # https://developers.cloudflare.com/cloudflare-challenges/challenge-types/challenge-pages/detect-response/
    return failure.body.removeprefix(_BOM).lstrip()[:1] == b"<" or "cf-mitigated" in failure.headers


def _page_verdict(failure: Failure) -> Verdict:
    """A web page: its own words are for browsers, so only its title and the gateway's name are told."""
    title = re.search(rb"<title[^>]{0,200}>([^<]{1,120})", failure.body, re.IGNORECASE)
    words = title[1].decode("utf-8", "replace").strip() if title else ""
    ray = one_line(failure.headers.get("cf-ray", ""), _LONGEST_ID)
    if ray:
        words = f"{words} (ray {ray})" if words else f"ray {ray}"
    kind = VerdictKind.NETWORK_GATEWAY
    status = failure.status or 200
    # A challenge of a bot check may have any status, and waiting does not solve it.
    if (status == 429 or status >= 500) and "cf-mitigated" not in failure.headers:
        kind = _kind_of_status(status)
    return _verdict(kind, failure, words=words)


def _verdict(
    kind: VerdictKind,
    failure: Failure,
    *,
    words: str = "",
    code: str = "",
    retryable: bool | None = None,
    retries: int | None = None,
    headline: str = "",
) -> Verdict:
    detail = failure.detail
    code = one_line(code, _LONGEST_ID)
    request_id = one_line(failure.request_id or detail.request_id, _LONGEST_ID)
    param = refused_parameter(detail) if kind in _ABOUT_THE_REQUEST else detail.param
    param = "" if param.lower() in NO_WORDS else one_line(param, _LONGEST_ID)
    return Verdict(
        kind=kind,
        retryable=kind in _MAY_PASS if retryable is None else retryable,
        retry_at=retry_at(failure),
        message=sentence(
            headline or headline_of(kind, detail.plan),
            words,
            code,
            status=failure.status,
            request_id=request_id,
        ),
        hint=hint_of(kind, failure, code, param=param, other_login=retries is not None),
        code=code,
        status=failure.status,
        request_id=request_id,
        param=param,
        retries=retries,
    )
