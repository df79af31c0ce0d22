"""From a failure to its meaning: code before type, type before words, words before the HTTP status."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hermes.providers.contract import ErrorDetail, Failure, FailureKind, Verdict, VerdictKind, retry_at

__all__ = ["verdict_of"]


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What is said and done for one kind of verdict."""

    headline: str
    retryable: bool = False
    hint: str = ""


_MEANINGS: Final = {
    VerdictKind.ORDER_MISMATCH: _Meaning("The backend's stream breaks the event order"),
    VerdictKind.TRUNCATED: _Meaning("The stream ended before the answer was complete"),
    VerdictKind.STREAM_REQUIRED: _Meaning("The backend answers only streamed requests"),
    VerdictKind.TRANSPORT: _Meaning(
        "The backend cannot be reached", True, "Check that it runs and that base_url is right."
    ),
    VerdictKind.TIMEOUT: _Meaning(
        "The backend was silent for too long", True, "A longer deadline can be set for the provider."
    ),
    VerdictKind.OVERLOADED: _Meaning("The backend is overloaded", True, "Try again later."),
    VerdictKind.RATE_LIMITED: _Meaning("The backend's rate limit is reached", True, "Try again later."),
    VerdictKind.QUOTA: _Meaning(
        "The usage limit is reached", False, "Wait until it resets, or use another provider."
    ),
    VerdictKind.AUTH: _Meaning(
        "The backend refuses the credentials", False, "Check the provider's api_key or key_env."
    ),
    VerdictKind.NETWORK_GATEWAY: _Meaning(
        "A web page came instead of an answer",
        False,
        "Check base_url, and whether a proxy, a login page or a bot check stands in between.",
    ),
    VerdictKind.BAD_REQUEST: _Meaning("The backend refuses the request"),
    VerdictKind.REPLAY_INVALID: _Meaning(
        "The backend refuses a part of the conversation that it did not issue"
    ),
    VerdictKind.MODEL_UNAVAILABLE: _Meaning(
        "The backend does not offer this model", False, "Choose another one with -m."
    ),
    VerdictKind.CONTENT_FILTER: _Meaning("The backend's content filter stopped the answer"),
    VerdictKind.CANCELLED: _Meaning("The backend cancelled the answer"),
    VerdictKind.SERVER_ERROR: _Meaning("The backend failed", True),
    VerdictKind.PROTOCOL: _Meaning("The backend's answer makes no sense"),
}

_BY_CODE: Final = {
    VerdictKind.QUOTA: (
        "usage_limit_reached",
        "insufficient_quota",
        "quota_exceeded",
        "quota_exhausted",
        "billing_hard_limit_reached",
        "usage_not_included",
    ),
    VerdictKind.RATE_LIMITED: ("rate_limit_exceeded", "rate_limit_error", "too_many_requests"),
    VerdictKind.OVERLOADED: (
        "server_is_overloaded",
        "overloaded_error",
        "overloaded",
        "slow_down",
        "service_unavailable_error",
        "service_unavailable",
        "engine_overloaded",
    ),
    VerdictKind.AUTH: (
        "invalid_api_key",
        "invalid_authentication",
        "authentication_error",
        "token_invalidated",
        "token_expired",
        "permission_error",
        "unauthorized",
    ),
    VerdictKind.MODEL_UNAVAILABLE: ("model_not_found", "model_not_allowed", "model_not_supported"),
    VerdictKind.REPLAY_INVALID: ("invalid_encrypted_content", "previous_response_not_found"),
    VerdictKind.CONTENT_FILTER: ("content_filter", "content_policy_violation", "cyber_policy"),
    VerdictKind.BAD_REQUEST: (
        "context_length_exceeded",
        "unsupported_parameter",
        "unsupported_value",
        "unknown_parameter",
        "missing_required_parameter",
        "invalid_value",
        "invalid_type",
        "invalid_prompt",
        "invalid_json_schema",
        "invalid_function_parameters",
        "string_too_long",
        "payload_too_large",
        "invalid_request_error",
    ),
    VerdictKind.TRUNCATED: ("stream_incomplete", "upstream_stream_truncated"),
    VerdictKind.CANCELLED: ("cancelled", "canceled"),
    VerdictKind.PROTOCOL: ("unfinished_response",),
    VerdictKind.SERVER_ERROR: ("server_error", "internal_error", "internal_server_error", "api_error"),
}
_KIND_OF_CODE: Final = {code: kind for kind, codes in _BY_CODE.items() for code in codes}

_REFUSED_PARAMETER: Final = (
    r"(?:unsupported|unknown|unrecogni[sz]ed|missing required|context|invalid)[ _]"
    r"(?:parameter|value|request|length|window)"
)
_BY_WORDS: Final = (
    (VerdictKind.STREAM_REQUIRED, r"stream must be set to true|only support(?:s|ed)? stream"),
    (VerdictKind.QUOTA, r"usage limit|exceeded your current quota|spending.limit"),
    (VerdictKind.RATE_LIMITED, r"rate limit|too many requests"),
    (VerdictKind.OVERLOADED, r"overloaded|at capacity|temporarily unavailable"),
    (VerdictKind.MODEL_UNAVAILABLE, r"\bmodel\b.{0,80}(?:not supported|does not exist|not found|no access)"),
    (
        VerdictKind.REPLAY_INVALID,
        r"encrypted content .{0,2000}could not be|item with id .{0,80}not found|item id does not belong to",
    ),
    (VerdictKind.BAD_REQUEST, _REFUSED_PARAMETER),
)
_WORDS: Final = tuple((kind, re.compile(pattern, re.IGNORECASE | re.DOTALL)) for kind, pattern in _BY_WORDS)
_PARAMETER: Final = re.compile(
    r"(?:(?:unsupported|unknown|missing required) (?:parameter|value)"
    r"|unrecogni[sz]ed request arguments?(?: supplied)?):?\s*['\"`]?([\w.\[\]]+)",
    re.IGNORECASE,
)
# Where a web page begins inside a message; a `<` alone may be anything.
_MARKUP: Final = re.compile(
    r"<(?:!--|(?:!doctype|\?xml|html|head|title|body|meta|script|style|center|div|h1|p)\b).*",
    re.IGNORECASE | re.DOTALL,
)
_CONTROL_CHARACTERS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_NO_WORDS: Final = frozenset({"none", "null", "undefined"})
_BOM: Final = b"\xef\xbb\xbf"

_SIMPLE: Final = {
    FailureKind.CONNECT: (VerdictKind.TRANSPORT, True),
    FailureKind.CUT: (VerdictKind.TRUNCATED, True),
    FailureKind.TIMEOUT: (VerdictKind.TIMEOUT, True),
    FailureKind.ORDER: (VerdictKind.ORDER_MISMATCH, False),
    FailureKind.EARLY_END: (VerdictKind.TRUNCATED, False),
}


def verdict_of(failure: Failure) -> Verdict:
    """The verdict on any failure, from what is known of every backend."""
    simple = _SIMPLE.get(failure.kind)
    if simple is not None:
        kind, retryable = simple
        # The whole call's time is used up: there is none left for another try.
        retryable = retryable and failure.deadline != "total"
        return _verdict(kind, failure, words=failure.message, retryable=retryable)
    if failure.kind is FailureKind.EMPTY:
        return _verdict(VerdictKind.PROTOCOL, failure, words=failure.message, code="empty_answer")
    if failure.status is not None and 300 <= failure.status < 400:
        return _redirect_verdict(failure)
    if _is_markup(failure):
        return _markup_verdict(failure)
    if failure.kind is FailureKind.BODY:
        return _verdict(VerdictKind.PROTOCOL, failure, words=failure.message)
    detail = failure.detail
    code, family = _code_word(detail.code), _code_word(detail.type)
    kind = _kind(code, family, detail, failure)
    return _verdict(
        kind,
        failure,
        words=detail.message or failure.message,
        code=code or family,
        retryable=_MEANINGS[kind].retryable or kind is VerdictKind.TRUNCATED,
    )


def _kind(code: str, family: str, detail: ErrorDetail, failure: Failure) -> VerdictKind:
    # The one refusal whose code says less than its words.
    if _WORDS[0][1].search(detail.message):
        return VerdictKind.STREAM_REQUIRED
    specific = [word.lower() for word in (code, family) if word]
    for word in specific:
        kind = _KIND_OF_CODE.get(word)
        if kind is not None and kind is not VerdictKind.SERVER_ERROR and word != "invalid_request_error":
            return kind
    words = f"{code} {detail.message}"  # some codes are sentences: `personal-team-blocked:spending-limit`
    for kind, pattern in _WORDS:
        if pattern.search(words):
            return kind
    if "invalid_request_error" in specific:
        return VerdictKind.BAD_REQUEST
    if _says_cancelled(failure):
        return VerdictKind.CANCELLED
    status = detail.status or failure.status
    return _kind_of_status(status) if status is not None and status >= 300 else VerdictKind.SERVER_ERROR


def _code_word(word: str) -> str:
    """A code or type that says something: some gateways send the word `None`, or the HTTP status again."""
    return "" if word.lower() in _NO_WORDS or word.isdecimal() else word


def _says_cancelled(failure: Failure) -> bool:
    if failure.event is None:
        return False
    response = failure.event.data.get("response")
    status = response.get("status") if isinstance(response, Mapping) else None
    return status in ("cancelled", "canceled") or failure.event.type == "response.cancelled"


def _kind_of_status(status: int) -> VerdictKind:
    if status in (401, 403):
        return VerdictKind.AUTH
    if status == 402:
        return VerdictKind.QUOTA
    if status == 408:
        return VerdictKind.TIMEOUT
    if status == 429:
        return VerdictKind.RATE_LIMITED
    if status in (503, 529):
        return VerdictKind.OVERLOADED
    if status >= 500:
        return VerdictKind.SERVER_ERROR
    return VerdictKind.NETWORK_GATEWAY if status < 400 else VerdictKind.BAD_REQUEST


def _redirect_verdict(failure: Failure) -> Verdict:
    """Its body is a page for browsers; where it leads is told without a query, which may hold a secret."""
    words = failure.headers.get("location", "").partition("?")[0]
    headline = "The backend redirects to another address"
    return _verdict(VerdictKind.NETWORK_GATEWAY, failure, words=words, headline=headline)


def _is_markup(failure: Failure) -> bool:
    return failure.event is None and failure.body.removeprefix(_BOM).lstrip()[:1] == b"<"


def _markup_verdict(failure: Failure) -> Verdict:
    """A web page: its own words are for browsers, so only its title and the gateway's name are told."""
    title = re.search(rb"<title[^>]*>([^<]{1,120})", failure.body, re.IGNORECASE)
    words = title[1].decode("utf-8", "replace").strip() if title else ""
    ray = failure.headers.get("cf-ray", "")
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
    headline: str = "",
) -> Verdict:
    meaning = _MEANINGS[kind]
    return Verdict(
        kind=kind,
        retryable=meaning.retryable if retryable is None else retryable,
        retry_at=retry_at(failure),
        message=_sentence(headline or meaning.headline, words, code, failure),
        hint=_hint(kind, meaning, failure),
        code=code,
        status=failure.status,
        request_id=failure.request_id,
        param=_parameter(failure.detail),
    )


def _parameter(detail: ErrorDetail) -> str:
    if detail.param and detail.param.lower() not in _NO_WORDS:
        return detail.param
    told = _PARAMETER.search(detail.message)
    return told[1].rstrip(".") if told else ""


def _hint(kind: VerdictKind, meaning: _Meaning, failure: Failure) -> str:
    if kind is VerdictKind.NETWORK_GATEWAY and failure.status is not None and 300 <= failure.status < 400:
        return "Set base_url to that address."
    if kind is VerdictKind.BAD_REQUEST and failure.status in (404, 405):
        return "There is no Responses API at this address: check base_url, which mostly ends in /v1."
    return meaning.hint


def _sentence(headline: str, words: str, code: str, failure: Failure) -> str:
    facts = [_shown(code, 80)] if code else []
    if failure.status is not None and failure.status != 200:
        facts.append(f"HTTP {failure.status}")
    words = "" if words.lower() in _NO_WORDS else _shown(words, 300)
    sentence = f"{headline}: {words}" if words else headline
    if facts:
        return f"{sentence.rstrip('.')} ({', '.join(facts)})."
    return sentence if sentence.endswith((".", "!", "?", "…")) else sentence + "."


def _shown(text: str, longest: int) -> str:
    """Other people's words in one line, without markup and without control characters for the terminal."""
    text = " ".join(_CONTROL_CHARACTERS.sub(" ", _MARKUP.sub("", text)).split()).rstrip(":( ")
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
