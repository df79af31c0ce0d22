"""What the user reads of a failure: one sentence, and what to do next."""

from __future__ import annotations

import re
from typing import Final

from hermes.providers.adapters.error_words import NO_WORDS, NOT_PAIRED_WORDS
from hermes.providers.contract import NO_ANSWER_TEXT, REASONING_ONLY_FINAL, Failure, VerdictKind

__all__ = ["headline_of", "hint_of", "one_line", "sentence"]

_LONGEST_WORDS: Final = 300
_LONGEST_WORD: Final = 80

_HEADLINES: Final = {
    VerdictKind.ORDER_MISMATCH: "The backend's stream breaks the event order",
    VerdictKind.TRUNCATED: "The stream ended before the answer was complete",
    VerdictKind.STREAM_REQUIRED: "The backend answers only streamed requests",
    VerdictKind.TRANSPORT: "The backend cannot be reached",
    VerdictKind.TIMEOUT: "The backend was silent for too long",
    VerdictKind.OVERLOADED: "The backend is overloaded",
    VerdictKind.RATE_LIMITED: "The backend's rate limit is reached",
    VerdictKind.QUOTA: "The usage limit is reached",
    VerdictKind.AUTH: "The backend refuses the credentials",
    VerdictKind.NETWORK_GATEWAY: "A web page came instead of an answer",
    VerdictKind.BAD_REQUEST: "The backend refuses the request",
    VerdictKind.REPLAY_INVALID: "The backend does not take a part of the conversation",
    VerdictKind.MODEL_UNAVAILABLE: "The backend does not offer this model",
    VerdictKind.CONTENT_FILTER: "The backend's content filter stopped the answer",
    VerdictKind.CANCELLED: "The backend cancelled the answer",
    VerdictKind.SERVER_ERROR: "The backend failed",
    VerdictKind.PROTOCOL: "The backend's answer makes no sense",
}
_HINTS: Final = {
    VerdictKind.TRUNCATED: "Ask again; it is the connection or the backend that broke off.",
    VerdictKind.BAD_REQUEST: "Change what it refuses, or ask another model or provider (-m, --provider).",
    VerdictKind.CANCELLED: "Ask again.",
    VerdictKind.PROTOCOL: "Ask again, or check that base_url leads to a Responses API.",
    VerdictKind.TRANSPORT: "Check that it runs and that base_url is right.",
    VerdictKind.TIMEOUT: "A longer deadline can be set for the provider.",
    VerdictKind.OVERLOADED: "Try again later.",
    VerdictKind.RATE_LIMITED: "Try again later.",
    VerdictKind.QUOTA: "Wait until it resets, or use another provider.",
    VerdictKind.AUTH: "Check the provider's api_key or key_env.",
    VerdictKind.NETWORK_GATEWAY: (
        "Check base_url, and whether a proxy, a login page or a bot check stands in between."
    ),
    VerdictKind.REPLAY_INVALID: "A new conversation holds nothing that the backend does not know.",
    VerdictKind.MODEL_UNAVAILABLE: "Choose another one with -m.",
    VerdictKind.CONTENT_FILTER: "Another wording or another model may pass.",
    VerdictKind.SERVER_ERROR: "Try again later.",
}
_HINTS_OF_CAUSES: Final = {
    "certificate": "Set SSL_CERT_FILE to the certificate of its authority.",
    "certificate_name": "Ask for the host by a name that its certificate holds.",
    "certificate_date": "Whoever runs that host has to renew it; look at the clock of this machine, too.",
    "no_tls": "Write http:// instead of https:// in base_url.",
    "tls": "If it speaks TLS, write https:// instead of http:// in base_url.",
    "closed": "Ask again later; check that base_url is right, with http:// or https:// before it.",
    "proxy": "Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY; the hosts in NO_PROXY are asked directly.",
    "proxy_login": (
        "Check user and password in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY; "
        "the hosts in NO_PROXY are asked directly."
    ),
}
# Said of the path that was asked, and so not of a model.
_NO_ROUTE: Final = re.compile(
    r"invalid url|\b(?:route|path|endpoint|page)\b.{0,80}\bnot (?:found|exist)"
    r"|\b(?:no|unknown|unsupported) (?:such )?(?:route|path|endpoint|url)\b|cannot post",
    re.IGNORECASE,
)
_TOO_LONG: Final = re.compile(
    r"context_(?:length|window)_exceeded|(?:maximum|max|exceeds?|over) (?:the )?(?:model's )?context"
    r"|context (?:length|window)|prompt is too long",
    re.IGNORECASE,
)
_BILLING: Final = re.compile(
    r"billing|insufficient_quota|spending|credits?\b|payment|balance|current quota", re.IGNORECASE
)
_LOGIN: Final = "If it stays so, log that account in again where the backend keeps it."

# Where a web page begins inside a message; a `<` alone may be anything.
_MARKUP: Final = re.compile(
    r"<(?:!--|![a-z]|/?(?:\?xml|html|head|title|body|meta|script|style|center|div|h1|p)\b).*",
    re.IGNORECASE | re.DOTALL,
)
# A sentence may have these in it; their words are kept.
_TAG: Final = re.compile(
    r"</?(?:a|b|br|code|em|h[2-6]|hr|i|img|li|ol|pre|span|strong|table|td|th|tr|u|ul)(?:\s[^<>]{0,500})?/?>",
    re.IGNORECASE,
)
# JSON and Python's way to print it are for machines.
_JSON: Final = re.compile(r"""(?:\[\s{0,9})?\{\s{0,9}\\{0,3}["'].*""", re.DOTALL)
# Those of the terminal, and those that turn or hide text around them.
_CONTROL_CHARACTERS: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+"
)


def headline_of(kind: VerdictKind, plan: str = "") -> str:
    """What happened, without the backend's words.

    Args:
        kind: the meaning.
        plan: the plan of the account, where a quota is spent and the backend names it.
    """
    plan = one_line(plan, _LONGEST_WORD)
    if kind is VerdictKind.QUOTA and plan:
        return f"The usage limit of the {plan} plan is reached"
    return _HEADLINES[kind]


def hint_of(kind: VerdictKind, failure: Failure, code: str, *, param: str, other_login: bool) -> str:
    """What the user can do next; empty where nobody knows.

    Args:
        kind: the meaning.
        failure: what happened.
        code: the backend's code.
        param: the parameter that is to blame.
        other_login: the refused credentials are not the user's but those of an account behind the backend.
    """
    if failure.cause in _HINTS_OF_CAUSES:
        return _HINTS_OF_CAUSES[failure.cause]
    status = failure.status
    if kind is VerdictKind.NETWORK_GATEWAY and status is not None and 300 <= status < 400:
        return "Set base_url to that address."
    if kind in (VerdictKind.NETWORK_GATEWAY, VerdictKind.BAD_REQUEST) and status in (404, 405) and not param:
        where = one_line(failure.url, _LONGEST_WORDS) or "this address"
        if status == 404 and _may_be_about_model(failure):
            return (
                f"Either there is no Responses API at {where}: check base_url, which mostly ends in /v1; "
                "or the backend does not know the model: choose another one with -m."
            )
        return f"There is no Responses API at {where}: check base_url, which mostly ends in /v1."
    if kind is VerdictKind.BAD_REQUEST:
        return _hint_of_refusal(f"{code} {failure.detail.message[:1000]}", status)
    if code in (NO_ANSWER_TEXT, REASONING_ONLY_FINAL):
        return "Allow more output tokens, lower the reasoning effort, or choose another model with -m."
    if kind is VerdictKind.REPLAY_INVALID and param == "previous_response_id":
        return "Send the whole conversation instead of `previous_response_id`."
    if kind is VerdictKind.AUTH and other_login:
        return _LOGIN
    if kind is VerdictKind.QUOTA and _BILLING.search(f"{code} {failure.detail.message[:1000]}"):
        return "Look at the plan and the billing of the account, or use another provider."
    return _HINTS.get(kind, "")


def _may_be_about_model(failure: Failure) -> bool:
    """Whether a 404 may be the answer of an API: it is told in JSON, and not of a path."""
    is_json = failure.body.lstrip()[:1] in (b"{", b"[")
    return is_json and not _NO_ROUTE.search(failure.detail.message[:1000])


def _hint_of_refusal(words: str, status: int | None) -> str:
    if _TOO_LONG.search(words):
        return "Shorten the prompt, or start a new conversation."
    if status == 413 or "too_large" in words:
        return "Shorten the prompt, or leave out images and long tool outputs."
    if NOT_PAIRED_WORDS.search(words):
        return "A tool call of this conversation lacks its output, or has two: start a new one."
    return _HINTS[VerdictKind.BAD_REQUEST]


def sentence(headline: str, words: str, code: str, *, status: int | None, request_id: str) -> str:
    """One line that says what happened, in whose words, and under which code, HTTP status and request id."""
    facts = [
        one_line(code, _LONGEST_WORD),
        f"HTTP {status}" if status is not None and status != 200 else "",
        f"request {request_id}" if request_id else "",
    ]
    facts = list(filter(None, facts))
    words = "" if words.lower() in NO_WORDS else one_line(words, _LONGEST_WORDS)
    told = f"{headline}: {words}" if words else headline
    if facts:
        return f"{told.rstrip('.')} ({', '.join(facts)})."
    return told if told.endswith((".", "!", "?", "…")) else told + "."


def one_line(text: str, longest: int) -> str:
    """Other people's words in one line, without markup, JSON, and what could confuse a terminal.

    Args:
        text: the words.
        longest: characters at most.
    """
    text = text[: 100 * longest]
    text = _TAG.sub(" ", _JSON.sub("", _MARKUP.sub("", text)))
    text = " ".join(_CONTROL_CHARACTERS.sub(" ", text).split()).rstrip(":( ")
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
