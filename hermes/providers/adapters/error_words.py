"""The codes and words of errors, and what each means: data, looked up by ``verdicts``.

The documented codes: https://platform.openai.com/docs/guides/error-codes. Of the others, gateways and
backends with a vocabulary of their own, the sources stand beside them.
"""

from __future__ import annotations

import re
from typing import Final

from hermes.providers.contract import VerdictKind

__all__ = [
    "ACCOUNT_OF_A_POOL",
    "CATCH_ALL_CODES",
    "DECISIVE_WORDS",
    "LOGIN_OF_A_POOL",
    "NOT_PAIRED_WORDS",
    "NO_WORDS",
    "SCHEMA_WORDS",
    "STREAM_REQUIRED_WORDS",
    "WORDS",
    "folded",
    "kind_of_code",
]

_CODES: Final = {
    VerdictKind.QUOTA: """
        usage_limit_reached insufficient_quota quota_exceeded quota_exhausted billing_hard_limit_reached
        billing_not_active usage_not_included payment_required insufficient_balance insufficient_credits
        insufficient_user_quota pre_consume_token_quota_failed no_additional_quota_eligible_accounts arrearage
        credits_error
        """,
    VerdictKind.RATE_LIMITED: """
        rate_limit_exceeded rate_limit_error rate_limited too_many_requests resource_exhausted
        throttling throttling_exception throttling.allocation_quota throttling.rate_quota
        throttling.burst_rate
        """,
    VerdictKind.OVERLOADED: """
        server_is_overloaded overloaded_error overloaded slow_down service_unavailable_error
        service_unavailable engine_overloaded engine_overloaded_error model_overloaded unavailable
        proxy_overloaded no_accounts additional_quota_data_unavailable
        """,
    VerdictKind.AUTH: """
        invalid_api_key missing_api_key api_key_invalid invalid_authentication authentication_error
        token_invalidated token_expired token_revoked refresh_token_expired refresh_token_reused
        refresh_token_invalidated permission_error permission_denied unauthorized unauthenticated
        account_deactivated ip_forbidden
        """,
    VerdictKind.MODEL_UNAVAILABLE: """
        model_not_found model_not_allowed model_not_supported model_not_available model_unavailable
        unsupported_model unknown_model invalid_model model_deprecated model_decommissioned
        deployment_not_found no_plan_support_for_model unsupported_api_for_model
        """,
    VerdictKind.REPLAY_INVALID: """
        invalid_encrypted_content previous_response_not_found bridge_previous_response_not_found
        codex_previous_response_stale missing_following_item item_not_found
        """,
    VerdictKind.CONTENT_FILTER: """
        content_filter content_policy_violation cyber_policy responsible_ai_policy_violation
        data_inspection_failed sensitive_words_detected
        """,
    VerdictKind.BAD_REQUEST: """
        context_length_exceeded context_window_exceeded unsupported_parameter unsupported_value
        unknown_parameter missing_required_parameter invalid_value invalid_type invalid_prompt
        invalid_json_schema invalid_function_parameters string_too_long string_above_max_length
        array_above_max_length payload_too_large request_too_large invalid_argument extra_forbidden
        bad_request_error validation_error upstream_rejected_input unsupported_input_image_format
        reasoning_effort_not_allowed
        """,
    VerdictKind.TRUNCATED: "stream_incomplete upstream_stream_truncated stream_idle_timeout",
    VerdictKind.CANCELLED: "cancelled canceled",
    VerdictKind.PROTOCOL: "unfinished_response",
}

CATCH_ALL_CODES: Final = frozenset({"invalidrequesterror", "badrequest", "invalidrequest"})
"""Folded codes that say no more than "bad request": the words beside them may say more."""


def folded(code: str) -> str:
    """A code as codes are compared: ``Throttling.RateQuota`` is ``throttling.rate_quota``."""
    return "".join(filter(str.isalnum, code.lower()))


_KIND_OF_CODE: Final = {folded(code): kind for kind, codes in _CODES.items() for code in codes.split()}


def kind_of_code(code: str) -> VerdictKind | None:
    """What a code or type means; None where it is unknown or says next to nothing."""
    return _KIND_OF_CODE.get(folded(code))


def _compiled(*rows: tuple[VerdictKind, str]) -> tuple[tuple[VerdictKind, re.Pattern[str]], ...]:
    return tuple(
        (kind, re.compile(pattern, re.IGNORECASE | re.DOTALL | re.VERBOSE)) for kind, pattern in rows
    )


NO_WORDS: Final = frozenset({"none", "null", "undefined"})
"""What some gateways send where they have nothing to say."""

NOT_PAIRED_WORDS: Final = re.compile(
    r"""
    # https://github.com/router-for-me/CLIProxyAPI/issues/2368
    no\ tool\ (?:call|output)\ found | duplicate\ function_call_output | without\ a\ call_id
    | \btool_use\b.{0,80}?\b(?:must|without|single)\b
    | \btool_results?\b.{0,80}?\b(?:must|without|single|corresponding|unexpected)\b
    | \btool_calls?\b.{0,60}?must\ be\ followed | \btool_call_ids?\ did\ not\ have
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
"""Calls of tools and their outputs do not match."""

SCHEMA_WORDS: Final = re.compile(r"\binvalid schema for|\bin context=", re.IGNORECASE)
"""A JSON schema is refused: what the words quote is the schema's."""

STREAM_REQUIRED_WORDS: Final = re.compile(
    r"stream must be set to true|only support(?:s|ed)? stream|stream(?:ing)? is required", re.IGNORECASE
)

DECISIVE_WORDS: Final = _compiled(
    (
        # A bot check that a gateway met on its way, told in a message.
        VerdictKind.NETWORK_GATEWAY,
        r"cdn-cgi/challenge | enable\ javascript\ and\ cookies | attention\ required!\ \|\ cloudflare",
    ),
    (
        VerdictKind.REPLAY_INVALID,
        r"""
        # https://github.com/github/copilot-cli/issues/2147: told as a 401
        item\ id\ does\ not\ belong\ to
        # https://github.com/Wei-Shaw/sub2api/issues/2863
        | \A(?>.*?\bencrypted[\ _]content\b).*?\b(?:could\ not\ be | was\ not\ issued | cannot\ be | can't\ be
            | did\ not\ match | invalid | not\ valid)
        | invalid\W{1,3}encrypted[\ _]content
        | \bitem\ with\ id\ .{0,600}?not\ found | items\ are\ not\ persisted
        # https://github.com/Soju06/codex-lb/issues/221
        | previous[\ _]response\b.{0,600}?\bnot\ found
        | previous_response_id\W.{0,80}?(?:not\ found | unknown | invalid | expired | stale | unsupported
            | not\ supported)
        | (?:invalid | unsupported | unknown | expired | stale)\b.{0,40}?\bprevious_response_id
        # https://github.com/OpenHands/software-agent-sdk/pull/2178
        | without\ its\ required\b.{0,40}?\bitem
        # Item ids of another backend: too long, or of another form.
        | invalid\ .input\[\d+\]\.id\b
        | input\[?\d*\]?\W{0,3}id\W.{0,40}?(?:too\ long | at\ most\ 64)
        | \bid\b.{0,60}?(?:must\ (?:start|begin)\ with | begins\ with | expected\ an\ id)
        | expected\ an\ id\ that
        | invalid\W{1,3}signature\W{1,3}in\W{1,3}thinking
        """,
    ),
    (VerdictKind.QUOTA, r"spending.limit"),
    (
        VerdictKind.CONTENT_FILTER,
        r"""
        content\ management\ policy | content\ filter | flagged\ (?:as|by|for)\b
        | violat\w+\ .{0,40}?(?:usage|content|safety)\ polic | (?:usage|content)\ policy\ violation
        """,
    ),
)
"""Words that say more than any code or status: the first match counts."""

WORDS: Final = _compiled(
    (
        VerdictKind.QUOTA,
        r"""
        usage\ limit | exceeded\ your\ current\ quota | quota\ (?:is\ |has\ been\ )?(?:exceeded|exhausted)
        | insufficient\ (?:account\ )?(?:balance|funds|quota|credits?) | credit\ balance\ is\ too\ low
        | (?:out\ of|not\ enough|no\ more|requires\ more)\ credits | payment\ required
        | 余额不足 | 额度不足 | 额度已用 | 欠费
        """,
    ),
    (
        VerdictKind.RATE_LIMITED,
        r"rate.?limit | too\ many\ requests | throttl | requests?\ per\ (?:min|sec|hour|day) | 请求过于频繁",
    ),
    (
        VerdictKind.OVERLOADED,
        r"""
        overloaded | at\ capacity | over\ capacity | no\ capacity | temporarily\ unavailable
        | no\ available\ (?:account|channel(?!.{0,20}model)) | (?:server|system|service)\ is\ (?:too\ )?busy
        | high\ demand | 负载.{0,4}饱和
        """,
    ),
    (
        VerdictKind.TRUNCATED,
        # https://github.com/Soju06/codex-lb/issues/48
        r"""
        peer\ closed\ connection | incomplete\ chunked\ read | transferencodingerror
        | not\ enough\ data\ to\ satisfy | error\ decoding\ response\ body | premature\ (?:close|end)
        | \bstream\ (?:was\ )?(?:closed|disconnected|ended)\ before\b
        | websocket\ (?:was\ )?closed\ before\b
        """,
    ),
    (
        VerdictKind.BAD_REQUEST,
        r"""
        (?:unsupported | unknown | unrecogni[sz]ed | missing\ required | invalid)[\ _]
            (?:parameter | value | request\ argument)
        | does\ not\ support\ (?:the\ )?parameter | unexpected\ keyword\ argument
        | unknown\ (?:variant|field)\b | extra\ inputs\ are\ not\ permitted | validation\ errors?\ for
        | \d\ validation\ errors? | must\ be\ verified\ to\ (?:generate|stream)
        """,
    ),
    (
        VerdictKind.MODEL_UNAVAILABLE,
        r"""
        \bmodel\b.{0,80}?(?:not\ supported | does\ not\ exist | not\ found | no\ access | is\ not\ accessible
            | not\ available\ (?:for|in|on|to|with)\b
            | (?:is|was|has\ been)\ (?:deprecated|retired|decommissioned|shut\ down))
        | (?:unknown | unsupported | not\ a\ valid)\ model\b | invalid\ model\b
        | no\ available\ channel.{0,20}model | (?:not|n't)\ have\ access\ to\ (?:the\ |this\ )?model
        | must\ be\ verified\ to\ use\ the\ model
        """,
    ),
    (
        VerdictKind.AUTH,
        r"""
        (?:incorrect | invalid | missing | wrong | no | expired)\ api[\ _-]?key\b
        | api[\ _-]?key\ (?:is\ )?(?:not\ valid | invalid | missing | required | expired)
        | session\ has\ (?:ended|expired) | (?:invalid | expired | missing)\ (?:bearer\ |access\ )?token\b
        | 无效的令牌 | 令牌已过期
        """,
    ),
    (
        VerdictKind.BAD_REQUEST,
        rf"""
        {NOT_PAIRED_WORDS.pattern}
        | invalid[\ _]request | (?:context|prompt)[\ _](?:length|window) | (?:maximum|max)\ context
        | (?:input|prompt|request|string)\ is\ too\ (?:long|large) | string\ too\ long
        | invalid\ schema | invalid\ type\ for | invalid\ arguments\ passed | duplicate\ tool
        | input\ must\ be\ a\ list | (?:system|developer)\ messages\ are\ not | instructions\ are\ required
        | store\ must\ be
        """,
    ),
)
"""Words that say more than the HTTP status, where the code says nothing: the first match counts."""

LOGIN_OF_A_POOL: Final = re.compile(
    r"session has (?:ended|expired)|(?:log|sign(?:ing)?) in again"
    r"|^(?:refresh_)?token_(?:invalidated|expired|revoked|reused)\b",
    re.IGNORECASE,
)
"""A login that Hermes does not hold: an account of the pool behind a gateway, which has others.

https://github.com/Soju06/codex-lb/issues/480
"""
ACCOUNT_OF_A_POOL: Final = re.compile(
    r"when using codex|with (?:a|your) chatgpt account"
    r"|not (?:supported|available|enabled) (?:for|on|with) (?:this|your) (?:account|plan|subscription)",
    re.IGNORECASE,
)
"""A model that one account does not offer, and the next one of the pool may."""
